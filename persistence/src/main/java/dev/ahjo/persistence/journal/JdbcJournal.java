package dev.ahjo.persistence.journal;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigValueFactory;
import dev.ahjo.core.port.StreamStore.Subscription;
import dev.ahjo.persistence.formats.Kinds;
import dev.ahjo.persistence.formats.Recorded;
import dev.ahjo.persistence.jdbc.Connections;
import dev.ahjo.persistence.jdbc.Dialect;
import java.io.IOException;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A journal and its snapshots in a relational database, as this process writes and reads them.
 * Pekko makes its plugins by class name; they find their journal by the id in their configuration.
 */
public class JdbcJournal implements AutoCloseable {
  private static final Map<String, JdbcJournal> OPEN = new ConcurrentHashMap<>();

  private final String id = UUID.randomUUID().toString();
  private final JournalDatabase database;
  private final JournalWriter writer;
  private final ExecutorService readers;
  private final Connections connections;
  private final CopyOnWriteArrayList<Runnable> listeners = new CopyOnWriteArrayList<>();
  private final AtomicLong lastOrdering = new AtomicLong();

  JdbcJournal(JournalDatabase database) throws SQLException {
    this.database = database;
    this.connections = new Connections(database::connect, database.readers());
    this.writer = new JournalWriter(database, this::committed);
    this.readers =
        Executors.newFixedThreadPool(
            database.readers(),
            Thread.ofPlatform().name("ahjo-journal-reader-", 0).daemon().factory());
    OPEN.put(id, this);
    try {
      grown(reading(JournalTables::lastOrdering));
    } catch (SQLException failed) {
      end();
      throw failed;
    }
  }

  static JdbcJournal of(Config plugin) {
    JdbcJournal journal = OPEN.get(plugin.getString("journal"));
    if (journal == null) {
      throw new IllegalStateException("The journal of this actor system is not open");
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
    return ConfigFactory.parseResources(JdbcJournal.class, "jdbc-journal.conf")
        .withValue("pekko.actor.serialization-bindings", ConfigValueFactory.fromMap(bindings))
        .withValue("ahjo.journal.journal", ConfigValueFactory.fromAnyRef(id))
        .withValue("ahjo.snapshots.journal", ConfigValueFactory.fromAnyRef(id));
  }

  /** The place of the last record, as far as this process knows. */
  public long lastOrdering() {
    return lastOrdering.get();
  }

  /** Why nothing can be written now, if so: for health pages. */
  public Optional<String> trouble() {
    return writer.trouble();
  }

  /** Calls {@code appended} after each append, on the thread that tells: it must be quick. */
  Subscription onAppend(Runnable appended) {
    listeners.add(appended);
    return () -> listeners.remove(appended);
  }

  /** This process has stored all up to there. */
  void committed(long ordering) {
    grown(ordering);
  }

  /** The journal reaches up to there. */
  final void grown(long ordering) {
    lastOrdering.accumulateAndGet(ordering, Math::max);
    listeners.forEach(Runnable::run);
  }

  Dialect dialect() {
    return database.dialect();
  }

  JournalWriter writer() {
    return writer;
  }

  /** Asks on one of the reading threads. */
  <T> CompletableFuture<T> read(Connections.Work<T> query) {
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
  <T> T reading(Connections.Work<T> query) throws SQLException {
    return connections.with(query);
  }

  /** The records after a place, for the feed. */
  List<JournalTables.Placed> after(long ordering, int limit) throws SQLException {
    return reading(connection -> JournalTables.after(connection, ordering, limit));
  }

  /** Ends it; false when it had ended before. */
  final boolean end() {
    if (!OPEN.remove(id, this)) {
      return false;
    }
    writer.close();
    readers.shutdown();
    connections.close();
    return true;
  }

  /** Writes what waits, and lets go of the database. The actor system must have ended. */
  @Override
  public void close() throws IOException {
    end();
  }
}
