package dev.ahjo.core.status;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.groups.Tuple.tuple;

import dev.ahjo.core.build.Build;
import dev.ahjo.core.builder.Builder;
import dev.ahjo.core.buildset.Buildset;
import dev.ahjo.core.id.Attempt;
import dev.ahjo.core.id.BuildKey;
import dev.ahjo.core.id.BuilderKey;
import dev.ahjo.core.id.BuildsetId;
import dev.ahjo.core.id.LockKey;
import dev.ahjo.core.id.PoolName;
import dev.ahjo.core.id.RequestId;
import dev.ahjo.core.id.WorkerName;
import dev.ahjo.core.kernel.EntityRef;
import dev.ahjo.core.kernel.EntityType;
import dev.ahjo.core.kernel.Fact;
import dev.ahjo.core.kernel.Rank;
import dev.ahjo.core.lock.Lock;
import dev.ahjo.core.pool.Pool;
import dev.ahjo.core.project.LockUse;
import dev.ahjo.core.project.Result;
import dev.ahjo.core.request.BuildRequest;
import dev.ahjo.core.request.WaitReason;
import dev.ahjo.core.status.RequestView.AttemptView;
import dev.ahjo.core.status.RequestView.Wait;
import dev.ahjo.core.status.StatusStore.Query;
import dev.ahjo.core.worker.Worker;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The views tell each story as it happened: the facts come from the rules themselves. */
class ProjectionTest {
  private record Told(EntityRef entity, Instant at, List<Fact> facts) {}

  private final MemoryStatus status = new MemoryStatus();
  private final Projection projection = new Projection(status);
  private final List<Told> journal = new ArrayList<>();
  private final Story story = new Story(this::told);

  private void told(EntityRef entity, long sequenceNr, Instant at, List<Fact> facts) {
    journal.add(new Told(entity, at, facts));
    for (Fact fact : facts) {
      assertThat(projection.apply(entity, at, fact)).as("%s is known", entity).isTrue();
      for (BuilderView b : status.builders(Query.ALL).items()) {
        assertThat(b.queued()).as("queue of %s after %s", b.key(), fact).isNotNegative();
        assertThat(b.running()).as("running of %s after %s", b.key(), fact).isNotNegative();
      }
      for (PoolView p : status.pools(Query.ALL).items()) {
        assertThat(List.of(p.workers(), p.available(), p.slots(), p.busy(), p.waiting()))
            .as("%s after %s", p.name(), fact)
            .allMatch(n -> n >= 0);
      }
    }
  }

  /** The counts that are kept one by one are those of the requests there are. */
  @AfterEach
  void countsAreTrue() {
    List<RequestView> requests =
        status.requests(new Query(Map.of(), 1000, Optional.empty())).items();
    for (BuilderView b : status.builders(Query.ALL).items()) {
      assertThat(b.queued())
          .isEqualTo(
              (int)
                  requests.stream()
                      .filter(r -> r.builder().equals(b.key()))
                      .filter(r -> r.state().equals("queued") || r.state().equals("backoff"))
                      .count());
      assertThat(b.running())
          .isEqualTo(
              (int)
                  requests.stream()
                      .filter(r -> r.builder().equals(b.key()) && r.state().equals("running"))
                      .count());
    }
  }

  /** So are those of pools those of their workers, and locks know who has them. */
  @AfterEach
  void poolsAndLocksAreAsTheirEntitiesSay() {
    var all = new Query(Map.of(), 1000, Optional.empty());
    for (PoolView p : status.pools(all).items()) {
      var state = (Pool.State) story.state(EntityRef.of(p.name()));
      var workers =
          status.workers(all).items().stream().filter(w -> w.pool().equals(p.name())).toList();
      var available = workers.stream().filter(w -> w.state().equals("available")).toList();
      assertThat(p)
          .isEqualTo(
              new PoolView(
                  p.name(),
                  workers.size(),
                  available.size(),
                  available.stream().mapToInt(WorkerView::slots).sum(),
                  state.assigned().size(),
                  state.waiting().size()));
    }
    for (LockView l : status.locks(all).items()) {
      var state = (Lock.State) story.state(EntityRef.of(l.key()));
      assertThat(l.count()).isEqualTo(state.count());
      assertThat(l.holders())
          .extracting(c -> new Attempt(c.request(), c.attempt()))
          .containsExactlyInAnyOrderElementsOf(state.holders().keySet());
      assertThat(l.waiting())
          .extracting(c -> new Attempt(c.request(), c.attempt()))
          .containsExactlyElementsOf(
              state.waiting().values().stream().map(Lock.Claim::attempt).toList());
      assertThat(l.unnamed()).isZero();
    }
  }

