package dev.ahjo.persistence.status;

import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Optional;
import java.util.function.LongSupplier;

/**
 * The read tables of one node, in a database of their own: the file {@code status} of its data
 * folder. It may be deleted while the node is down; the projection makes it again from the journal.
 *
 * <p>This is the readers' side; {@link StatusProjection} writes.
 */
public final class StatusTables extends SqlTables implements AutoCloseable {
  private final StatusFile file;
  private final TableViews views;
  private final LongSupplier journalEnd;

  private StatusTables(StatusFile file, TableViews views, LongSupplier journalEnd) {
    super(file);
    this.file = file;
    this.views = views;
    this.journalEnd = journalEnd;
  }

  /**
   * Opens the tables, empty ones if there are none, or none that this version can use.
   *
   * @param folder the node's data folder
   * @param journalEnd the offset of the journal's last record
   * @throws IOException when the file can't be read or written, or another process has it open
   */
  public static StatusTables open(Path folder, LongSupplier journalEnd) throws IOException {
    var file = new StatusFile(folder);
    try {
      Connection database = file.open(journalEnd.getAsLong());
      var views = new TableViews(file, database);
      // A crash may have left the tables older than what was read of them before.
      views.owe(journalEnd.getAsLong());
      return new StatusTables(file, views, journalEnd);
    } catch (SQLException failed) {
      throw new IOException(
          "The read tables in " + folder + " can't be opened: " + failed.getMessage(), failed);
    }
  }

  /** The writer's side. */
  public CommittedViews views() {
    return views;
  }

  @Override
  void confirm() {
    views.confirm();
  }

  /** Why they are not to be read, if they are not. */
  public Optional<String> trouble() {
    try {
      views.confirm();
      return Optional.empty();
    } catch (StatusUnavailable behind) {
      return Optional.ofNullable(behind.getMessage());
    }
  }

  @Override
  public Progress progress() {
    long applied = views.applied();
    return new Progress(applied, Math.max(applied, journalEnd.getAsLong()));
  }

  /** Closes the file. The projection must have ended. */
  @Override
  public void close() throws IOException {
    endReading();
    try (Connection last = file.connect()) {
      StatusFile.shutDown(last);
    } catch (SQLException failed) {
      throw new IOException("The read tables could not be closed: " + failed.getMessage(), failed);
    }
  }
}
