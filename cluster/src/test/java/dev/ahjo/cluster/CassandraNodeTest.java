package dev.ahjo.cluster;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ahjo.config.NodeSettings;
import dev.ahjo.config.NodeSettings.Storage;
import dev.ahjo.persistence.cassandra.server.CassandraExtension;
import dev.ahjo.persistence.cassandra.server.CassandraRing;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@Tag("processes")
@ExtendWith(CassandraExtension.class)
class CassandraNodeTest extends NodeStories {
  private Storage.Cassandra storage = settings(List.of(), "", false);

  private static Storage.Cassandra settings(
      List<Storage.ContactPoint> points, String keyspace, boolean create) {
    return new Storage.Cassandra(
        points, CassandraRing.DATACENTER, keyspace, 1, create, Optional.empty());
  }

  @BeforeEach
  void choose(CassandraRing ring) {
    storage =
        settings(
            List.of(new Storage.ContactPoint(ring.hosts().getFirst(), ring.port())),
            ring.freshKeyspace(),
            true);
  }

  @Override
  NodeSettings.Storage storage() {
    return storage;
  }

  @Test
  void tablesThatAreNotThereAreRefusedUnlessTheyMayBeMade() {
    storage = settings(storage.contactPoints(), storage.keyspace(), false);

    assertThatThrownBy(() -> node(0))
        .isInstanceOf(IOException.class)
        .hasMessageContaining(storage.keyspace() + " has no tables of Ahjo")
        .hasMessageContaining("ahjo schema create");
  }
}
