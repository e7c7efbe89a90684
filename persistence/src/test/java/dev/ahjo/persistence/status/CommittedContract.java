package dev.ahjo.persistence.status;

import static dev.ahjo.core.status.Samples.build;
import static dev.ahjo.core.status.Samples.builder;
import static dev.ahjo.core.status.Samples.request;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ahjo.core.status.BuildView;
import dev.ahjo.core.status.StatusContract;
import dev.ahjo.core.status.StatusStore.Query;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What every store does that keeps its tables over the end of the process. */
abstract class CommittedContract extends StatusContract {
  private long offset;

  @Override
  protected abstract CommittedViews views();

  /** The process ends and another begins on the same tables. */
  protected abstract void reopen() throws IOException;

  @Override
  protected void shown() {
    views().commit(++offset);
  }

  @Test
  void whatIsNotCommittedIsNotSeenAndIsForgotten() {
    views().put(request("r1", "zlib/debian", "s1", "queued", null));
    assertThat(store().request(request("r1", "zlib/debian", "s1", "queued", null).id())).isEmpty();
    views().forget();
    shown();
    assertThat(store().requests(Query.ALL).items()).isEmpty();
  }

  @Test
  void viewsAndOffsetOutliveTheProcess() throws IOException {
    views().put(builder("zlib/debian", false));
    views().put(build("zlib/debian#1", "r1", "s1", "w1", "running", null));
    shown();
    reopen();
    assertThat(views().applied()).isEqualTo(1);
    assertThat(store().progress().applied()).isEqualTo(1);
    views().put(build("zlib/debian#2", "r2", "s1", "w1", "running", null));
    shown();
    assertThat(store().builds(query(Map.of("builder", List.of("debian")))).items())
        .extracting(b -> b.key().toString())
        .containsExactly("zlib/debian#2", "zlib/debian#1");
  }

  @Test
  void aDocumentTooLongForARowIsKeptAllTheSame() {
    var small = build("zlib/debian#1", "r1", "s1", "w1", "running", null);
    var large =
        new BuildView(
            small.key(),
            small.request(),
            small.buildset(),
            small.attempt(),
            small.worker(),
            "x".repeat(3_000_000),
            small.state(),
            Optional.empty(),
            Optional.empty(),
            List.of(),
            Map.of(),
            List.of(),
            small.submittedAt(),
            Optional.empty(),
            Optional.empty());
    views().put(large);
    shown();
    views().forget();
    assertThat(store().build(small.key())).contains(large);
    assertThat(views().build(small.key())).contains(large);
    views().put(small);
    shown();
    assertThat(store().build(small.key())).contains(small);
  }
}
