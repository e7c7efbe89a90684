package dev.ahjo.persistence.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.github.luben.zstd.Zstd;
import dev.ahjo.core.id.BuildKey;
import dev.ahjo.core.log.Chunk;
import dev.ahjo.core.log.StreamKey;
import dev.ahjo.core.log.StreamKey.Kind;
import dev.ahjo.core.port.StreamStore.Appended;
import dev.ahjo.core.port.StreamStore.Appended.Stored;
import dev.ahjo.core.port.StreamStore.Extent;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a store of streams keeps that several nodes write. */
abstract class SharedStreamContract extends StreamStoreContract {
  private static final Instant NOW = Instant.parse("2026-11-20T12:00:00Z");

  private final List<SharedStreamStore> open = new ArrayList<>();
  private Instant now = NOW;
  private SharedStreamStore store;

  /** Removes all that is in the database. */
  abstract void empty() throws Exception;

  /** As another node would open it. */
  abstract SharedStreamStore another(Growth growth) throws Exception;

  /** Frames that are in the database. */
  abstract long chunks() throws Exception;

  /** One on tables that are there after a kill of the server. */
  abstract SharedStreamStore thatOutlivesKills() throws Exception;

  /** What messages call the database. */
  abstract String place();

  abstract void kill() throws Exception;

  abstract void restart() throws Exception;

  final InstantSource clock() {
    return () -> now;
  }

  @BeforeEach
  void open() throws Exception {
    empty();
    store = another();
  }

  @AfterEach
  void close() {
    open.forEach(SharedStreamStore::close);
  }

  @Override
  SharedStreamStore store() {
    return store;
  }

  private SharedStreamStore another() throws Exception {
    return kept(another(new Followers()));
  }

  private SharedStreamStore kept(SharedStreamStore opened) {
    open.add(opened);
    return opened;
  }

  @Test
  void anotherNodeGoesOnWhereTheFirstStopped() throws Exception {
    byte[] all = bytes(1, 3_000_000);
    int at = 0;
    var random = new Random(2);
    while (at < all.length) {
      int length = Math.min(all.length - at, random.nextInt(Chunk.MAX_LENGTH) + 1);
      var chunk =
          chunk(LOG, at, Arrays.copyOfRange(all, at, at + length), at + length == all.length);
      assertThat(another().append(chunk))
          .isEqualTo(new Stored(at + length, true, at + length == all.length));
      assertThat(another().extent(LOG))
          .contains(new Extent(at + length, at + length == all.length));
      at += length;
    }
    assertThat(store.read(LOG, 0, 4_000_000)).isEqualTo(all);
    assertThat(another().append(chunk(LOG, all.length, "more", false)))
        .isEqualTo(new Stored(all.length, true, true));
  }

  /** A worker has moved from one node's gate to another's, and what it had sent comes late. */
  @Test
  void whatComesLateThroughAnotherNodeChangesNothing() throws Exception {
    var first = store;
    var second = another();
    first.append(chunk(LOG, 0, "0123", false));
    assertThat(second.append(chunk(LOG, 4, "456789", false)))
        .isEqualTo(new Stored(10, true, false));
    // The first has not heard of that.
    assertThat(first.append(chunk(LOG, 4, "45", false))).isInstanceOf(Stored.class);
    assertThat(first.append(chunk(LOG, 4, "456789ab", false))).isInstanceOf(Stored.class);
    assertThat(text(second, LOG)).isEqualTo("0123456789ab");
    assertThat(second.extent(LOG)).contains(new Extent(12, false));
    assertThat(second.append(chunk(LOG, 12, "cd", true))).isEqualTo(new Stored(14, true, true));
    assertThat(first.append(chunk(LOG, 14, "beyond", false))).isEqualTo(new Stored(14, true, true));
    assertThat(text(first, LOG)).isEqualTo("0123456789abcd");
  }

