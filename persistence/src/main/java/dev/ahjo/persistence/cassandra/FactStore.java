package dev.ahjo.persistence.cassandra;

import com.datastax.oss.driver.api.core.CqlSession;
import com.datastax.oss.driver.api.core.DriverException;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigValueFactory;
import dev.ahjo.persistence.formats.FactSerializer;
import dev.ahjo.persistence.formats.Kinds;
import dev.ahjo.persistence.formats.Recorded;
import dev.ahjo.persistence.journal.Row;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The journal of a node: its connection, the rows of its entities, and its announcements. Pekko
 * makes its plugins by class name; they find the store of their node by the id in their
 * configuration.
 */
final class FactStore implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(FactStore.class);

  /** Tries of making the statements known; a server that hangs is out of the way by the second. */
  private static final int ATTEMPTS = 3;

  private static final Map<String, FactStore> OPEN = new ConcurrentHashMap<>();

  private final String id = UUID.randomUUID().toString();
  private final CqlSession session;
  private final String keyspace;
  private final Prepared prepared;
  private final Announcer announcer;
  private final CausalClock clock;

  /**
   * All that is ever asked here, made known to the servers before anything depends on it: that is a
   * message to one of them and may fail, and whoever takes over from a dead node, or opens a shard,
   * does so just when servers are failing.
   */
  private record Prepared(
      JournalRows rows, SnapshotRows snapshots, Feed feed, AnnouncerLogs.Statements logs) {
    static Prepared in(CqlSession session, String keyspace, CausalClock clock) {
      return new Prepared(
          new JournalRows(session, keyspace, clock),
          new SnapshotRows(session, keyspace),
          new Feed(session, keyspace),
          new AnnouncerLogs.Statements(session, keyspace));
    }
  }

  private FactStore(
      CqlSession session,
      String keyspace,
      Prepared prepared,
      Announcer announcer,
      CausalClock clock) {
    this.clock = clock;
    this.session = session;
    this.keyspace = keyspace;
    this.prepared = prepared;
    this.announcer = announcer;
  }

  /**
   * Connects, and makes the tables if the settings say so.
   *
   * @param node the node's name, unique in the farm
   * @param announced called when there may be something new for the scribe; must be quick
   * @throws java.net.ConnectException when no server answers, or they fail
   * @throws IOException when they refuse this node, or are not believed, or the tables are not as
   *     this program needs them
   */
  static FactStore open(
      CassandraSettings settings, String node, CausalClock clock, Runnable announced)
      throws IOException {
    CqlSession session = CassandraSessions.open(settings);
    try {
      var schema = new CassandraSchema(settings);
      if (settings.create()) {
        schema.create(session);
      }
      schema.check(session);
      var store =
          new FactStore(
              session,
              settings.keyspace(),
              prepared(session, settings.keyspace(), clock),
              Announcer.open(session, settings.keyspace(), node, clock, announced),
              clock);
      OPEN.put(store.id, store);
      return store;
    } catch (IOException | RuntimeException failed) {
      session.close();
      throw failed;
    }
  }

  /** What one server did not answer, another may; what is prepared already costs no message. */
  private static Prepared prepared(CqlSession session, String keyspace, CausalClock clock)
      throws IOException {
    for (int left = ATTEMPTS; ; left--) {
      try {
        return Prepared.in(session, keyspace, clock);
      } catch (DriverException failed) {
        if (left <= 1) {
          throw CassandraSessions.failed(
              "The tables in keyspace " + keyspace + " can't be used", failed);
        }
        LOG.warn("Cassandra does not prepare a statement, asked again: {}", failed.toString());
      }
    }
  }

  static FactStore of(Config plugin) {
    @Nullable FactStore store = OPEN.get(plugin.getString("store"));
    if (store == null) {
      throw new IllegalStateException("The journal's storage is not open");
    }
    return store;
  }

  /** What an actor system needs to keep its entities here. */
  Config config() {
    Map<String, String> bindings = new HashMap<>();
    bindings.put(Recorded.class.getName(), "ahjo-facts");
    for (Kinds.Kind kind : Kinds.all()) {
      bindings.put(kind.state().getName(), "ahjo-states");
    }
    return ConfigFactory.parseResources(FactStore.class, "cassandra-journal.conf")
        .withValue("pekko.actor.serialization-bindings", ConfigValueFactory.fromMap(bindings))
        .withValue("ahjo.journal.store", ConfigValueFactory.fromAnyRef(id))
        .withValue("ahjo.snapshots.store", ConfigValueFactory.fromAnyRef(id));
  }

  static Optional<CausalClock> clock(Config system) {
    return system.hasPath("ahjo.journal.store")
        ? Optional.ofNullable(OPEN.get(system.getString("ahjo.journal.store"))).map(s -> s.clock)
        : Optional.empty();
  }

  /** Ends what former processes of this node have left; none of them may live. */
  void endFormerLogs() {
    announcer.endFormer();
  }

  CqlSession session() {
    return session;
  }

  String keyspace() {
    return keyspace;
  }

  JournalRows rows() {
    return prepared.rows();
  }

  SnapshotRows snapshots() {
    return prepared.snapshots();
  }

  Feed feed() {
    return prepared.feed();
  }

  AnnouncerLogs.Statements logs() {
    return prepared.logs();
  }

  /** Stores the rows of one decision, and announces them if they are facts. */
  CompletableFuture<Void> append(List<Row> decided) {
    Row last = decided.getLast();
    return rows()
        .append(decided)
        .thenCompose(done ->
            last.serializer() == FactSerializer.ID
                ? announcer.announce(last.persistenceId(), last.sequenceNr())
                : CompletableFuture.completedFuture(null));
  }

  /** Announces once more what an entity finds when it wakes: it may have died before it did. */
  CompletableFuture<Void> announce(String entity, long sequenceNr) {
    return announcer.announce(entity, sequenceNr);
  }

  @Override
  public void close() {
    if (OPEN.remove(id, this)) {
      announcer.close();
      session.close();
    }
  }
}
