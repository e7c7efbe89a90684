package dev.ahjo.cluster;

import dev.ahjo.config.NodeSettings;
import dev.ahjo.persistence.EmbeddedStorage;
import dev.ahjo.persistence.Storage;
import dev.ahjo.persistence.cassandra.CassandraSchema;
import dev.ahjo.persistence.cassandra.CassandraSettings;
import dev.ahjo.persistence.cassandra.CassandraStorage;
import dev.ahjo.persistence.jdbc.PostgresSettings;
import dev.ahjo.persistence.postgres.PostgresSchema;
import dev.ahjo.persistence.postgres.PostgresStorage;
import dev.ahjo.wire.tls.TlsFiles;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;

/** The storage that a node's settings name. */
public final class Storages {
  private Storages() {}

  /**
   * Opens it.
   *
   * @throws IOException naming what is at fault: a folder in use or of a newer version, servers
   *     that don't answer, a schema that is not there
   */
  static Storage open(NodeSettings settings) throws IOException {
    return switch (settings.storage()) {
      case NodeSettings.Storage.Embedded _ -> EmbeddedStorage.open(settings.data());
      case NodeSettings.Storage.Cassandra cassandra ->
          CassandraStorage.open(
              settings(cassandra, login(cassandra)), settings.name(), InstantSource.system());
      case NodeSettings.Storage.Postgresql postgresql ->
          PostgresStorage.open(
              settings(postgresql, password(postgresql)), settings.name(), InstantSource.system());
    };
  }

  /** By which a store that nodes share is told from others, if it is one. */
  static Optional<String> shared(NodeSettings.Storage storage) {
    return switch (storage) {
      case NodeSettings.Storage.Embedded _ -> Optional.empty();
      case NodeSettings.Storage.Cassandra cassandra ->
          Optional.of("cassandra " + cassandra.keyspace());
      case NodeSettings.Storage.Postgresql postgresql ->
          Optional.of("postgresql " + postgresql.database() + " " + postgresql.schema());
    };
  }

  /**
   * The statements that make the tables, for an administrator; empty if the storage makes its own.
   */
  public static List<String> schema(NodeSettings settings) {
    return switch (settings.storage()) {
      case NodeSettings.Storage.Embedded _ -> List.of();
      case NodeSettings.Storage.Cassandra cassandra ->
          new CassandraSchema(settings(cassandra, Optional.empty())).statements();
      case NodeSettings.Storage.Postgresql postgresql ->
          new PostgresSchema(settings(postgresql, "")).statements();
    };
  }

  /**
   * Makes or migrates the tables.
   *
   * @throws IOException naming servers that don't answer or refuse, or tables of a newer version
   */
  public static void createSchema(NodeSettings settings) throws IOException {
    switch (settings.storage()) {
      case NodeSettings.Storage.Embedded _ -> {
        // It makes its own.
      }
      case NodeSettings.Storage.Cassandra cassandra ->
          CassandraSchema.create(settings(cassandra, login(cassandra)));
      case NodeSettings.Storage.Postgresql postgresql ->
          PostgresSchema.create(settings(postgresql, password(postgresql)));
    }
  }

  private static PostgresSettings settings(
      NodeSettings.Storage.Postgresql postgresql, String password) {
    return new PostgresSettings(
        postgresql.servers().stream()
            .map(server -> new PostgresSettings.Server(server.host(), server.port()))
            .toList(),
        postgresql.database(),
        postgresql.schema(),
        PostgresSettings.Tls.valueOf(postgresql.tls().name()),
        postgresql.authority(),
        new PostgresSettings.Login(postgresql.user(), password),
        postgresql.create());
  }

  private static String password(NodeSettings.Storage.Postgresql postgresql) throws IOException {
    return switch (postgresql.password()) {
      case NodeSettings.Storage.Password.None _ -> "";
      case NodeSettings.Storage.Password.InFile(Path file) -> password(file);
      case NodeSettings.Storage.Password.InEnvironment(String variable) -> {
        String password = System.getenv(variable);
        if (password == null || password.isEmpty()) {
          throw new IOException(
              "Expected a password in the environment variable " + variable + ", but found none");
        }
        yield password;
      }
    };
  }

  private static CassandraSettings settings(
      NodeSettings.Storage.Cassandra cassandra, Optional<CassandraSettings.Login> login) {
    return new CassandraSettings(
        cassandra.contactPoints().stream()
            .map(point -> new InetSocketAddress(point.host(), point.port()))
            .toList(),
        cassandra.datacenter(),
        cassandra.keyspace(),
        cassandra.replication(),
        cassandra.create(),
        login,
        cassandra.tls().map(Storages::tls));
  }

  private static CassandraSettings.Tls tls(NodeSettings.Storage.ClientTls tls) {
    return tls.own()
        .<CassandraSettings.Tls>map(own ->
            new CassandraSettings.Tls.Mutual(
                new TlsFiles(own.certificate(), own.key(), Optional.of(tls.authority()))))
        .orElseGet(() -> new CassandraSettings.Tls.Trusting(tls.authority()));
  }

  private static Optional<CassandraSettings.Login> login(NodeSettings.Storage.Cassandra cassandra)
      throws IOException {
    if (cassandra.login().isEmpty()) {
      return Optional.empty();
    }
    String password = password(cassandra.login().get().passwordFile());
    return Optional.of(new CassandraSettings.Login(cassandra.login().get().user(), password));
  }

  private static String password(Path file) throws IOException {
    String password;
    try {
      password = Files.readString(file).lines().findFirst().orElse("");
    } catch (IOException unreadable) {
      throw new IOException(
          "The password file " + file + " can't be read: " + unreadable, unreadable);
    }
    if (password.isEmpty()) {
      throw new IOException(
          "Expected a password in the first line of " + file + ", but found none");
    }
    return password;
  }
}
