package dev.ahjo.persistence.cassandra;

import dev.ahjo.persistence.cassandra.server.CassandraRing;
import java.net.InetSocketAddress;
import java.util.Optional;

/** Settings of a farm of its own on the ring of the tests. */
final class TestRing {
  private TestRing() {}

  static CassandraSettings settings(CassandraRing ring) {
    return settings(ring, ring.freshKeyspace());
  }

  static CassandraSettings settings(CassandraRing ring, String keyspace) {
    return new CassandraSettings(
        ring.hosts().stream().map(host -> new InetSocketAddress(host, ring.port())).toList(),
        CassandraRing.DATACENTER,
        keyspace,
        Math.min(3, ring.hosts().size()),
        true,
        Optional.empty());
  }
}