  @AfterEach
  void theSameFactsMakeTheSameViewsAgain() {
    var again = new MemoryStatus();
    var replay = new Projection(again);
    journal.forEach(t -> t.facts().forEach(f -> replay.apply(t.entity(), t.at(), f)));
    var all = new Query(Map.of(), 1000, Optional.empty());
    assertThat(again.requests(all)).isEqualTo(status.requests(all));
    assertThat(again.builds(all)).isEqualTo(status.builds(all));
    assertThat(again.buildsets(all)).isEqualTo(status.buildsets(all));
    assertThat(again.builders(all)).isEqualTo(status.builders(all));
    assertThat(again.workers(all)).isEqualTo(status.workers(all));
    assertThat(again.locks(all)).isEqualTo(status.locks(all));
    assertThat(again.pools(all)).isEqualTo(status.pools(all));
    assertThat(again.projects(all)).isEqualTo(status.projects(all));
  }

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

  private LockView lock(String key) {
    return status.lock(LockKey.parse(key)).orElseThrow();
  }

  private PoolView pool(String name) {
    return status.pool(new PoolName(name)).orElseThrow();
  }

  @Test
  void aBuildFromSubmitToSuccess() {
    story.project("zlib", Story.builder("debian"));
    var open = story.submit("zlib");
    var id = open.nodes().getFirst().request();
    assertThat(request(id).state()).isEqualTo("queued");
    assertThat(request(id).branch()).isEqualTo("master");
    assertThat(waits(id)).containsExactly("behind_in_queue", "no_worker_with_labels");
    assertThat(builder("zlib/debian").queued()).isEqualTo(1);

    story.passes(Duration.ofSeconds(5));
    story.worker("w1", 2);
    assertThat(request(id).state()).isEqualTo("running");
    assertThat(builder("zlib/debian").queued()).isZero();
    assertThat(builder("zlib/debian").running()).isEqualTo(1);
    assertThat(build("zlib/debian#1").state()).isEqualTo("starting");
    assertThat(build("zlib/debian#1").reason()).isEqualTo("a push");
    assertThat(worker("w1").builds()).containsExactly(BuildKey.parse("zlib/debian#1"));

    story.starts("zlib/debian#1");
    assertThat(build("zlib/debian#1").state()).isEqualTo("running");
    assertThat(build("zlib/debian#1").steps().getFirst().state()).isEqualTo("running");
    assertThat(build("zlib/debian#1").steps().getFirst().command()).isEqualTo("make");

    story.passes(Duration.ofSeconds(10));
    story.ends("zlib/debian#1", Result.SUCCESS);
    var build = build("zlib/debian#1");
    assertThat(build.state()).isEqualTo("finished");
    assertThat(build.result()).contains(Result.SUCCESS);
    assertThat(build.submittedAt()).isEqualTo(Story.BEGIN);
    assertThat(build.startedAt()).contains(Story.BEGIN.plusSeconds(5));
    assertThat(build.finishedAt()).contains(Story.BEGIN.plusSeconds(15));
    assertThat(build.steps().getFirst().streams())
        .containsExactly(new BuildView.StreamView("stdio", false, 1234));
    assertThat(request(id).state()).isEqualTo("finished");
    assertThat(request(id).result()).contains(Result.SUCCESS);
    assertThat(request(id).detail()).isEmpty();
    assertThat(buildset(open.id()).state()).isEqualTo("finished");
    assertThat(buildset(open.id()).nodes().getFirst().build())
        .contains(BuildKey.parse("zlib/debian#1"));
    assertThat(builder("zlib/debian").running()).isZero();
    assertThat(builder("zlib/debian").lastBuild()).contains(BuildKey.parse("zlib/debian#1"));
    assertThat(builder("zlib/debian").lastResult()).contains(Result.SUCCESS);
    assertThat(worker("w1").builds()).isEmpty();
  }

