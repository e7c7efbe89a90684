package dev.ahjo.persistence.cassandra.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.datastax.oss.driver.api.core.CqlSession;
import java.net.InetSocketAddress;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@Tag("processes")
@ExtendWith(CassandraExtension.class)
class CassandraRingTest {
  @Test
  void whatAServerHasAcknowledgedSurvivesItsKill(CassandraRing ring) throws Exception {
    String keyspace = ring.freshKeyspace();
    try (CqlSession session = connect(ring)) {
      session.execute(
          "CREATE KEYSPACE "
              + keyspace
              + " WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}");
      session.execute("CREATE TABLE " + keyspace + ".t (k int PRIMARY KEY, v text)");
      session.execute("INSERT INTO " + keyspace + ".t (k, v) VALUES (1, 'kept')");
    }
    ring.kill(0);
    ring.restart(0);
    try (CqlSession session = connect(ring)) {
      var row = session.execute("SELECT v FROM " + keyspace + ".t WHERE k = 1").all().getFirst();
      assertThat(row.getString("v")).isEqualTo("kept");
    }
  }

  private static CqlSession connect(CassandraRing ring) {
    return CqlSession.builder()
        .addContactPoint(new InetSocketAddress(ring.hosts().getFirst(), ring.port()))
        .withLocalDatacenter(CassandraRing.DATACENTER)
        .build();
  }
}
