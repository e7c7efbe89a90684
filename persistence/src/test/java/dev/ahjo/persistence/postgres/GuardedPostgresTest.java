package dev.ahjo.persistence.postgres;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ahjo.persistence.jdbc.PostgresServer;
import dev.ahjo.persistence.jdbc.PostgresSettings;
import dev.ahjo.persistence.jdbc.PostgresSettings.Login;
import dev.ahjo.persistence.jdbc.PostgresSettings.Tls;
import dev.ahjo.persistence.postgres.server.PostgresExtension;
import dev.ahjo.persistence.postgres.server.PostgresProcess;
import dev.ahjo.wire.tls.Authority;
import dev.ahjo.wire.tls.TlsFiles;
import java.io.IOException;
import java.net.ConnectException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/**
 * A server that speaks to nobody in the clear, and is itself not believed by its word: with the
 * files that {@code ahjo cert} makes.
 */
@Tag("processes")
@ExtendWith(PostgresExtension.class)
class GuardedPostgresTest {
  private static final Duration VALID = Duration.ofDays(30);

  @TempDir Path folder;

  private Authority.Written authority(String name, Instant now) throws IOException {
    return Authority.create(Authority.Kind.WORKERS, folder, name, now, VALID);
  }

  private static PostgresSettings settings(
      PostgresProcess server, String host, Tls tls, Optional<Path> authority, String password) {
    return new PostgresSettings(
        List.of(new PostgresSettings.Server(host, server.port())),
        "postgres",
        "guarded",
        tls,
        authority,
        new Login(server.user(), password),
        true);
  }

  private static IOException refused(PostgresSettings settings) {
    try {
      PostgresStorage.open(settings, "node", InstantSource.system()).close();
    } catch (IOException told) {
      return told;
    }
    throw new AssertionError("Expected to be refused, but was let in");
  }

  /** Which no other try is to mend. */
  private static String refusal(PostgresSettings settings) {
    IOException told = refused(settings);
    assertThat(told).isNotInstanceOf(ConnectException.class);
    return String.valueOf(told.getMessage());
  }

  private PostgresProcess server(Authority.Written by, String name, Instant now)
      throws IOException {
    Authority.Written made =
        Authority.open(by.certificate(), by.key())
            .issue(Authority.Use.SERVER, folder, name, Set.of("127.0.0.1"), now, VALID);
    return PostgresProcess.guarded(new TlsFiles(made.certificate(), made.key(), Optional.empty()));
  }

  @Test
  void aNodeBelievesTheServerOfThatNameAndOfItsAuthorityAlone() throws Exception {
    Authority.Written servers = authority("servers", Instant.now());
    Optional<Path> trusted = Optional.of(servers.certificate());
    try (PostgresProcess server = server(servers, "server", Instant.now())) {
      String password = server.password();
      var believed = settings(server, "127.0.0.1", Tls.VERIFY_FULL, trusted, password);
      PostgresStorage.open(believed, "node", InstantSource.system()).close();
      try (var session = new PostgresServer(believed, "node").connect("guarded");
          var statement = session.createStatement();
          var spoken =
              statement.executeQuery("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")) {
        assertThat(spoken.next()).isTrue();
        assertThat(spoken.getBoolean(1)).as("TLS").isTrue();
      }

      assertThat(refusal(settings(server, "127.0.0.1", Tls.VERIFY_FULL, trusted, "guessed")))
          .contains("password authentication failed", "see storage.postgresql.login");
      Optional<Path> another = Optional.of(authority("another", Instant.now()).certificate());
      assertThat(refusal(settings(server, "127.0.0.1", Tls.VERIFY_FULL, another, password)))
          .contains("see storage.postgresql.tls.authority");
      assertThat(
              refusal(settings(server, "127.0.0.1", Tls.VERIFY_FULL, Optional.empty(), password)))
          .as("an authority of its own that nobody named")
          .contains("see storage.postgresql.tls.authority");
      Optional<Path> nowhere = Optional.of(folder.resolve("nowhere.pem"));
      assertThat(refusal(settings(server, "127.0.0.1", Tls.VERIFY_FULL, nowhere, password)))
          .contains("nowhere.pem", "see storage.postgresql.tls");
      assertThat(refusal(settings(server, "localhost", Tls.VERIFY_FULL, trusted, password)))
          .contains("localhost", "see storage.postgresql.servers");
      assertThat(refusal(settings(server, "127.0.0.1", Tls.DISABLE, Optional.empty(), password)))
          .contains("no encryption", "see storage.postgresql.tls");
      server.kill();
      assertThat(refused(believed)).isInstanceOf(ConnectException.class);
    }
  }

  /** It is to be renewed, and the nodes are to go on by themselves then. */
  @Test
  void aCertificateThatHasExpiredIsTriedAgain() throws Exception {
    Instant past = Instant.now().minus(VALID.multipliedBy(2));
    Authority.Written servers = authority("servers", Instant.now());
    try (PostgresProcess server = server(servers, "server", past)) {
      var expired =
          settings(
              server,
              "127.0.0.1",
              Tls.VERIFY_FULL,
              Optional.of(servers.certificate()),
              server.password());
      assertThat(refused(expired))
          .isInstanceOf(ConnectException.class)
          .hasMessageContaining("is not valid now");
    }
  }
}
