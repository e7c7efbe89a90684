package dev.ahjo.persistence.cassandra;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ahjo.core.kernel.Fact;
import dev.ahjo.core.request.BuildRequest;
import dev.ahjo.persistence.cassandra.server.CassandraRing;
import dev.ahjo.persistence.formats.FactFormat;
import dev.ahjo.persistence.formats.FactSerializer;
import dev.ahjo.persistence.formats.Recorded;
import dev.ahjo.persistence.journal.Row;
import dev.ahjo.persistence.status.FactSource.Entry;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/**
 * A ring of three of which one server stops answering without hanging up, as when its machine loses
 * power. It needs 2 GB and some minutes, so only with {@code -Dahjo.cassandra.ring=3}.
 */
@Tag("processes")
@EnabledIfSystemProperty(named = "ahjo.cassandra.ring", matches = "3")
class HangingServerTest {
  private static final int ENTITIES = 20;
  private static final Duration PHASE = Duration.ofSeconds(20);

  /** One phase: how many writes ended in it, and the longest. */
  private static final class Phase {
    final String name;
    final AtomicLong writes = new AtomicLong();
    final AtomicLong longest = new AtomicLong();

    Phase(String name) {
      this.name = name;
    }

    void wrote(long nanos) {
      writes.incrementAndGet();
      longest.accumulateAndGet(TimeUnit.NANOSECONDS.toMillis(nanos), Math::max);
    }

    @Override
    public String toString() {
      return "%s: %d writes, the longest %d ms".formatted(name, writes.get(), longest.get());
    }
  }

  private volatile Phase phase = new Phase("all answer");
  private volatile boolean writing = true;

  private static FactStore open(CassandraSettings settings, String name) throws IOException {
    return FactStore.open(settings, name, new CausalClock(InstantSource.system()), () -> {});
  }

  /** Writes one entity's rows, one after the other; answers how many. */
  private CompletableFuture<Long> writer(FactStore store, int entity) {
    return CompletableFuture.supplyAsync(
        () -> {
          long number = 0;
          while (writing) {
            Row row = row("request|e" + entity, number + 1);
            long begun = System.nanoTime();
            store.append(List.of(row)).join();
            phase.wrote(System.nanoTime() - begun);
            number++;
          }
          return number;
        },
        task -> Thread.ofVirtual().start(task));
  }

  private static Row row(String entity, long number) {
    var facts =
        new Recorded(
            Instant.parse("2026-11-23T01:02:03Z"),
            List.<Fact>of(new BuildRequest.Fact.RequestUnshelved("eve")));
    try {
      return new Row(
          entity,
          number,
          "writer of " + entity,
          1,
          "",
          FactSerializer.ID,
          FactFormat.CURRENT.manifest(facts),
          FactFormat.CURRENT.write(facts));
    } catch (IOException bug) {
      throw new AssertionError(bug);
    }
  }

  private void next(String name) throws InterruptedException {
    long end = System.nanoTime() + PHASE.toNanos();
    while (System.nanoTime() < end) {
      TimeUnit.MILLISECONDS.sleep(100);
    }
    System.out.println(phase);
    phase = new Phase(name);
  }

  @Test
  void nothingStopsForAServerThatHangs() throws Exception {
    try (CassandraRing ring = CassandraRing.start("127.0.7.", 3, 256)) {
      CassandraSettings settings = TestRing.settings(ring);
      try (FactStore here = open(settings, "here");
          FactStore there = open(settings, "there")) {
        var source = new FeedSource(here.feed());
        Scribe first = Scribe.start(here, source::grown);
        List<CompletableFuture<Long>> writers =
            IntStream.range(0, ENTITIES)
                .mapToObj(i -> writer(i % 2 == 0 ? here : there, i))
                .toList();
        next("one hangs");
        ring.pause(1);
        long paused = source.end();
        first.close();
        // A successor that has never asked anything before, just now.
        Scribe second = Scribe.start(there, source::grown);
        next("one still hangs");
        long late = source.end();
        Phase last = phase;
        next("all answer again");
        assertThat(source.end()).as("rows fed while one server hung").isGreaterThan(late);
        assertThat(late).isGreaterThan(paused);
        assertThat(last.writes.get()).as("%s", last).isGreaterThan(ENTITIES);
        ring.resume(1);
        next("done");
        writing = false;
        long written = 0;
        for (CompletableFuture<Long> writer : writers) {
          written += writer.get(2, TimeUnit.MINUTES);
        }
        awaitEnd(source, written);
        assertSound(source, written);
        assertThat(second.missed()).isZero();
        second.close();
      }
    }
  }

  private static void awaitEnd(FeedSource source, long rows) throws Exception {
    long deadline = System.nanoTime() + TimeUnit.MINUTES.toNanos(2);
    while (source.end() < rows) {
      assertThat(System.nanoTime()).as("%d of %d", source.end(), rows).isLessThan(deadline);
      TimeUnit.MILLISECONDS.sleep(20);
    }
  }

  private static void assertSound(FeedSource source, long rows) throws IOException {
    Map<String, Long> last = new HashMap<>();
    long at = 0;
    while (at < rows) {
      for (Entry entry : source.after(at, 500)) {
        assertThat(entry.offset()).isEqualTo(++at);
        assertThat(entry.sequenceNr())
            .as("next of %s", entry.entity())
            .isEqualTo(last.merge(entry.entity().id(), 1L, Long::sum));
      }
    }
    assertThat(source.end()).isEqualTo(rows);
  }
}
