package dev.ahjo.persistence.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.github.luben.zstd.Zstd;
import dev.ahjo.core.id.BuildKey;
import dev.ahjo.core.log.Chunk;
import dev.ahjo.core.log.StreamKey;
import dev.ahjo.core.log.StreamKey.Kind;
import dev.ahjo.core.port.StreamStore;
import dev.ahjo.core.port.StreamStore.Appended.Stored;
import dev.ahjo.core.port.StreamStore.Extent;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** What every store of streams keeps: its bytes read back are the bytes that were appended. */
abstract class StreamStoreContract {
  static final BuildKey BUILD = BuildKey.parse("zlib/debian#7");
  static final StreamKey LOG = new StreamKey(BUILD, 2, Kind.LOG, "stdio");

  abstract StreamStore store() throws Exception;

  static Chunk chunk(StreamKey stream, long offset, byte[] raw, boolean last) {
    return new Chunk(stream, offset, raw.length, Zstd.compress(raw), last);
  }

  static Chunk chunk(StreamKey stream, long offset, String text, boolean last) {
    return chunk(stream, offset, text.getBytes(StandardCharsets.UTF_8), last);
  }

  static String text(StreamStore store, StreamKey stream) throws Exception {
    return new String(store.read(stream, 0, 1 << 20), StandardCharsets.UTF_8);
  }

  @Test
  void whatWasNeverStoredIsNothing() throws Exception {
    assertThat(store().extent(LOG)).isEmpty();
    assertThat(store().read(LOG, 0, 10)).isEmpty();
    assertThat(store().streams(BUILD)).isEmpty();
    assertThat(store().pruned(BUILD)).isFalse();
  }

  @Test
  void aStreamGrowsAndEnds() throws Exception {
    StreamStore store = store();
    assertThat(store.append(chunk(LOG, 0, "one ", false)))
        .isInstanceOfSatisfying(
            Stored.class,
            stored -> {
              assertThat(stored.offset()).isEqualTo(4);
              assertThat(stored.closed()).isFalse();
            });
    assertThat(store.extent(LOG)).contains(new Extent(4, false));
    assertThat(store.append(chunk(LOG, 4, "two", true))).isEqualTo(new Stored(7, true, true));
    assertThat(store.extent(LOG)).contains(new Extent(7, true));
    assertThat(text(store, LOG)).isEqualTo("one two");
  }

  @Test
  void anEmptyChunkMayEndAStream() throws Exception {
    StreamStore store = store();
    store.append(chunk(LOG, 0, "all", false));
    assertThat(store.append(new Chunk(LOG, 3, 0, new byte[0], true)))
        .isEqualTo(new Stored(3, true, true));
    assertThat(text(store, LOG)).isEqualTo("all");
    StreamKey silent = new StreamKey(BUILD, 3, Kind.LOG, "stdio");
    assertThat(store.append(new Chunk(silent, 0, 0, new byte[0], true)))
        .isEqualTo(new Stored(0, true, true));
    assertThat(store.extent(silent)).contains(new Extent(0, true));
    assertThat(store.streams(BUILD)).containsExactly(LOG, silent);
  }

  @Test
  void whatIsSentAgainIsTakenOnce() throws Exception {
    record Sent(long offset, String text, boolean last, long end, boolean closed) {}
    StreamStore store = store();
    for (Sent sent :
        List.of(
            new Sent(0, "abcd", false, 4, false),
            new Sent(0, "abcd", false, 4, false),
            new Sent(2, "cd", false, 4, false),
            new Sent(6, "gh", false, 4, false),
            new Sent(2, "cdef", false, 6, false),
            new Sent(7, "h", true, 6, false),
            new Sent(4, "efgh", true, 8, true),
            new Sent(4, "efgh", true, 8, true),
            new Sent(8, "ijkl", false, 8, true))) {
      assertThat(store.append(chunk(LOG, sent.offset(), sent.text(), sent.last())))
          .as(sent.toString())
          .isInstanceOfSatisfying(
              Stored.class,
              stored -> {
                assertThat(stored.offset()).isEqualTo(sent.end());
                assertThat(stored.closed()).isEqualTo(sent.closed());
              });
    }
    assertThat(text(store, LOG)).isEqualTo("abcdefgh");
  }

