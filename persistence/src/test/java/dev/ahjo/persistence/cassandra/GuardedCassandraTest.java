package dev.ahjo.persistence.cassandra;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.datastax.oss.driver.api.core.CqlSession;
import dev.ahjo.persistence.cassandra.CassandraSettings.Login;
import dev.ahjo.persistence.cassandra.CassandraSettings.Tls;
import dev.ahjo.persistence.cassandra.server.CassandraRing;
import dev.ahjo.persistence.cassandra.server.Guard;
import dev.ahjo.persistence.journal.Row;
import dev.ahjo.wire.tls.Authority;
import dev.ahjo.wire.tls.TlsFiles;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Servers that let nobody in whom they don't know, and are themselves not believed by their word:
 * with the files that {@code ahjo cert} makes.
 */
@Tag("processes")
class GuardedCassandraTest {
  private static final String HOST = "127.0.0.1";
  private static final Duration VALID = Duration.ofDays(30);
  private static final Login FIRST = new Login("cassandra", "cassandra");
  private static final Login OURS = new Login("ahjo", "a secret of the tests");

  @TempDir Path folder;

  private Authority.Written authority(String name) throws IOException {
    return Authority.create(Authority.Kind.WORKERS, folder, name, Instant.now(), VALID);
  }

  private TlsFiles issued(
      Authority.Written by, Authority.Use use, String name, Instant now, String... hosts)
      throws IOException {
    Authority.Written made =
        Authority.open(by.certificate(), by.key())
            .issue(use, folder, name, Set.of(hosts), now, VALID);
    return new TlsFiles(made.certificate(), made.key(), Optional.of(by.certificate()));
  }

  private static CassandraSettings settings(
      String host, int port, Optional<Login> login, Optional<Tls> tls) {
    return new CassandraSettings(
        List.of(new InetSocketAddress(host, port)),
        CassandraRing.DATACENTER,
        "guarded",
        1,
        true,
        login,
        tls);
  }

  private static CassandraSettings settings(CassandraRing ring, Login login, Tls tls) {
    return settings(HOST, ring.port(), Optional.of(login), Optional.of(tls));
  }

  /** Which no other try is to mend. */
  private static String refusal(CassandraSettings settings) {
    IOException told = refused(settings);
    assertThat(told).isNotInstanceOf(ConnectException.class);
    return String.valueOf(told.getMessage());
  }

  private static IOException refused(CassandraSettings settings) {
    try {
      CassandraStorage.open(settings, "node", InstantSource.system()).close();
    } catch (IOException told) {
      return told;
    }
    throw new AssertionError("Expected to be refused, but was let in");
  }

  private static void writesAndReads(CassandraSettings settings, String entity) throws Exception {
    try (FactStore store =
        FactStore.open(settings, "node", new CausalClock(InstantSource.system()), () -> {})) {
      Row row = FeedTest.row(entity, 1, "writer", "eve");
      store.append(List.of(row)).get(60, TimeUnit.SECONDS);
      List<Row> found = store.rows().list(entity, 1, 9, 9).get(60, TimeUnit.SECONDS);
      assertThat(found).hasSize(1);
      assertThat(found.getFirst().payload()).isEqualTo(row.payload());
    }
  }

  /** What an administrator of Cassandra does; nobody else may make a keyspace. */
  private static void admit(CassandraSettings as, Login whom) throws IOException {
    try (CqlSession session = CassandraSessions.open(as)) {
      session.execute(
          "CREATE ROLE %s WITH LOGIN = true AND PASSWORD = '%s'"
              .formatted(whom.user(), whom.password()));
    }
  }

  private static void grant(CassandraSettings as, Login whom) throws IOException {
    try (CqlSession session = CassandraSessions.open(as)) {
      session.execute(
          "CREATE KEYSPACE guarded WITH replication = {'class': 'NetworkTopologyStrategy', '%s': 1}"
              .formatted(CassandraRing.DATACENTER));
      for (String right : List.of("CREATE", "SELECT", "MODIFY")) {
        session.execute("GRANT %s ON KEYSPACE guarded TO %s".formatted(right, whom.user()));
      }
    }
  }

  @Test
  void aNodeIsLetInWithItsPasswordAndBelievesTheServerOfItsAuthorityAlone() throws Exception {
    Authority.Written servers = authority("servers");
    TlsFiles shown = issued(servers, Authority.Use.SERVER, "server", Instant.now(), HOST);
    var trusting = new Tls.Trusting(servers.certificate());
    try (CassandraRing ring = CassandraRing.guarded(new Guard(shown, false))) {
      CassandraSettings administrator = settings(ring, FIRST, trusting);
      CassandraSettings ours = settings(ring, OURS, trusting);
      awaitFirstRole(administrator);
      admit(administrator, OURS);

      assertThat(refusal(ours))
          .contains("User ahjo has no CREATE permission", "storage.cassandra.login");
      grant(administrator, OURS);
      writesAndReads(ours, "request|r1");

      assertThat(refusal(settings(ring, new Login("ahjo", "guessed"), trusting)))
          .contains("username ahjo and/or password are incorrect", "storage.cassandra.login");
      assertThat(refusal(settings(HOST, ring.port(), Optional.empty(), Optional.of(trusting))))
          .contains("requires authentication", "storage.cassandra.login");
      assertThat(
              refusal(settings(ring, OURS, new Tls.Trusting(authority("another").certificate()))))
          .contains("is of another authority (see storage.cassandra.tls.authority)");
      assertThat(
              refusal(settings("localhost", ring.port(), Optional.of(OURS), Optional.of(trusting))))
          .contains("is another server's (see storage.cassandra.contact_points)", "localhost");
      assertThat(
              catchThrowableOfType(
                  ConnectException.class,
                  () ->
                      CassandraSessions.once(
                          settings(HOST, ring.port(), Optional.of(OURS), Optional.empty()),
                          Duration.ofMinutes(1))))
          .hasMessageContaining("does it ask for TLS? See storage.cassandra.tls");

      ring.kill(0);
      ring.guard(0, new Guard(shown, true));
      ring.restart(0);
      assertThat(refusal(ours))
          .contains("it does not believe this node (see storage.cassandra.tls.certificate)");
      TlsFiles own = issued(servers, Authority.Use.WORKER, "node1", Instant.now());
      writesAndReads(settings(ring, OURS, new Tls.Mutual(own)), "request|r2");
    }
  }

  /** A server makes it after it has begun to listen. */
  private static void awaitFirstRole(CassandraSettings first) throws Exception {
    long deadline = System.nanoTime() + TimeUnit.MINUTES.toNanos(2);
    while (true) {
      try {
        CassandraSessions.open(first).close();
        return;
      } catch (IOException notYet) {
        assertThat(System.nanoTime()).as("%s", notYet.getMessage()).isLessThan(deadline);
      }
    }
  }
}
