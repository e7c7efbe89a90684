package dev.ahjo.core.status;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.groups.Tuple.tuple;

import dev.ahjo.core.buildset.Buildset;
import dev.ahjo.core.id.Attempt;
import dev.ahjo.core.id.BuilderKey;
import dev.ahjo.core.id.LockKey;
import dev.ahjo.core.id.PoolName;
import dev.ahjo.core.id.WorkerName;
import dev.ahjo.core.kernel.EntityRef;
import dev.ahjo.core.kernel.EntityType;
import dev.ahjo.core.kernel.Rank;
import dev.ahjo.core.lock.Lock;
import dev.ahjo.core.project.LockUse;
import dev.ahjo.core.project.Result;
import dev.ahjo.core.status.StatusStore.Query;
import dev.ahjo.core.worker.Worker;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What builds are built by: workers, locks, builders. */
class FarmProjectionTest extends ProjectionStory {
  @Test
  void aLockTellsWhoHasItAndWhoWaits() {
    story.project(
        "zlib",
        Story.locking(Story.builder("debian"), "db"),
        Story.locking(Story.builder("fedora"), "db"));
    story.worker("w1", 4);
    assertThat(lock("zlib/db").holders()).isEmpty();
    var open = story.submit("zlib", "debian");
    story.passes(Duration.ofSeconds(3));
    var later = story.submit("zlib", "fedora");
    var urgent = story.submit("zlib", 7, "fedora");

    assertThat(lock("zlib/db").holders())
        .containsExactly(
            new LockView.ClaimView(
                open.nodes().getFirst().request(),
                1,
                BuilderKey.parse("zlib/debian"),
                LockUse.Mode.EXCLUSIVE,
                new Rank(0, Story.BEGIN, open.nodes().getFirst().request()),
                Story.BEGIN));
    assertThat(lock("zlib/db").waiting())
        .extracting(LockView.ClaimView::request)
        .containsExactly(urgent.nodes().getFirst().request(), later.nodes().getFirst().request());
    assertThat(pool("default")).isEqualTo(new PoolView(new PoolName("default"), 1, 1, 4, 1, 0));

    story.starts("zlib/debian#1");
    story.ends("zlib/debian#1", Result.SUCCESS);
    assertThat(lock("zlib/db").holders())
        .extracting(LockView.ClaimView::request)
        .containsExactly(urgent.nodes().getFirst().request());
    assertThat(lock("zlib/db").waiting()).hasSize(1);

    story.project("zlib", Story.builder("debian"));
    assertThat(lock("zlib/db").removed()).isTrue();
    assertThat(status.locks(Query.ALL).items()).as("in use").hasSize(1);
    story.say(EntityRef.of(later.id()), new Buildset.Command.Cancel("ann", "no longer wanted"));
    story.starts("zlib/fedora#1");
    story.ends("zlib/fedora#1", Result.SUCCESS);
    assertThat(status.locks(Query.ALL).items()).isEmpty();
  }

  @Test
  void moreThanCanBeNamedWaitForALock() {
    var views = new MemoryStatus();
    var plain = new Projection(views);
    // What becomes of them at the lock is told below.
    var crowd =
        new Story((entity, _, at, facts) -> {
          if (entity.type() != EntityType.LOCK) {
            facts.forEach(f -> plain.apply(entity, at, f));
          }
        });
    crowd.project("zlib", Story.locking(Story.builder("debian"), "db"));
    int all = LockView.MAX_NAMED + 5;
    var key = LockKey.parse("zlib/db");
    var builder = BuilderKey.parse("zlib/debian");
    List<Attempt> attempts = new ArrayList<>();
    for (int i = 0; i < all; i++) {
      var open = crowd.submit("zlib");
      attempts.add(new Attempt(open.nodes().getFirst().request(), 1));
    }
    for (Attempt attempt : attempts) {
      var rank = new Rank(0, Story.BEGIN, attempt.request());
      var claim = new Lock.Claim(attempt, builder, LockUse.Mode.EXCLUSIVE, rank);
      plain.apply(EntityRef.of(key), Story.BEGIN, new Lock.Fact.LockWanted(key, claim));
    }
    assertThat(views.lock(key).orElseThrow().waiting()).hasSize(LockView.MAX_NAMED);
    assertThat(views.lock(key).orElseThrow().unnamed()).isEqualTo(5);
    for (Attempt attempt : attempts) {
      plain.apply(EntityRef.of(key), Story.BEGIN, new Lock.Fact.LockGranted(key, attempt));
      assertThat(views.lock(key).orElseThrow().holders())
          .extracting(LockView.ClaimView::builder, LockView.ClaimView::mode)
          .containsExactly(tuple(builder, LockUse.Mode.EXCLUSIVE));
      plain.apply(EntityRef.of(key), Story.BEGIN, new Lock.Fact.LockReleased(attempt));
    }
    assertThat(views.lock(key)).contains(new LockView(key, 1, false, List.of(), List.of(), 0));
  }

  @Test
  void aWorkerIsSeenInEachOfItsStates() {
    story.worker("w1", 1);
    var ref = EntityRef.of(new WorkerName("w1"));
    assertThat(worker("w1").state()).isEqualTo("available");
    story.say(ref, new Worker.Command.Pause("ann"));
    assertThat(worker("w1").state()).isEqualTo("paused");
    story.say(ref, new Worker.Command.Drain("ann"));
    assertThat(worker("w1").state()).isEqualTo("draining");
    story.leaves("w1");
    assertThat(worker("w1").state()).isEqualTo("away");
    assertThat(worker("w1").connected()).isFalse();
    story.worker("w1", 1);
    assertThat(worker("w1").state()).isEqualTo("draining");
    story.say(ref, new Worker.Command.Resume("ann"));
    assertThat(worker("w1").state()).isEqualTo("available");
  }

  @Test
  void aWorkerThatLosesBuildAfterBuildIsQuarantined() {
    story.project("zlib", Story.builder("debian"));
    story.worker("w1", Worker.STRIKES);
    for (int i = 1; i <= Worker.STRIKES; i++) {
      story.submit("zlib");
      story.starts("zlib/debian#" + i);
    }
    story.leaves("w1");
    story.passes(Duration.ofMinutes(3));
    assertThat(worker("w1").state()).isEqualTo("away");
    story.worker("w1", Worker.STRIKES);
    assertThat(worker("w1").state()).isEqualTo("quarantined");
    assertThat(worker("w1").quarantinedUntil()).isPresent();
    story.passes(Duration.ofHours(2));
    assertThat(worker("w1").state()).isEqualTo("available");
    assertThat(worker("w1").quarantinedUntil()).isEmpty();
  }

  @Test
  void aBuilderThatLeavesItsProjectIsRemovedAndComesBackWithItsPast() {
    story.project("zlib", Story.builder("debian"), Story.builder("fedora"));
    story.worker("w1", 1);
    story.submit("zlib", "fedora");
    story.starts("zlib/fedora#1");
    story.ends("zlib/fedora#1", Result.SUCCESS);
    story.project("zlib", Story.builder("debian"));
    assertThat(builder("zlib/fedora").removed()).isTrue();
    assertThat(builder("zlib/debian").removed()).isFalse();
    story.project("zlib", Story.builder("fedora"));
    assertThat(builder("zlib/fedora").removed()).isFalse();
    assertThat(builder("zlib/fedora").lastResult()).contains(Result.SUCCESS);
  }
}
