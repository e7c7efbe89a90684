package dev.ahjo.persistence.status;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ahjo.core.kernel.Fact;
import dev.ahjo.core.project.Result;
import dev.ahjo.core.status.BuildView;
import dev.ahjo.core.status.MemoryStatus;
import dev.ahjo.core.status.Projection;
import dev.ahjo.core.status.StatusStore;
import dev.ahjo.core.status.StatusStore.Query;
import dev.ahjo.core.status.Story;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A story with its journal, and what the tables should say of it. */
final class Chronicle {
  final MemoryJournal journal = new MemoryJournal();
  final Story story = new Story(journal);

  /** Some 100 requests that end in every way there is. */
  void aBusyDay() {
    story.project(
        "zlib",
        Story.builder("debian"),
        Story.collapsing(Story.builder("fedora")),
        Story.builder("docs", "debian"));
    story.project("lua", Story.locking(Story.builder("debian"), "db"));
    for (int i = 0; i < 4; i++) {
      story.worker("w" + i, 4);
    }
    var seen = new MemoryStatus();
    var plain = new Projection(seen);
    long read = 0;
    for (int i = 1; i <= 30; i++) {
      story.submit("zlib", i % 3, "debian", "docs");
      story.submit("lua");
      story.submit("zlib", "fedora");
      story.passes(Duration.ofSeconds(1));
      if (i % 7 == 0) {
        story.leaves("w" + i % 4);
        story.passes(Duration.ofMinutes(3));
        story.worker("w" + i % 4, 4);
      }
      read = apply(plain, read, Integer.MAX_VALUE);
      endWhatRuns(seen, i);
    }
  }

  private void endWhatRuns(MemoryStatus seen, int round) {
    int nth = 0;
    for (BuildView build :
        seen.builds(new Query(Map.of("state", List.of("starting")), 1000, Optional.empty()))
            .items()) {
      story.starts(build.key().toString());
      if ((round + nth++) % 5 != 0) {
        story.ends(build.key().toString(), nth % 4 == 0 ? Result.FAILURE : Result.SUCCESS);
      }
    }
  }

  /** Applies so many records after {@code from}; the offset of the last. */
  long apply(Projection projection, long from, int limit) {
    try {
      long offset = from;
      for (FactSource.Entry entry : journal.after(from, limit)) {
        for (Fact fact : entry.facts()) {
          projection.apply(entry.entity(), entry.at(), fact);
        }
        offset = entry.offset();
      }
      return offset;
    } catch (IOException failed) {
      throw new AssertionError(failed);
    }
  }

  void assertSameAsInMemory(StatusStore tables) {
    var memory = new MemoryStatus();
    apply(new Projection(memory), 0, Integer.MAX_VALUE);
    assertThat(everything(tables)).isEqualTo(everything(memory));
  }

  static List<Object> everything(StatusStore store) {
    List<Object> all = new ArrayList<>();
    var query = new Query(Map.of(), StatusStore.MAX_LIMIT, Optional.empty());
    all.add(store.projects(query));
    all.add(store.builders(query));
    all.add(store.buildsets(query).items());
    all.add(store.requests(query).items());
    all.add(store.builds(query).items());
    all.add(store.workers(query));
    all.add(store.locks(query));
    all.add(store.pools(query));
    all.add(store.requestCounts());
    return all;
  }
}