  @Test
  void whatNeedsAnotherIsBlockedUntilThatSucceeds() {
    story.project("zlib", Story.builder("debian"), Story.builder("docs", "debian"));
    story.worker("w1", 1);
    var open = story.submit("zlib");
    var docs = open.nodes().getLast().request();
    assertThat(request(docs).state()).isEqualTo("blocked");
    assertThat(request(docs).needs()).containsExactly(open.nodes().getFirst().request());
    assertThat(waits(docs)).containsExactly("needs_unfinished");
    assertThat(builder("zlib/docs").queued()).isZero();

    story.starts("zlib/debian#1");
    story.ends("zlib/debian#1", Result.SUCCESS);
    assertThat(request(docs).state()).isEqualTo("running");
    story.starts("zlib/docs#1");
    story.ends("zlib/docs#1", Result.FAILURE);
    assertThat(buildset(open.id()).result()).contains(Result.FAILURE);
    assertThat(builder("zlib/docs").lastResult()).contains(Result.FAILURE);
  }

  @Test
  void whatNeededAFailureIsSkipped() {
    story.project("zlib", Story.builder("debian"), Story.builder("docs", "debian"));
    story.worker("w1", 1);
    var open = story.submit("zlib");
    story.starts("zlib/debian#1");
    story.ends("zlib/debian#1", Result.FAILURE);

    var docs = request(open.nodes().getLast().request());
    assertThat(docs.state()).isEqualTo("finished");
    assertThat(docs.result()).contains(Result.SKIPPED);
    assertThat(docs.detail().orElseThrow()).contains("failure");
    assertThat(docs.finishedAt()).contains(story.now());
    assertThat(buildset(open.id()).nodes().getLast().result()).contains(Result.SKIPPED);
    assertThat(buildset(open.id()).state()).isEqualTo("finished");
  }

  @Test
  void aLostWorkerStandsInTheLedgerAndTheNextAttemptSucceeds() {
    story.project("zlib", Story.builder("debian"));
    story.worker("w1", 1);
    var id = story.submit("zlib").nodes().getFirst().request();
    story.starts("zlib/debian#1");
    story.leaves("w1");
    assertThat(worker("w1").state()).isEqualTo("away");
    story.passes(Duration.ofMinutes(3));

    var lost = request(id);
    assertThat(lost.state()).isEqualTo("backoff");
    assertThat(lost.retryAt()).contains(story.now().plusSeconds(1));
    assertThat(builder("zlib/debian").queued()).isEqualTo(1);
    assertThat(lost.attempts())
        .singleElement()
        .satisfies(a -> {
          assertThat(a.cause()).contains("worker_lost");
          assertThat(a.result()).contains(Result.RETRY);
          assertThat(a.finishedAt()).contains(story.now());
        });
    var first = build("zlib/debian#1");
    assertThat(first.result()).contains(Result.RETRY);
    assertThat(first.detail().orElseThrow()).contains("away longer");
    assertThat(first.steps().getFirst().result()).contains(Result.RETRY);
    assertThat(first.steps().getFirst().finishedAt()).contains(story.now());
    assertThat(worker("w1").builds()).isEmpty();

    story.passes(Duration.ofSeconds(1));
    assertThat(request(id).state()).isEqualTo("queued");
    assertThat(request(id).retryAt()).isEmpty();
    story.worker("w2", 1);
    story.starts("zlib/debian#2");
    story.ends("zlib/debian#2", Result.SUCCESS);
    assertThat(request(id).attempts())
        .extracting(AttemptView::number, a -> a.build().toString(), a -> a.worker().value())
        .containsExactly(tuple(1, "zlib/debian#1", "w1"), tuple(2, "zlib/debian#2", "w2"));
    assertThat(request(id).result()).contains(Result.SUCCESS);
    assertThat(request(id).startedAt()).contains(Story.BEGIN);
  }

