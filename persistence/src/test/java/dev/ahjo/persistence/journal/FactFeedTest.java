package dev.ahjo.persistence.journal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ahjo.core.kernel.EntityRef;
import dev.ahjo.core.kernel.EntityType;
import dev.ahjo.persistence.DataFolder;
import dev.ahjo.persistence.journal.FactFeed.Item;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FactFeedTest {
  @TempDir Path path;
  private DataFolder folder;
  private EmbeddedJournal journal;
  private final BlockingQueue<Item> fed = new LinkedBlockingQueue<>();

  @BeforeEach
  void open() throws Exception {
    folder = DataFolder.open(path);
    journal = EmbeddedJournal.open(folder);
  }

  @AfterEach
  void close() throws Exception {
    journal.close();
    folder.close();
  }

  private FactFeed feed(long from) {
    return FactFeed.follow(journal, "test", from, (rows, upTo) -> fed.addAll(rows));
  }

  private void append(String id, long number) {
    journal.writer().append(List.of(EmbeddedJournalTest.row(id, number, id))).join();
  }

  private Item next() throws InterruptedException {
    Item item = fed.poll(10, TimeUnit.SECONDS);
    assertThat(item).as("a row within 10 s").isNotNull();
    return item;
  }

  @Test
  void handsOnWhatWasAndThenWhatComes() throws Exception {
    append("r1", 1);
    append("r2", 1);
    try (var feed = feed(0)) {
      assertThat(next().entity()).isEqualTo(new EntityRef(EntityType.REQUEST, "r1"));
      assertThat(next().entity()).isEqualTo(new EntityRef(EntityType.REQUEST, "r2"));
      append("r1", 2);
      Item third = next();
      assertThat(third.sequenceNr()).isEqualTo(2);
      assertThat(third.facts()).isEqualTo(Ledger.row("r1").facts());
      assertThat(third.place()).isEqualTo(3).isEqualTo(journal.lastOrdering());
      assertThat(feed.unreadable()).isZero();
    }
  }

  @Test
  void goesOnFromAnyPlaceAcrossRestarts() throws Exception {
    for (int i = 1; i <= 5; i++) {
      append("r" + i, 1);
    }
    close();
    open();
    append("r6", 1);
    try (var feed = feed(4)) {
      assertThat(next().place()).isEqualTo(5);
      assertThat(next().place()).isEqualTo(6);
      assertThat(feed.unreadable()).isZero();
    }
  }

  @Test
  void aConsumerThatFailsIsGivenTheSameRowsAgain() throws Exception {
    append("r1", 1);
    var calls = new AtomicInteger();
    try (var feed =
        FactFeed.follow(
            journal,
            "test",
            0,
            (rows, upTo) -> {
              if (calls.incrementAndGet() == 1) {
                throw new IllegalStateException("the read tables are locked");
              }
              fed.addAll(rows);
            })) {
      assertThat(next().place()).isEqualTo(1);
      assertThat(calls).hasValue(2);
      assertThat(feed.unreadable()).isZero();
    }
  }

  @Test
  void rowsOfOthersAreNotHandedOnButCounted() throws Exception {
    journal
        .writer()
        .append(List.of(new Row("/sharding/shard", 1, "w", 1, "", 13, "AA", new byte[] {1})))
        .join();
    append("r1", 1);
    try (var feed = feed(0)) {
      assertThat(next().place()).isEqualTo(2);
      assertThat(feed.unreadable()).isZero();
    }
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
    try (var feed = feed(0)) {
      assertThat(next().entity().id()).isEqualTo("r2");
      assertThat(feed.unreadable()).isEqualTo(1);
    }
  }

  @Test
  void noneIsMissedOrDoubledWhileManyWrite() throws Exception {
    int writers = 20;
    int each = 200;
    try (var feed = feed(0)) {
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
      for (long place = 1; place <= (long) writers * each; place++) {
        assertThat(next().place()).isEqualTo(place);
      }
      for (Thread thread : threads) {
        thread.join();
      }
      assertThat(fed).isEmpty();
      assertThat(feed.unreadable()).isZero();
    }
  }
}
