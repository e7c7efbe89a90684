package dev.ahjo.persistence.journal;

import dev.ahjo.persistence.DataFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The journal and the snapshots of one node, in the folder {@code journal} of its data folder.
 *
 * <pre>{@code
 * try (var folder = DataFolder.open(path); var journal = EmbeddedJournal.open(folder)) {
 *   var system = ActorSystem.create(guardian, "ahjo", journal.config().withFallback(...));
 *   ... // and end the system before the journal
 * }
 * }</pre>
 */
public final class EmbeddedJournal extends JdbcJournal {
  private static final Logger LOG = LoggerFactory.getLogger(EmbeddedJournal.class);

  private final EmbeddedDatabase file;

  private EmbeddedJournal(EmbeddedDatabase file) throws SQLException {
    super(file);
    this.file = file;
  }

  /**
   * Opens the journal, and makes it on the first start.
   *
   * @throws IOException when its file can't be read or is damaged
   */
  public static EmbeddedJournal open(DataFolder data) throws IOException {
    return open(data, () -> Files.getFileStore(data.path()).getUsableSpace());
  }

  static EmbeddedJournal open(DataFolder data, EmbeddedDatabase.FreeSpace freeSpace)
      throws IOException {
    Path folder = Files.createDirectories(data.path().resolve("journal"));
    DataFolder.forceEntries(data.path());
    try {
      var journal = new EmbeddedJournal(new EmbeddedDatabase(folder, freeSpace));
      DataFolder.forceEntries(folder);
      return journal;
    } catch (SQLException failed) {
      throw new IOException(
          "The journal in " + folder + " can't be opened: " + failed.getMessage(), failed);
    }
  }

  /** Writes what waits, and closes the file. The actor system must have ended. */
  @Override
  public void close() throws IOException {
    if (!end()) {
      return;
    }
    try (Connection last = file.connect();
        var statement = last.createStatement()) {
      statement.execute("SHUTDOWN");
    } catch (SQLException failed) {
      throw new IOException(
          "The journal in " + file + " could not be closed: " + failed.getMessage(), failed);
    }
    LOG.debug("The journal in {} is closed", file);
  }
}