  @Test
  void attemptsThatAreSpentShelveUntilAPersonPutsItBack() {
    story.project("zlib", Story.builder("debian"));
    var id = story.submit("zlib").nodes().getFirst().request();
    for (int i = 1; i <= 3 && !request(id).state().equals("shelved"); i++) {
      story.worker("w" + i, 1);
      story.starts("zlib/debian#" + i);
      story.leaves("w" + i);
      story.passes(Duration.ofMinutes(3));
      story.passes(Duration.ofSeconds(1));
    }
    assertThat(request(id).state()).isEqualTo("shelved");
    assertThat(request(id).detail().orElseThrow()).contains("different workers");
    assertThat(waits(id)).endsWith("shelved");
    assertThat(builder("zlib/debian").queued()).isZero();
    assertThat(builder("zlib/debian").running()).isZero();

    story.say(EntityRef.of(id), new BuildRequest.Command.Unshelve("ann"));
    assertThat(request(id).state()).isEqualTo("queued");
    assertThat(request(id).detail()).isEmpty();
    assertThat(request(id).attempts()).hasSize(2);
  }

  @Test
  void aCancelledRequestSaysWhoWantedIt() {
    story.project("zlib", Story.builder("debian"));
    var waiting = story.submit("zlib").nodes().getFirst().request();
    story.say(EntityRef.of(waiting), new BuildRequest.Command.Cancel("ann", "not now"));
    assertThat(request(waiting).state()).isEqualTo("cancelled");
    assertThat(request(waiting).detail()).contains("cancelled by ann: not now");

    story.worker("w1", 1);
    var running = story.submit("zlib").nodes().getFirst().request();
    story.starts("zlib/debian#1");
    story.say(EntityRef.of(running), new BuildRequest.Command.Cancel("bob", ""));
    assertThat(request(running).state()).isEqualTo("running");
    assertThat(request(running).detail()).contains("stopping: cancelled by bob");
    assertThat(build("zlib/debian#1").state()).isEqualTo("stopping");
    story.ends("zlib/debian#1", Result.CANCELLED);
    assertThat(request(running).state()).isEqualTo("cancelled");
    assertThat(request(running).detail()).contains("cancelled by bob");
    assertThat(build("zlib/debian#1").result()).contains(Result.CANCELLED);
  }

  @Test
  void aBuildStoppedBeforeItsStepEndedLeavesNoStepRunning() {
    story.project("zlib", Story.builder("debian"));
    story.worker("w1", 1);
    story.submit("zlib");
    story.starts("zlib/debian#1");
    story.say(
        EntityRef.of(BuildKey.parse("zlib/debian#1")),
        new Build.Command.Stop("ann", "too long", Optional.empty()));
    story.leaves("w1");
    story.passes(Duration.ofMinutes(3));
    var build = build("zlib/debian#1");
    assertThat(build.result()).contains(Result.CANCELLED);
    assertThat(build.detail()).contains("stopped by ann: too long");
    assertThat(build.steps().getFirst().result()).contains(Result.CANCELLED);
    assertThat(build.steps().getFirst().state()).isEqualTo("finished");
  }

  @Test
  void aCancelledBuildsetEndsWhatWasNeverOpened() {
    story.project("zlib", Story.builder("debian"), Story.builder("docs", "debian"));
    var open = story.submit("zlib");
    story.say(EntityRef.of(open.id()), new Buildset.Command.Cancel("ann", ""));
    assertThat(request(open.nodes().getFirst().request()).state()).isEqualTo("cancelled");
    assertThat(request(open.nodes().getLast().request()).state()).isEqualTo("cancelled");
    assertThat(buildset(open.id()).state()).isEqualTo("finished");
    assertThat(buildset(open.id()).result()).contains(Result.CANCELLED);
  }

