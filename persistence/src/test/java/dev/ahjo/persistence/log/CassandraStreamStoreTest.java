package dev.ahjo.persistence.log;

import static org.assertj.core.api.Assertions.assertThat;

import com.datastax.oss.driver.api.core.CqlSession;
import dev.ahjo.core.log.Chunk;
import dev.ahjo.persistence.cassandra.server.CassandraExtension;
import dev.ahjo.persistence.cassandra.server.CassandraRing;
import dev.ahjo.persistence.cassandra.server.TestKeyspace;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@Tag("processes")
@ExtendWith(CassandraExtension.class)
class CassandraStreamStoreTest extends SharedStreamContract {
  private static CassandraRing ring;
  private static TestKeyspace cassandra;
  private static CqlSession session;
  private static String keyspace;

  @BeforeAll
  static void connect(CassandraRing started) {
    ring = started;
    cassandra = TestKeyspace.in(ring, CassandraStreamStore::schema);
    session = cassandra.session();
    keyspace = cassandra.name();
  }

  @AfterAll
  static void disconnect() {
    cassandra.close();
  }

  private @Nullable TestKeyspace outlives;

  @AfterEach
  void forget() {
    if (outlives != null) {
      outlives.close();
    }
  }

  @Override
  void empty() {
    List<CompletableFuture<?>> emptied = new ArrayList<>();
    for (String table : List.of("stream_chunk", "stream", "stream_slot", "stream_slots")) {
      emptied.add(session.executeAsync("TRUNCATE " + keyspace + "." + table).toCompletableFuture());
    }
    emptied.forEach(CompletableFuture::join);
  }

  @Override
  SharedStreamStore another(Growth growth) throws IOException {
    return CassandraStreamStore.open(session, keyspace, growth, clock());
  }

  @Override
  long chunks() {
    return session.execute("SELECT at FROM " + keyspace + ".stream_chunk").all().size();
  }

  @Override
  SharedStreamStore thatOutlivesKills() throws IOException {
    var durable = TestKeyspace.durable(ring, CassandraStreamStore::schema);
    outlives = durable;
    return CassandraStreamStore.open(durable.session(), durable.name(), new Followers(), clock());
  }

  @Override
  String place() {
    return "Cassandra";
  }

  @Override
  void kill() throws Exception {
    ring.kill(0);
  }

  @Override
  void restart() throws Exception {
    ring.restart(0);
  }

  /** No partition grows beyond a megabyte of a stream and a bit. */
  @Test
  void aLongStreamIsSpreadOverPartitions() throws Exception {
    byte[] piece = SharedStreamContract.bytes(9, Chunk.MAX_LENGTH);
    for (int i = 0; i < 40; i++) {
      store().append(chunk(LOG, (long) i * piece.length, piece, i == 39));
    }
    var parts =
        session.execute(
            "SELECT DISTINCT build, step, kind, name, part FROM " + keyspace + ".stream_chunk");
    assertThat(parts.all()).hasSize(40 * Chunk.MAX_LENGTH / (1 << 20));
    assertThat(store().read(LOG, 39L * piece.length, 1 << 20)).isEqualTo(piece);
  }
}
