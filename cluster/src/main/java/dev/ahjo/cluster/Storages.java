package dev.ahjo.cluster;

import dev.ahjo.config.NodeSettings;
import dev.ahjo.persistence.EmbeddedStorage;
import dev.ahjo.persistence.Storage;
import dev.ahjo.persistence.cassandra.CassandraSchema;
import dev.ahjo.persistence.cassandra.CassandraSettings;
import dev.ahjo.persistence.cassandra.CassandraStorage;
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
    };
  }

  /**
   * Makes or migrates the tables.
   *
   * @throws IOException naming servers that don't answer or refuse, or tables of a newer version
   */
  public static void createSchema(NodeSettings settings) throws IOException {
    if (settings.storage() instanceof NodeSettings.Storage.Cassandra cassandra) {
      CassandraSchema.create(settings(cassandra, login(cassandra)));
    }
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
    Path file = cassandra.login().get().passwordFile();
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
    return Optional.of(new CassandraSettings.Login(cassandra.login().get().user(), password));
  }
}