  @Test
  void anOlderRequestOfTheBranchIsMerged() {
    story.project("zlib", Story.collapsing(Story.builder("debian")));
    var older = story.submit("zlib").nodes().getFirst().request();
    story.passes(Duration.ofSeconds(1));
    var newer = story.submit("zlib").nodes().getFirst().request();
    assertThat(request(older).state()).isEqualTo("finished");
    assertThat(request(older).result()).contains(Result.SKIPPED);
    assertThat(request(older).detail()).contains("merged into " + newer);
    assertThat(builder("zlib/debian").queued()).isEqualTo(1);
  }

  @Test
  void aBuildThatNeverBeganHasItsNumber() {
    story.project("zlib", Story.builder("debian"));
    var id = story.submit("zlib").nodes().getFirst().request();
    told(
        EntityRef.of(BuilderKey.parse("zlib/debian")),
        99,
        story.now(),
        List.of(new Builder.Fact.BuildVoided(new Attempt(id, 1), BuildKey.parse("zlib/debian#7"))));
    var build = build("zlib/debian#7");
    assertThat(build.request()).isEqualTo(id);
    assertThat(build.result()).contains(Result.CANCELLED);
    assertThat(build.startedAt()).isEmpty();
    assertThat(build.steps()).isEmpty();
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

  @Test
  void waitsOfARequestThatHasEndedAreOldNews() {
    story.project("zlib", Story.builder("debian"));
    var id = story.submit("zlib").nodes().getFirst().request();
    story.say(EntityRef.of(id), new BuildRequest.Command.Cancel("ann", ""));
    var before = request(id);
    told(
        new EntityRef(EntityType.POOL, "default"),
        1,
        story.now(),
        List.of(
            new Pool.Fact.RequestPassedOver(
                new Attempt(id, 1), new WaitReason(WaitReason.Code.ALL_SLOTS_BUSY, "late"))));
    assertThat(request(id)).isEqualTo(before);
  }

  @Test
  void waitsForTheSameReasonStandOnce() {
    story.project("zlib", Story.builder("debian"));
    var id = story.submit("zlib").nodes().getFirst().request();
    var busy =
        new Pool.Fact.RequestPassedOver(
            new Attempt(id, 1), new WaitReason(WaitReason.Code.ALL_SLOTS_BUSY, "both slots"));
    var pool = new EntityRef(EntityType.POOL, "default");
    told(pool, 1, story.now(), List.of(busy, busy));
    assertThat(waits(id))
        .containsExactly("behind_in_queue", "no_worker_with_labels", "all_slots_busy");
  }

  @Test
  void factsAboutStrangersChangeNothing() {
    assertThat(
            projection.apply(
                EntityRef.of(new RequestId("r1")),
                story.now(),
                new BuildRequest.Fact.RequestUnshelved("ann")))
        .isFalse();
    assertThat(
            projection.apply(
                EntityRef.of(new WorkerName("w1")),
                story.now(),
                new Worker.Fact.WorkerPaused("ann")))
        .isFalse();
    assertThat(status.requests(Query.ALL).items()).isEmpty();
  }

  private RequestView request(RequestId id) {
    return status.request(id).orElseThrow();
  }

  private List<String> waits(RequestId id) {
    return request(id).waits().stream().map(Wait::code).toList();
  }

  private BuildView build(String key) {
    return status.build(BuildKey.parse(key)).orElseThrow();
  }

  private BuildsetView buildset(BuildsetId id) {
    return status.buildset(id).orElseThrow();
  }

  private BuilderView builder(String key) {
    return status.builder(BuilderKey.parse(key)).orElseThrow();
  }

  private WorkerView worker(String name) {
    return status.worker(new WorkerName(name)).orElseThrow();
  }
}
