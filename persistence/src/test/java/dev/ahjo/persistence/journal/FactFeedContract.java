package dev.ahjo.persistence.journal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ahjo.core.kernel.EntityRef;
import dev.ahjo.core.kernel.EntityType;
import dev.ahjo.persistence.status.FactSource.Entry;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What the facts of a journal are to those who read them, whatever it is kept in. */
abstract class FactFeedContract {
  private JdbcJournal journal;
  private FactFeed feed;

  /** The test's own journal, empty at first; opened again after it was closed. */
  abstract JdbcJournal journal() throws Exception;

  @BeforeEach
  void begin() throws Exception {
    journal = journal();
    feed = new FactFeed(journal);
  }

  @AfterEach
  void end() throws Exception {
    journal.close();
  }

  private void append(String id, long number) {
    journal.writer().append(List.of(EmbeddedJournalTest.row(id, number, id))).join();
  }

  @Test
  void handsOnWhatWasAndTellsOfWhatComes() throws Exception {
    append("r1", 1);
    append("r2", 1);
    assertThat(feed.after(0, 10))
        .extracting(Entry::entity)
        .containsExactly(
            new EntityRef(EntityType.REQUEST, "r1"), new EntityRef(EntityType.REQUEST, "r2"));
    assertThat(feed.after(2, 10)).isEmpty();

    var told = new Semaphore(0);
    try (var subscription = feed.onAppend(told::release)) {
      append("r1", 2);
      assertThat(told.tryAcquire(10, TimeUnit.SECONDS)).as("told within 10 s").isTrue();
      assertThat(subscription).isNotNull();
    }
    var third = feed.after(2, 10).getFirst();
    assertThat(third.sequenceNr()).isEqualTo(2);
    assertThat(third.facts()).isEqualTo(Ledger.row("r1").facts());
    assertThat(third.offset()).isEqualTo(3).isEqualTo(feed.end());
    append("r1", 3);
    assertThat(told.tryAcquire()).as("told after it has ended").isFalse();
    assertThat(feed.unreadable()).isZero();
  }

  @Test
  void goesOnFromAnyPlaceAcrossRestarts() throws Exception {
    for (int i = 1; i <= 5; i++) {
      append("r" + i, 1);
    }
    end();
    begin();
    append("r6", 1);
    assertThat(feed.after(4, 10)).extracting(Entry::offset).containsExactly(5L, 6L);
    assertThat(feed.after(1, 2)).extracting(Entry::offset).containsExactly(2L, 3L);
  }

  @Test
  void rowsOfOthersAreNotHandedOnAndAreNoEnd() throws Exception {
    for (int i = 1; i <= 5; i++) {
      journal
          .writer()
          .append(List.of(new Row("/sharding/shard", i, "w", 1, "", 13, "AA", new byte[] {1})))
          .join();
    }
    append("r1", 1);
    assertThat(feed.after(0, 2)).extracting(Entry::offset).containsExactly(6L);
    assertThat(feed.unreadable()).isZero();
  }

  /** A node of the version before must not read on as if it had not been. */
  @Test
  void whatANewerVersionWroteIsWaitedForAndNotPassedOver() throws Exception {
    append("r1", 1);
    Row sound = EmbeddedJournalTest.row("r2", 1, "x");
    journal
        .writer()
        .append(
            List.of(
                new Row(
                    sound.persistenceId(),
                    1,
                    sound.writer(),
                    1,
                    "",
                    sound.serializer(),
                    "wizard.1",
                    sound.payload())))
        .join();
    append("r3", 1);
    assertThat(feed.after(0, 10)).extracting(e -> e.entity().id()).containsExactly("r1");
    assertThatThrownBy(() -> feed.after(1, 10))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("a newer one has to go on");
    assertThat(feed.unreadable()).isZero();
  }

  @Test
  void aDamagedRowIsPassedOverAndCounted() throws Exception {
    Row sound = EmbeddedJournalTest.row("r1", 1, "x");
    journal
        .writer()
        .append(
            List.of(
                new Row(
                    sound.persistenceId(),
                    1,
                    sound.writer(),
                    1,
                    "",
                    sound.serializer(),
                    sound.manifest(),
                    new byte[] {0, 1, 2})))
        .join();
    append("r2", 1);
    assertThat(feed.after(0, 10)).extracting(e -> e.entity().id()).containsExactly("r2");
    assertThat(feed.unreadable()).isEqualTo(1);
  }

  @Test
  void noneIsMissedOrDoubledWhileManyWrite() throws Exception {
    int writers = 20;
    int each = 200;
    long all = (long) writers * each;
    var told = new Semaphore(0);
    try (var subscription = feed.onAppend(told::release)) {
      List<Thread> threads = new ArrayList<>();
      for (int w = 0; w < writers; w++) {
        String id = "w" + w;
        threads.add(
            Thread.startVirtualThread(() -> {
              for (int n = 1; n <= each; n++) {
                append(id, n);
              }
            }));
      }
      assertThat(subscription).isNotNull();
      assertThat(read(told, all))
          .containsExactlyElementsOf(LongStream.rangeClosed(1, all).boxed().toList());
      for (Thread thread : threads) {
        thread.join();
      }
    }
    assertThat(feed.after(all, 10)).isEmpty();
  }

  private List<Long> read(Semaphore told, long upTo) throws IOException, InterruptedException {
    List<Long> places = new ArrayList<>();
    long place = 0;
    while (place < upTo) {
      var entries = feed.after(place, 50);
      if (entries.isEmpty()) {
        assertThat(told.tryAcquire(10, TimeUnit.SECONDS)).as("told within 10 s").isTrue();
      } else {
        entries.forEach(e -> places.add(e.offset()));
        place = entries.getLast().offset();
      }
    }
    return places;
  }
}
