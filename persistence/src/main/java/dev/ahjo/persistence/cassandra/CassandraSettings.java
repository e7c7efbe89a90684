package dev.ahjo.persistence.cassandra;

import java.net.InetSocketAddress;
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
 */
public record CassandraSettings(
    List<InetSocketAddress> contactPoints,
    String datacenter,
    String keyspace,
    int replication,
    boolean create,
    Optional<Login> login) {
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

  /** Who the node is to Cassandra. */
  public record Login(String user, String password) {
    @Override
    public String toString() {
      return "Login[user=" + user + "]";
    }
  }
}
