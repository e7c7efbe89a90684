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
   * Makes it, on as many servers as there are, up to three.
   *
   * @param schema the statements that make the tables in a keyspace
   */
  public static TestKeyspace in(CassandraRing ring, Function<String, List<String>> schema) {
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
                    .withDuration(
                        DefaultDriverOption.RECONNECTION_BASE_DELAY, Duration.ofMillis(100))
                    .withDuration(DefaultDriverOption.RECONNECTION_MAX_DELAY, Duration.ofSeconds(1))
                    .build())
            .build();
    String name = ring.freshKeyspace();
    execute(
        session,
        "CREATE KEYSPACE %s WITH replication = {'class': 'NetworkTopologyStrategy', '%s': %d}"
            .formatted(name, CassandraRing.DATACENTER, Math.min(3, ring.hosts().size())));
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
