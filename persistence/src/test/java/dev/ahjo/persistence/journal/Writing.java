package dev.ahjo.persistence.journal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ahjo.persistence.status.FactSource.Entry;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/** Entities on several nodes that append without a pause, whatever happens meanwhile. */
final class Writing implements AutoCloseable {
  private static final int ENTITIES = 20;
  private static final long PATIENCE_SECONDS = 90;

  private final Map<String, Long> acknowledged = new ConcurrentHashMap<>();
  private final Semaphore stored = new Semaphore(0);
  private final AtomicBoolean enough = new AtomicBoolean();
  private final List<CompletableFuture<Void>> ends = new ArrayList<>();

  /** Begins, with the entities spread over the nodes' journals. */
  Writing(List<? extends JdbcJournal> nodes) {
    for (int e = 0; e < ENTITIES; e++) {
      ends.add(goOn(nodes.get(e % nodes.size()), "e" + e, 1));
    }
  }

  /** Each append must be stored in the end. */
  private CompletableFuture<Void> goOn(JdbcJournal journal, String id, long number) {
    return stored(journal, EmbeddedJournalTest.row(id, number, id + "." + number))
        .thenCompose(done -> {
          acknowledged.put(id, number);
          stored.release();
          return enough.get()
              ? CompletableFuture.completedFuture(null)
              : goOn(journal, id, number + 1);
        });
  }

  /** One that was refused may have been stored by an attempt of which nobody heard. */
  private CompletableFuture<Void> stored(JdbcJournal journal, Row row) {
    return journal
        .writer()
        .append(List.of(row))
        .exceptionallyCompose(refused ->
            refused instanceof JournalUnavailable && !enough.get()
                ? stored(journal, row)
                : CompletableFuture.failedFuture(refused));
  }

  /** Returns once so many are acknowledged that nobody has asked for. */
  void awaitStored(int rows) throws InterruptedException {
    assertThat(stored.tryAcquire(rows, PATIENCE_SECONDS, TimeUnit.SECONDS))
        .as("appends go on")
        .isTrue();
  }

  /** Returns once so many are acknowledged from now on. */
  void awaitMore(int rows) throws InterruptedException {
    stored.drainPermits();
    awaitStored(rows);
  }

  /** Ends it: all that was acknowledged is in the feed, once, in order and without a gap. */
  void assertSound(FactFeed feed) throws Exception {
    enough.set(true);
    CompletableFuture.allOf(ends.toArray(CompletableFuture[]::new))
        .get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    assertThat(found(feed)).isEqualTo(acknowledged);
  }

  private static Map<String, Long> found(FactFeed feed) throws IOException {
    Map<String, Long> found = new HashMap<>();
    long place = 0;
    for (var page = feed.after(0, 500); !page.isEmpty(); page = feed.after(place, 500)) {
      for (Entry entry : page) {
        assertThat(entry.offset()).isEqualTo(++place);
        assertThat(entry.sequenceNr()).isEqualTo(found.merge(entry.entity().id(), 1L, Long::sum));
      }
    }
    return found;
  }

  @Override
  public void close() {
    enough.set(true);
  }
}
