package dev.ahjo.persistence.cassandra.server;

import com.datastax.oss.driver.api.core.CqlSession;
import com.datastax.oss.driver.api.core.config.DefaultDriverOption;
import com.datastax.oss.driver.api.core.config.DriverConfigLoader;
import com.datastax.oss.driver.api.core.cql.SimpleStatement;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.function.Function;

/** A keyspace of a test's own, with tables, and a session of which nothing is expected but CQL. */
public final class TestKeyspace implements AutoCloseable {
  private final CqlSession session;
  private final String name;

  private TestKeyspace(CqlSession session, String name) {
    this.session = session;
    this.name = name;
  }

  /**
   * Makes it, on as many servers as there are, up to three. What it holds is gone when a server is
   * killed: it spares the commit log, and the test much time.
   *
   * @param schema the statements that make the tables in a keyspace
   */
  public static TestKeyspace in(CassandraRing ring, Function<String, List<String>> schema) {
    return make(ring, schema, false);
  }

  /** Likewise; what it has acknowledged outlives a kill. */
  public static TestKeyspace durable(CassandraRing ring, Function<String, List<String>> schema) {
    return make(ring, schema, true);
  }

  private static TestKeyspace make(
      CassandraRing ring, Function<String, List<String>> schema, boolean durable) {
    var session =
        CqlSession.builder()
            .addContactPoints(
                ring.hosts().stream().map(h -> new InetSocketAddress(h, ring.port())).toList())
            .withLocalDatacenter(CassandraRing.DATACENTER)
            .withConfigLoader(
                DriverConfigLoader.programmaticBuilder()
                    .withDuration(DefaultDriverOption.REQUEST_TIMEOUT, Duration.ofSeconds(5))
                    // Schema changes may take long on a busy machine.
                    .withDuration(
                        DefaultDriverOption.METADATA_SCHEMA_REQUEST_TIMEOUT, Duration.ofSeconds(30))
                    // Else the driver waits a second for further news of each.
                    .withDuration(DefaultDriverOption.METADATA_SCHEMA_WINDOW, Duration.ofMillis(20))
                    .withDuration(
                        DefaultDriverOption.RECONNECTION_BASE_DELAY, Duration.ofMillis(100))
                    .withDuration(DefaultDriverOption.RECONNECTION_MAX_DELAY, Duration.ofSeconds(1))
                    .build())
            .build();
    String name = ring.freshKeyspace();
    execute(
        session,
        "CREATE KEYSPACE %s WITH replication = {'class': 'NetworkTopologyStrategy', '%s': %d} AND durable_writes = %b"
            .formatted(name, CassandraRing.DATACENTER, Math.min(3, ring.hosts().size()), durable));
    schema.apply(name).forEach(statement -> execute(session, statement));
    return new TestKeyspace(session, name);
  }

  private static void execute(CqlSession session, String statement) {
    session.execute(SimpleStatement.newInstance(statement).setTimeout(Duration.ofSeconds(60)));
  }

  public CqlSession session() {
    return session;
  }

  public String name() {
    return name;
  }

  @Override
  public void close() {
    session.close();
  }
}