  /**
   * Whatever two nodes are sent of one stream, cut as it comes, late, twice and at the same time.
   */
  @Test
  void twoNodesMayWriteOneStreamAtTheSameTime() throws Exception {
    for (int seed = 1; seed <= 3; seed++) {
      var stream = new StreamKey(BUILD, seed, Kind.LOG, "stdio");
      byte[] all = bytes(seed, 1_600_000);
      try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
        List<Future<Integer>> writers = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
          var node = another();
          var random = new Random(seed * 100L + i);
          Callable<Integer> writer = () -> write(node, stream, all, random);
          writers.add(threads.submit(writer));
        }
        Callable<Integer> reader = () -> readPrefixes(another(), stream, all);
        writers.add(threads.submit(reader));
        for (Future<Integer> each : writers) {
          each.get(60, TimeUnit.SECONDS);
        }
      }
      assertThat(another().extent(stream)).contains(new Extent(all.length, true));
      assertThat(another().read(stream, 0, all.length + 1)).isEqualTo(all);
      var random = new Random(seed);
      for (int i = 0; i < 50; i++) {
        int from = random.nextInt(all.length);
        int max = random.nextInt(400_000);
        assertThat(store.read(stream, from, max))
            .isEqualTo(Arrays.copyOfRange(all, from, Math.min(all.length, from + max)));
      }
    }
  }

  /** Sends as an agent does that is unsure of what has arrived: from any place up to the end. */
  private static int write(SharedStreamStore node, StreamKey stream, byte[] all, Random random) {
    long end = 0;
    int sent = 0;
    boolean closed = false;
    while (!closed) {
      int from = (int) Math.max(0, end - (random.nextInt(3) == 0 ? random.nextInt(200_000) : 0));
      if (random.nextInt(10) == 0) {
        from = random.nextInt(all.length); // beyond the end of what it has
      }
      int length = Math.min(all.length - from, 1 + random.nextInt(Chunk.MAX_LENGTH));
      byte[] raw = Arrays.copyOfRange(all, from, from + length);
      var answer = node.append(chunk(stream, from, raw, from + length == all.length));
      assertThat(answer).isInstanceOf(Stored.class);
      var stored = (Stored) answer;
      assertThat(stored.safe()).isTrue();
      assertThat(stored.offset()).isGreaterThanOrEqualTo(end);
      end = stored.offset();
      closed = stored.closed();
      sent++;
    }
    return sent;
  }

  private static int readPrefixes(SharedStreamStore node, StreamKey stream, byte[] all)
      throws Exception {
    int at = 0;
    long seen = 0;
    while (at < all.length) {
      long extent = node.extent(stream).map(Extent::size).orElse(0L);
      assertThat(extent).as("an end never goes back").isGreaterThanOrEqualTo(seen);
      seen = extent;
      byte[] got = node.read(stream, at, 300_000);
      assertThat(got).isEqualTo(Arrays.copyOfRange(all, at, at + got.length));
      assertThat(at + got.length).isGreaterThanOrEqualTo((int) Math.min(extent, at + 300_000));
      at += got.length;
    }
    return at;
  }

  @Test
  void followersOnAnotherNodeHearThroughTheNews() throws Exception {
    var news = new Followers();
    var writer = kept(another(news));
    var reader = kept(another(news));
    var told = new AtomicInteger();
    try (var following = reader.follow(LOG, told::incrementAndGet)) {
      writer.append(chunk(LOG, 0, "a", false));
      assertThat(told).hasValue(1);
      following.close();
      writer.append(chunk(LOG, 1, "b", false));
      assertThat(told).hasValue(1);
    }
  }

  @Test
  void followersOnAnotherNodeFindOutWhenTheNewsAreLost() throws Exception {
    var reader = another();
    var told = new AtomicInteger();
    try (var following = reader.follow(LOG, told::incrementAndGet)) {
      assertThat(following).isNotNull();
      another().append(chunk(LOG, 0, "a", false));
      long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
      while (told.get() == 0) {
        assertThat(System.nanoTime()).as("told in time").isLessThan(deadline);
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(5));
      }
    }
  }

  @Test
  void whatIsOldGoesAndLeavesAMark() throws Exception {
    now = NOW.minus(Duration.ofDays(8));
    var old = log(1);
    store.append(chunk(old, 0, bytes(1, 100_000), false));
    store.append(chunk(old, 100_000, "end", true));
    now = NOW.minus(Duration.ofDays(2));
    store.append(chunk(log(2), 0, "younger", true));
    now = NOW;

    var pruned = another().prune(Duration.ofDays(7), Long.MAX_VALUE, NOW);
    assertThat(pruned.builds()).isEqualTo(1);
    assertThat(pruned.bytes()).isGreaterThan(100_000);
    assertThat(store.extent(old)).isEmpty();
    assertThat(store.read(old, 0, 10)).isEmpty();
    assertThat(store.streams(old.build())).isEmpty();
    assertThat(another().pruned(old.build())).isTrue();
    assertThat(store.pruned(log(2).build())).isFalse();
    assertThat(text(store, log(2))).isEqualTo("younger");
    assertThat(another().append(chunk(old, 0, "late", false)))
        .isEqualTo(new Stored(4, true, false));
    assertThat(store.extent(old)).isEmpty();
    assertThat(chunks()).isEqualTo(1);
    assertThat(another().prune(Duration.ofDays(7), Long.MAX_VALUE, NOW)).isEqualTo(Pruned.NOTHING);
  }

  @Test
  void theOldestGoUntilTheRestFits() throws Exception {
    long each = 0;
    for (int i = 1; i <= 4; i++) {
      now = NOW.minus(Duration.ofHours(10 - i));
      store.append(chunk(log(i), 0, bytes(i, 100_000), true));
      each = Zstd.compress(bytes(i, 100_000)).length;
    }
    now = NOW.minus(Duration.ofMinutes(1));
    store.append(chunk(log(5), 0, bytes(5, 100_000), false));
    now = NOW;
    var pruned = store.prune(Duration.ofDays(7), 2 * each + 1000, NOW);
    assertThat(pruned.builds()).isEqualTo(2);
    assertThat(store.pruned(log(1).build())).isTrue();
    assertThat(store.pruned(log(2).build())).isTrue();
    assertThat(store.extent(log(3))).contains(new Extent(100_000, true));
    // What was just written to stays, whatever its size.
    assertThat(store.prune(Duration.ofDays(7), 0, NOW).builds()).isEqualTo(2);
    assertThat(store.extent(log(5))).contains(new Extent(100_000, false));
  }

  @Test
  void aBuildThatStillWritesIsNotOld() throws Exception {
    now = NOW.minus(Duration.ofDays(8));
    store.append(chunk(LOG, 0, "begun long ago", false));
    now = Instant.now();
    store.append(chunk(LOG, 14, ", written now", false));
    assertThat(store.prune(Duration.ofDays(7), Long.MAX_VALUE, now)).isEqualTo(Pruned.NOTHING);
    assertThat(text(store, LOG)).isEqualTo("begun long ago, written now");
  }

  /** What an agent does: it sends from where the store stands, until its end is stored. */
  @Test
  void whatWasStoredSurvivesAnOutageAndTheRestFollows() throws Exception {
    try (var node = thatOutlivesKills()) {
      overAnOutage(node);
    }
  }

  private void overAnOutage(SharedStreamStore node) throws Exception {
    byte[] all = bytes(3, 4_000_000);
    var stored = new AtomicLong();
    var busy = new AtomicInteger();
    var kill = new CompletableFuture<Void>();
    var agent =
        CompletableFuture.runAsync(
            () -> {
              boolean closed = false;
              while (!closed) {
                int from = (int) stored.get();
                int length = Math.min(16_384, all.length - from);
                byte[] raw = Arrays.copyOfRange(all, from, from + length);
                switch (node.append(chunk(LOG, from, raw, from + length == all.length))) {
                  case Stored s -> {
                    assertThat(s.offset()).isGreaterThanOrEqualTo(from);
                    stored.set(s.offset());
                    closed = s.closed();
                  }
                  case Appended.Busy b -> {
                    assertThat(b.reason()).contains(place());
                    busy.incrementAndGet();
                    LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
                  }
                }
                if (stored.get() > 1_000_000) {
                  kill.complete(null);
                }
              }
            },
            thread -> Thread.ofVirtual().start(thread));
    kill.get(60, TimeUnit.SECONDS);
    kill();
    long before = stored.get();
    assertThat(agent).isNotDone();
    assertThatThrownBy(() -> node.read(LOG, 0, 10)).isInstanceOf(IOException.class);
    assertThatThrownBy(() -> node.extent(LOG)).isInstanceOf(UncheckedIOException.class);
    restart();
    agent.get(90, TimeUnit.SECONDS);
    assertThat(busy).as("times it was told to wait").hasPositiveValue();
    assertThat(before).isLessThan(all.length);
    assertThat(node.extent(LOG)).contains(new Extent(all.length, true));
    assertThat(node.read(LOG, 0, all.length + 1)).isEqualTo(all);
  }

  private static StreamKey log(int number) {
    return new StreamKey(new BuildKey(BUILD.builder(), number), 0, Kind.LOG, "stdio");
  }

  static byte[] bytes(int seed, int length) {
    byte[] all = new byte[length];
    new Random(seed).nextBytes(all);
    byte[] line = ("line of " + seed + "\n").getBytes(StandardCharsets.UTF_8);
    System.arraycopy(line, 0, all, 0, Math.min(length, line.length));
    return all;
  }
}
