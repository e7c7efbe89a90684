package dev.ahjo.core.status;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.groups.Tuple.tuple;

import dev.ahjo.core.build.Build;
import dev.ahjo.core.builder.Builder;
import dev.ahjo.core.buildset.Buildset;
import dev.ahjo.core.id.Attempt;
import dev.ahjo.core.id.BuildKey;
import dev.ahjo.core.id.BuilderKey;
import dev.ahjo.core.id.RequestId;
import dev.ahjo.core.id.WorkerName;
import dev.ahjo.core.kernel.EntityRef;
import dev.ahjo.core.kernel.EntityType;
import dev.ahjo.core.pool.Pool;
import dev.ahjo.core.project.Result;
import dev.ahjo.core.request.BuildRequest;
import dev.ahjo.core.request.WaitReason;
import dev.ahjo.core.status.RequestView.AttemptView;
import dev.ahjo.core.status.StatusStore.Query;
import dev.ahjo.core.worker.Worker;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What became of requests and builds. */
class ProjectionTest extends ProjectionStory {
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
}
