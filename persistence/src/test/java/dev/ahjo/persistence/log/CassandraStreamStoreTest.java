package dev.ahjo.persistence.log;

import static org.assertj.core.api.Assertions.assertThat;

import com.datastax.oss.driver.api.core.CqlSession;
import com.github.luben.zstd.Zstd;
import dev.ahjo.core.id.BuildKey;
import dev.ahjo.core.log.Chunk;
import dev.ahjo.core.log.StreamKey;
import dev.ahjo.core.log.StreamKey.Kind;
import dev.ahjo.persistence.cassandra.server.CassandraExtension;
import dev.ahjo.persistence.cassandra.server.CassandraRing;
import dev.ahjo.persistence.cassandra.server.TestKeyspace;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
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
  private static final Instant NOW = Instant.parse("2026-11-20T12:00:00Z");
  private static final byte[] ZSTD = Zstd.compress("all".getBytes(StandardCharsets.UTF_8));

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

  private static StreamKey log(int build) {
    return new StreamKey(BuildKey.parse("zlib/debian#" + build), 1, Kind.LOG, "stdio");
  }

  /** As if a stream of 100 kB had been stored so long ago. */
  private static void stored(StreamRows rows, StreamKey stream, boolean closed, Duration ago)
      throws Exception {
    Instant at = NOW.minus(ago);
    long slot = StreamRows.slotOf(at);
    rows.open(slot);
    rows.put(stream, new StreamRows.Stored(0, 3, closed, ZSTD));
    rows.note(new StreamRows.Known(stream, 3, 100_000, closed, slot, at));
  }

  /** Each finds the same to be too much. */
  @Test
  void nodesThatPruneAtOnceRemoveNoMoreThanOne() throws Exception {
    var rows = new CassandraStreamRows(session, keyspace);
    for (int i = 1; i <= 4; i++) {
      stored(rows, log(i), true, Duration.ofHours(10 - i));
    }
    List<StreamPruning> nodes = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      nodes.add(new StreamPruning(rows, Duration.ofDays(7), 250_000, NOW));
    }
    for (StreamPruning node : nodes) {
      node.count();
    }
    assertThat(nodes.get(0).remove()).isEqualTo(new Pruned(2, 200_000));
    assertThat(nodes.get(1).remove()).isEqualTo(Pruned.NOTHING);
    assertThat(nodes.get(2).remove()).isEqualTo(Pruned.NOTHING);
    assertThat(store().extent(log(3))).isPresent();
    assertThat(store().extent(log(4))).isPresent();
  }

  @Test
  void aBuildThatIsSilentForHoursIsNotRemovedForItsSize() throws Exception {
    var rows = new CassandraStreamRows(session, keyspace);
    stored(rows, log(1), false, Duration.ofHours(5));
    stored(rows, log(2), true, Duration.ofHours(5));
    // When the chunk of an open stream was written, its server tells.
    Instant later = Instant.now().plus(Duration.ofHours(5));
    assertThat(new StreamPruning(rows, Duration.ofDays(70_000), 0, later).prune().builds())
        .isEqualTo(1);
    assertThat(store().pruned(log(1).build())).isFalse();
    assertThat(store().pruned(log(2).build())).isTrue();
    Instant muchLater = Instant.now().plus(Duration.ofDays(2));
    assertThat(new StreamPruning(rows, Duration.ofDays(70_000), 0, muchLater).prune().builds())
        .isEqualTo(1);
  }

  /** By a node from which the agent has gone, for it is late. */
  @Test
  void theLastChunkStaysTheLastThoughItIsWrittenOnceMore() throws Exception {
    var rows = new CassandraStreamRows(session, keyspace);
    rows.put(LOG, new StreamRows.Stored(0, 3, true, ZSTD));
    rows.put(LOG, new StreamRows.Stored(0, 3, false, ZSTD));
    assertThat(rows.from(LOG, 0, 0, 10)).singleElement().matches(StreamRows.Stored::last);
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
