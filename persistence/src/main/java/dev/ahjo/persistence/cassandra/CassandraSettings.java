package dev.ahjo.persistence.cassandra;

import dev.ahjo.wire.tls.TlsFiles;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * Which Cassandra, and what of it is this farm's.
 *
 * @param contactPoints some of its servers, by which the others are found
 * @param datacenter whose servers are asked and whose majority decides
 * @param keyspace of small letters, digits and {@code _}; nothing else may stand in it
 * @param replication on how many servers of the datacenter each row is, if the keyspace is made
 * @param create whether tables that lack are made when the storage is opened
 * @param tls how the servers are known, if nothing may go in the clear
 */
public record CassandraSettings(
    List<InetSocketAddress> contactPoints,
    String datacenter,
    String keyspace,
    int replication,
    boolean create,
    Optional<Login> login,
    Optional<Tls> tls) {
  public CassandraSettings {
    contactPoints = List.copyOf(contactPoints);
    if (contactPoints.isEmpty()) {
      throw new IllegalArgumentException("Expected at least one contact point, but found none");
    }
    if (!keyspace.matches("[a-z][a-z0-9_]{0,47}")) {
      throw new IllegalArgumentException(
          "Expected a keyspace of small letters, digits and _, but found '" + keyspace + "'");
    }
  }

  /** On a network that is trusted. */
  public CassandraSettings(
      List<InetSocketAddress> contactPoints,
      String datacenter,
      String keyspace,
      int replication,
      boolean create,
      Optional<Login> login) {
    this(contactPoints, datacenter, keyspace, replication, create, login, Optional.empty());
  }

  /** Whom the node believes, and what it shows. */
  public sealed interface Tls {
    /**
     * Shows nothing.
     *
     * @param authority who must have signed the servers' certificates, in PEM
     */
    record Trusting(Path authority) implements Tls {}

    /** Shows a certificate of its own to servers that ask for one. */
    record Mutual(TlsFiles files) implements Tls {}
  }

  /** Who the node is to Cassandra. */
  public record Login(String user, String password) {
    @Override
    public String toString() {
      return "Login[user=" + user + "]";
    }
  }
}
