package dev.ahjo.persistence.journal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ahjo.persistence.jdbc.PostgresServer;
import dev.ahjo.persistence.jdbc.PostgresSettings;
import dev.ahjo.persistence.postgres.PostgresSchema;
import dev.ahjo.persistence.postgres.server.PostgresExtension;
import dev.ahjo.persistence.postgres.server.PostgresProcess;
import dev.ahjo.persistence.status.FactSource.Entry;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@Tag("processes")
@ExtendWith(PostgresExtension.class)
class PostgresJournalTest extends FactFeedContract {
  private final PostgresSettings settings;

  PostgresJournalTest(PostgresProcess server) throws IOException {
    settings = server.settings(server.freshSchema());
    PostgresSchema.create(settings);
  }

  @Override
  PostgresJournal journal() throws IOException {
    return PostgresJournal.open(new PostgresServer(settings, "test"));
  }

  @Test
  void keepsPekkosContractForJournals() throws Exception {
    try (var journal = journal()) {
      PekkoSpec.assertJournal(journal.config());
    }
  }

  @Test
  void keepsPekkosContractForSnapshotStores() throws Exception {
    try (var journal = journal()) {
      PekkoSpec.assertSnapshots(journal.config());
    }
  }

  @Test
  void ofTwoIncarnationsOfAnEntityOneGoesOn() throws Exception {
    try (var one = journal();
        var other = journal()) {
      for (int n = 1; n <= 50; n++) {
        var first = one.writer().append(List.of(EmbeddedJournalTest.row("r1", n, "one")));
        var second = other.writer().append(List.of(EmbeddedJournalTest.row("r1", n, "twoo")));
        int stored = 0;
        for (var each : List.of(first, second)) {
          try {
            each.get(20, TimeUnit.SECONDS);
            stored++;
          } catch (java.util.concurrent.ExecutionException refused) {
            assertThat(refused).hasMessageContaining("request|r1 #" + n);
          }
        }
        assertThat(stored).isEqualTo(1);
      }
      assertThat(new FactFeed(one).after(0, 100)).hasSize(50);
    }
  }

  @Test
  void rowsDecidedAtOnceAreStoredAtOnceOrNotAtAll() throws Exception {
    try (var journal = journal()) {
      journal.writer().append(List.of(EmbeddedJournalTest.row("r1", 2, "taken"))).join();
      assertThatThrownBy(() ->
              journal
                  .writer()
                  .append(
                      List.of(
                          EmbeddedJournalTest.row("r1", 1, "x"),
                          EmbeddedJournalTest.row("r1", 2, "y")))
                  .join())
          .isInstanceOf(CompletionException.class);
      assertThat(new FactFeed(journal).after(0, 10)).hasSize(1);
    }
  }

  /** Entities on two nodes that write without a pause; who reads sees no gap, whenever he looks. */
  @Test
  void whoReadsARowHasSeenAllBeforeIt() throws Exception {
    try (var one = journal();
        var other = journal();
        var reader = journal()) {
      int each = 150;
      var feed = new FactFeed(reader);
      List<CompletableFuture<Void>> writers = new ArrayList<>();
      for (int e = 0; e < 20; e++) {
        writers.add(chain(e % 2 == 0 ? one : other, "e" + e, 1, each));
      }
      var all = CompletableFuture.allOf(writers.toArray(CompletableFuture[]::new));
      long place = 0;
      while (place < 20L * each && !all.isCompletedExceptionally()) {
        for (Entry entry : feed.after(place, 200)) {
          assertThat(entry.offset()).isEqualTo(place + 1);
          place = entry.offset();
        }
      }
      all.get(20, TimeUnit.SECONDS);
      assertThat(place).isEqualTo(20L * each);
      reader.look();
      assertThat(feed.end()).isEqualTo(place);
    }
  }

  private static CompletableFuture<Void> chain(
      JdbcJournal journal, String id, long number, long last) {
    return journal
        .writer()
        .append(List.of(EmbeddedJournalTest.row(id, number, id + "." + number)))
        .thenCompose(stored ->
            number == last
                ? CompletableFuture.completedFuture(null)
                : chain(journal, id, number + 1, last));
  }

  @Test
  void whatWasAcknowledgedSurvivesAKillOfTheServer(PostgresProcess server) throws Exception {
    try (var one = journal();
        var other = journal();
        var writing = new Writing(List.of(one, other))) {
      for (int kills = 0; kills < 2; kills++) {
        writing.awaitStored(2_000);
        server.kill();
        server.restart();
      }
      writing.awaitMore(500);
      writing.assertSound(new FactFeed(one));
    }
  }
}
