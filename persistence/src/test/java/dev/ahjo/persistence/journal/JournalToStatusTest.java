package dev.ahjo.persistence.journal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ahjo.core.id.BuildKey;
import dev.ahjo.core.kernel.EntityRef;
import dev.ahjo.core.kernel.Fact;
import dev.ahjo.core.project.Result;
import dev.ahjo.core.status.MemoryStatus;
import dev.ahjo.core.status.Projection;
import dev.ahjo.core.status.StatusStore.Query;
import dev.ahjo.core.status.Story;
import dev.ahjo.persistence.DataFolder;
import dev.ahjo.persistence.formats.FactFormat;
import dev.ahjo.persistence.formats.FactSerializer;
import dev.ahjo.persistence.formats.Recorded;
import dev.ahjo.persistence.status.LiveEvents;
import dev.ahjo.persistence.status.StatusProjection;
import dev.ahjo.persistence.status.StatusTables;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The read tables made from a real journal, with what else stands in one. */
class JournalToStatusTest {
  @TempDir private Path path;
  private final MemoryStatus memory = new MemoryStatus();
  private final Projection plain = new Projection(memory);

  @Test
  void theTablesAreWhatTheJournalTells() throws Exception {
    try (var folder = DataFolder.open(path)) {
      try (var journal = EmbeddedJournal.open(folder)) {
        var story =
            new Story((entity, number, at, facts) -> keep(journal, entity, number, at, facts));
        story.project("zlib", Story.builder("debian"), Story.builder("docs", "debian"));
        story.worker("w1", 60);
        for (int i = 1; i <= 20; i++) {
          story.submit("zlib");
          story.starts("zlib/debian#" + i);
          story.ends("zlib/debian#" + i, i % 3 == 0 ? Result.FAILURE : Result.SUCCESS);
        }
        keepPekkosOwn(journal);
        assertTablesTellIt(journal);
      }
      Files.delete(path.resolve("status.mv.db"));
      try (var journal = EmbeddedJournal.open(folder)) {
        assertTablesTellIt(journal);
      }
    }
  }

  private void assertTablesTellIt(EmbeddedJournal journal) throws Exception {
    var source = new FactFeed(journal);
    try (var tables = StatusTables.open(path, source::end)) {
      var events = new LiveEvents(tables, source);
      try (var projection = StatusProjection.start(tables.views(), source, events, _ -> {})) {
        projection.caughtUp().toCompletableFuture().get(20, TimeUnit.SECONDS);
        assertThat(tables.progress().applied()).isEqualTo(journal.lastOrdering());
        assertThat(tables.builds(Query.ALL)).isEqualTo(memory.builds(Query.ALL));
        assertThat(tables.requests(Query.ALL).items())
            .isEqualTo(memory.requests(Query.ALL).items());
        assertThat(tables.build(BuildKey.parse("zlib/debian#20"))).isPresent();
        assertThat(projection.strangers()).isZero();
        assertThat(events.since(0, 0, 1).getFirst().kind()).isEqualTo("project_defined");
      }
    }
  }

  private void keep(
      EmbeddedJournal journal, EntityRef entity, long number, Instant at, List<Fact> facts) {
    var recorded = new Recorded(at, facts);
    try {
      append(
          journal,
          new Row(
              entity.type().label() + "|" + entity.id(),
              number,
              "writer",
              at.toEpochMilli(),
              "",
              FactSerializer.ID,
              FactFormat.CURRENT.manifest(recorded),
              FactFormat.CURRENT.write(recorded)));
    } catch (IOException unwritable) {
      throw new UncheckedIOException(unwritable);
    }
    facts.forEach(fact -> plain.apply(entity, at, fact));
  }

  private static void keepPekkosOwn(EmbeddedJournal journal) {
    append(
        journal,
        new Row(
            "/sharding/requestCoordinator",
            1,
            "writer",
            0,
            "",
            13,
            "AA",
            "not ours".getBytes(StandardCharsets.UTF_8)));
  }

  private static void append(EmbeddedJournal journal, Row row) {
    journal.writer().append(List.of(row)).join();
  }
}