  @Test
  void anyRangeOfAnyBytesIsRead() throws Exception {
    StreamStore store = store();
    var random = new Random(7);
    var all = new ByteArrayOutputStream();
    while (all.size() < 600_000) {
      byte[] raw = new byte[random.nextInt(Chunk.MAX_LENGTH + 1)];
      random.nextBytes(raw);
      Arrays.fill(raw, 0, raw.length / 2, (byte) random.nextInt());
      store.append(chunk(LOG, all.size(), raw, false));
      all.write(raw);
    }
    byte[] bytes = all.toByteArray();
    for (int i = 0; i < 200; i++) {
      int offset = random.nextInt(bytes.length + 10);
      int max = random.nextInt(300_000);
      assertThat(store.read(LOG, offset, max))
          .isEqualTo(
              offset >= bytes.length
                  ? new byte[0]
                  : Arrays.copyOfRange(bytes, offset, Math.min(bytes.length, offset + max)));
    }
  }

  @Test
  void aDamagedChunkIsRefusedAndChangesNothing() throws Exception {
    StreamStore store = store();
    store.append(chunk(LOG, 0, "good", false));
    byte[] zstd = Zstd.compress("evil".getBytes(StandardCharsets.UTF_8));
    for (Chunk bad :
        List.of(
            new Chunk(LOG, 4, 4, new byte[] {1, 2, 3}, false),
            new Chunk(LOG, 4, 3, zstd, false),
            new Chunk(LOG, 4, 5, zstd, false),
            new Chunk(LOG, 4, 4, padded(zstd, zstd.length, 400_000), false),
            new Chunk(LOG, 4, 4, padded(zstd, zstd.length, 100), false),
            new Chunk(LOG, 4, 4, padded(zstd, 0, 100), false),
            new Chunk(LOG, 4, -1, zstd, false),
            new Chunk(LOG, -4, 4, zstd, false),
            new Chunk(LOG, 4, Chunk.MAX_LENGTH + 1, Zstd.compress(new byte[131_073]), false))) {
      assertThatThrownBy(() -> store.append(bad))
          .as(bad.toString())
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("stdio");
    }
    assertThat(text(store, LOG)).isEqualTo("good");
  }

  /** The frame with a skippable one, which holds nothing, at that place. */
  private static byte[] padded(byte[] zstd, int at, int padding) {
    ByteBuffer all = ByteBuffer.allocate(zstd.length + 8 + padding);
    all.order(ByteOrder.LITTLE_ENDIAN).put(zstd, 0, at).putInt(0x184D2A50).putInt(padding);
    return all.position(at + 8 + padding).put(zstd, at, zstd.length - at).array();
  }

  @Test
  void namesArePathsThatLeadNowhere() throws Exception {
    StreamStore store = store();
    List<StreamKey> streams = new ArrayList<>();
    for (String name :
        List.of(
            "dist/a.tar.xz",
            "../../../etc/passwd",
            "..",
            "A",
            "a",
            "con",
            "ääkköset/中文.txt",
            "a%2fb",
            "a/b",
            "x".repeat(500),
            "x".repeat(499) + "y")) {
      streams.add(new StreamKey(BUILD, 0, Kind.ARTIFACT, name));
    }
    for (StreamKey stream : streams) {
      store.append(chunk(stream, 0, stream.name(), true));
    }
    assertThat(store.streams(BUILD)).containsExactlyInAnyOrderElementsOf(streams);
    for (StreamKey stream : streams) {
      assertThat(text(store, stream)).isEqualTo(stream.name());
    }
  }

  @Test
  void followersAreToldUntilTheyClose() throws Exception {
    StreamStore store = store();
    var told = new AtomicInteger();
    var failing =
        store.follow(
            LOG,
            () -> {
              throw new IllegalStateException("a careless reader");
            });
    try (var following = store.follow(LOG, told::incrementAndGet)) {
      store.append(chunk(LOG, 0, "a", false));
      assertThat(told).hasValue(1);
      following.close();
    }
    failing.close();
    store.append(chunk(LOG, 1, "b", false));
    assertThat(told).hasValue(1);
  }

  @Test
  void readersSeeWholePrefixesWhileItGrows() throws Exception {
    StreamStore store = store();
    byte[] all = new byte[3 << 20];
    new Random(1).nextBytes(all);
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      Callable<Long> reader =
          () -> {
            long at = 0;
            while (at < all.length) {
              byte[] got = store.read(LOG, at, 100_000);
              int from = (int) at;
              assertThat(got).isEqualTo(Arrays.copyOfRange(all, from, from + got.length));
              at += got.length;
              if (got.length == 0) {
                Thread.onSpinWait();
              }
            }
            return at;
          };
      List<Future<Long>> readers = new ArrayList<>();
      for (int i = 0; i < 8; i++) {
        readers.add(threads.submit(reader));
      }
      for (int at = 0; at < all.length; at += 65_536) {
        store.append(
            chunk(LOG, at, Arrays.copyOfRange(all, at, at + 65_536), at + 65_536 == all.length));
      }
      for (Future<Long> each : readers) {
        assertThat(each.get()).isEqualTo(all.length);
      }
    }
  }
}
