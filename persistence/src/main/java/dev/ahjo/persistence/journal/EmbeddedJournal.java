package dev.ahjo.persistence.journal;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigValueFactory;
import dev.ahjo.core.port.StreamStore.Subscription;
import dev.ahjo.persistence.DataFolder;
import dev.ahjo.persistence.formats.Kinds;
import dev.ahjo.persistence.formats.Recorded;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingDeque;
import org.jspecify.annotations.Nullable;
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
public final class EmbeddedJournal implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(EmbeddedJournal.class);

  /** Connections that read, at most; each takes about a megabyte while it does. */
  private static final int READERS = 3;

  /**
   * The open journals of this process by their folders: Pekko makes its plugins by class name, and
   * this is how they find theirs.
   */
  private static final Map<Path, EmbeddedJournal> OPEN = new ConcurrentHashMap<>();

  private final Path folder;
  private final JournalWriter writer;
  private final ExecutorService readers;
  private final LinkedBlockingDeque<Connection> idle = new LinkedBlockingDeque<>(READERS);
  private final CopyOnWriteArrayList<Runnable> listeners = new CopyOnWriteArrayList<>();
  private volatile long lastOrdering;

  private EmbeddedJournal(Path folder, JournalWriter.FreeSpace freeSpace) throws SQLException {
    this.folder = folder;
    this.writer = new JournalWriter(folder, freeSpace, this::appended);
    this.readers =
        Executors.newFixedThreadPool(
            READERS, Thread.ofPlatform().name("ahjo-journal-reader-", 0).daemon().factory());
  }

  /**
   * Opens the journal, and makes it on the first start.
   *
   * @throws IOException when its file can't be read or is damaged
   */
  public static EmbeddedJournal open(DataFolder data) throws IOException {
    return open(data, () -> Files.getFileStore(data.path()).getUsableSpace());
  }

  static EmbeddedJournal open(DataFolder data, JournalWriter.FreeSpace freeSpace)
      throws IOException {
    Path folder = Files.createDirectories(data.path().resolve("journal"));
    DataFolder.forceEntries(data.path());
    try {
      var journal = new EmbeddedJournal(folder, freeSpace);
      DataFolder.forceEntries(folder);
      journal.lastOrdering = journal.reading(JournalTables::lastOrdering);
      OPEN.put(folder, journal);
      return journal;
    } catch (SQLException failed) {
      throw new IOException(
          "The journal in " + folder + " can't be opened: " + failed.getMessage(), failed);
    }
  }

  static EmbeddedJournal at(Path folder) {
    EmbeddedJournal journal = OPEN.get(folder);
    if (journal == null) {
      throw new IllegalStateException("The journal in " + folder + " is not open");
    }
    return journal;
  }

  /** What an actor system needs to keep its entities here. */
  public Config config() {
    Map<String, String> bindings = new HashMap<>();
    bindings.put(Recorded.class.getName(), "ahjo-facts");
    for (Kinds.Kind kind : Kinds.all()) {
      bindings.put(kind.state().getName(), "ahjo-states");
    }
    return ConfigFactory.parseResources(EmbeddedJournal.class, "embedded-journal.conf")
        .withValue("pekko.actor.serialization-bindings", ConfigValueFactory.fromMap(bindings))
        .withValue("ahjo.journal.folder", ConfigValueFactory.fromAnyRef(folder.toString()))
        .withValue("ahjo.snapshots.folder", ConfigValueFactory.fromAnyRef(folder.toString()));
  }

  /** The place of the last record. */
  public long lastOrdering() {
    return lastOrdering;
  }

  /** Why nothing can be written now, if so: for health pages. */
  public Optional<String> trouble() {
    return writer.trouble();
  }

  /** Calls {@code appended} after each commit, on the writer's own thread: it must be quick. */
  Subscription onAppend(Runnable appended) {
    listeners.add(appended);
    return () -> listeners.remove(appended);
  }

  private void appended(long ordering) {
    lastOrdering = ordering;
    listeners.forEach(Runnable::run);
  }

  JournalWriter writer() {
    return writer;
  }

  /** Something to ask of the tables. */
  interface Query<T> {
    T on(Connection database) throws SQLException;
  }

  /** Asks on one of the reading threads. */
  <T> CompletableFuture<T> read(Query<T> query) {
    return CompletableFuture.supplyAsync(
        () -> {
          try {
            return reading(query);
          } catch (SQLException failed) {
            throw new JournalUnavailable(String.valueOf(failed.getMessage()), failed);
          }
        },
        readers);
  }

  /** Asks on this thread. */
  <T> T reading(Query<T> query) throws SQLException {
    @Nullable Connection connection = idle.poll();
    if (connection == null) {
      connection = JournalTables.connect(folder);
    }
    boolean sound = false;
    try {
      T answer = query.on(connection);
      sound = true;
      return answer;
    } finally {
      if (!sound || !idle.offer(connection)) {
        connection.close();
      }
    }
  }

  /** The records after a place, for the feed. */
  List<JournalTables.Placed> after(long ordering, int limit) throws SQLException {
    return reading(database -> JournalTables.after(database, ordering, limit));
  }

  /** Writes what waits, and closes the file. The actor system must have ended. */
  @Override
  public void close() throws IOException {
    if (!OPEN.remove(folder, this)) {
      return;
    }
    writer.close();
    readers.shutdown();
    try (Connection last = JournalTables.connect(folder);
        var statement = last.createStatement()) {
      statement.execute("SHUTDOWN");
    } catch (SQLException failed) {
      throw new IOException(
          "The journal in " + folder + " could not be closed: " + failed.getMessage(), failed);
    }
    LOG.debug("The journal in {} is closed", folder);
  }
}
