package dev.ahjo.core;

import dev.ahjo.core.build.Build;
import dev.ahjo.core.builder.Builder;
import dev.ahjo.core.buildset.Buildset;
import dev.ahjo.core.buildset.Planner;
import dev.ahjo.core.buildset.Submission;
import dev.ahjo.core.id.AskId;
import dev.ahjo.core.id.Attempt;
import dev.ahjo.core.id.BuildKey;
import dev.ahjo.core.id.BuilderKey;
import dev.ahjo.core.id.BuilderName;
import dev.ahjo.core.id.BuildsetId;
import dev.ahjo.core.id.ProjectName;
import dev.ahjo.core.id.RequestId;
import dev.ahjo.core.id.WorkerName;
import dev.ahjo.core.kernel.EntityRef;
import dev.ahjo.core.kernel.Message;
import dev.ahjo.core.kernel.Refusal;
import dev.ahjo.core.pool.Pool;
import dev.ahjo.core.port.Entities;
import dev.ahjo.core.port.Entities.Answer;
import dev.ahjo.core.project.Project;
import dev.ahjo.core.project.ProjectDefinition;
import dev.ahjo.core.request.BuildRequest;
import dev.ahjo.core.request.WaitReason;
import dev.ahjo.core.status.BuildView;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.stream.Collectors;

/**
 * What people and programs may ask of the farm. Every method answers once its effect is on disk; a
 * stage that fails with a timeout leaves open whether it was, and may be called again.
 */
public final class Farm {
  private final Entities entities;

  public Farm(Entities entities) {
    this.entities = entities;
  }

  /** What became of a submission. */
  public sealed interface Submitted {
    record Accepted(BuildsetId id, List<RequestLine> requests) implements Submitted {
      public Accepted {
        requests = List.copyOf(requests);
      }
    }

    /** Nothing was opened; each problem names its field. */
    record Wrong(List<Refusal.Invalid> problems) implements Submitted {
      public Wrong {
        problems = List.copyOf(problems);
      }
    }

    record Refused(Refusal why) implements Submitted {}
  }

  /** One request of an accepted submission. */
  public record RequestLine(RequestId id, BuilderKey builder) {}

  public CompletionStage<Answer> define(ProjectDefinition definition, String by) {
    return entities.tell(
        EntityRef.of(definition.name()), new Project.Command.Define(definition, by));
  }

  /** Whether the project is defined in this farm, or was once. */
  public CompletionStage<Boolean> knows(ProjectName project) {
    return entities
        .state(EntityRef.of(project))
        .thenApply(
            state -> !(state instanceof Project.State.Absent absent && absent.version() == 0));
  }

  /** What waits or runs of the project goes on; nothing new is accepted. */
  public CompletionStage<Answer> remove(ProjectName project, String by) {
    return entities.tell(EntityRef.of(project), new Project.Command.Remove(by));
  }

  /**
   * Opens a buildset.
   *
   * @param id made by the caller; the same id and fingerprint a second time changes nothing and
   *     answers the same
   */
  public CompletionStage<Submitted> submit(Submission asked, BuildsetId id, String fingerprint) {
    return entities
        .state(EntityRef.of(id))
        .thenCompose(state -> {
          var opened = Buildset.opened((Buildset.State) state, fingerprint);
          // The project may have been edited since: what it was stands in the buildset.
          return opened.isEmpty()
              ? submitNew(asked, id, fingerprint)
              : CompletableFuture.completedFuture(
                  new Submitted.Accepted(
                      id,
                      new TreeMap<>(opened)
                          .entrySet().stream()
                              .map(r -> new RequestLine(r.getKey(), r.getValue()))
                              .toList()));
        });
  }

  private CompletionStage<Submitted> submitNew(
      Submission asked, BuildsetId id, String fingerprint) {
    return entities
        .state(EntityRef.of(asked.project()))
        .thenCompose(state ->
            state instanceof Project.State.Defined project
                ? open(
                    Planner.plan(project.definition(), project.version(), asked, id, fingerprint))
                : CompletableFuture.completedFuture(
                    new Submitted.Refused(
                        new Refusal.NotFound("project", asked.project().value()))));
  }

  private CompletionStage<Submitted> open(Planner.Planned planned) {
    return switch (planned) {
      case Planner.Planned.Wrong wrong ->
          CompletableFuture.completedFuture(new Submitted.Wrong(wrong.problems()));
      case Planner.Planned.Ready ready ->
          entities
              .tell(EntityRef.of(ready.open().id()), ready.open())
              .thenApply(answer ->
                  switch (answer) {
                    case Answer.Done _ ->
                        new Submitted.Accepted(
                            ready.open().id(),
                            ready.open().nodes().stream()
                                .map(n -> new RequestLine(n.request(), n.spec().builder()))
                                .toList());
                    case Answer.Refused refused -> new Submitted.Refused(refused.why());
                  });
    };
  }

  /** The same sources and properties once more, as a buildset of its own. */
  public CompletionStage<Submitted> rebuild(
      BuildView build, int priority, String by, BuildsetId id, String fingerprint) {
    Map<String, Submission.StampWish> stamps =
        build.stamps().stream()
            .collect(
                Collectors.toMap(
                    s -> s.repository(),
                    s -> new Submission.StampWish(Optional.of(s.branch()), s.revision())));
    Map<String, String> properties =
        build.properties().entrySet().stream()
            .filter(p -> p.getValue().source().equals("submit"))
            .collect(Collectors.toMap(Map.Entry::getKey, p -> p.getValue().value()));
    BuilderName builder = build.key().builder().builder();
    return submit(
        new Submission(
            build.key().builder().project(),
            List.of(builder),
            Optional.empty(),
            Optional.empty(),
            stamps,
            properties,
            priority,
            "rebuild of " + build.key(),
            by),
        id,
        fingerprint);
  }

  public CompletionStage<Answer> cancel(BuildsetId buildset, String by, String reason) {
    return because(reason, EntityRef.of(buildset), new Buildset.Command.Cancel(by, reason));
  }

  public CompletionStage<Answer> cancel(RequestId request, String by, String reason) {
    return because(reason, EntityRef.of(request), new BuildRequest.Command.Cancel(by, reason));
  }

  private CompletionStage<Answer> because(String reason, EntityRef to, Message command) {
    return reason.length() > Submission.MAX_REASON
        ? CompletableFuture.completedFuture(
            new Answer.Refused(
                new Refusal.Invalid(
                    "reason", "expected at most " + Submission.MAX_REASON + " characters")))
        : entities.tell(to, command);
  }

  /** Puts a shelved request back, with all its attempts before it; ends a backoff early. */
  public CompletionStage<Answer> retry(RequestId request, String by) {
    return entities.tell(EntityRef.of(request), new BuildRequest.Command.Unshelve(by));
  }

  public CompletionStage<Answer> prioritise(RequestId request, int priority, String by) {
    return Math.abs(priority) > Submission.MAX_PRIORITY
        ? CompletableFuture.completedFuture(
            new Answer.Refused(
                new Refusal.Invalid(
                    "priority",
                    "expected a number from -%d to %d, but found %d"
                        .formatted(Submission.MAX_PRIORITY, Submission.MAX_PRIORITY, priority))))
        : entities.tell(EntityRef.of(request), new BuildRequest.Command.Prioritise(priority, by));
  }

  /**
   * @param ask made by the caller, once for each thing that a person asks for
   */
  public CompletionStage<Answer> stop(BuildKey build, String by, String reason, AskId ask) {
    return because(
        reason, EntityRef.of(build), new Build.Command.Stop(by, reason, Optional.of(ask)));
  }

  /**
   * For a build that is being stopped: ends also the step that runs although it is.
   *
   * @param ask as of {@link #stop}; the same a second time changes nothing
   */
  public CompletionStage<Answer> stopAgain(BuildKey build, String by, String reason, AskId ask) {
    return because(
        reason, EntityRef.of(build), new Build.Command.StopAgain(by, reason, Optional.of(ask)));
  }

  public CompletionStage<Answer> pause(WorkerName worker, String by) {
    return entities.tell(EntityRef.of(worker), new dev.ahjo.core.worker.Worker.Command.Pause(by));
  }

  public CompletionStage<Answer> drain(WorkerName worker, String by) {
    return entities.tell(EntityRef.of(worker), new dev.ahjo.core.worker.Worker.Command.Drain(by));
  }

  public CompletionStage<Answer> resume(WorkerName worker, String by) {
    return entities.tell(EntityRef.of(worker), new dev.ahjo.core.worker.Worker.Command.Resume(by));
  }

  /** Why a request waits right now, from those who make it wait; empty when it does not wait. */
  public CompletionStage<List<WaitReason>> why(RequestId request) {
    return entities
        .state(EntityRef.of(request))
        .thenCompose(state ->
            switch (state) {
              case BuildRequest.State.Queued s -> whyQueued(s.body());
              case BuildRequest.State.Backoff s ->
                  now(new WaitReason(WaitReason.Code.BACKOFF, "tries again at " + s.until()));
              case BuildRequest.State.Shelved s ->
                  now(new WaitReason(WaitReason.Code.SHELVED, s.verdict()));
              default -> now();
            });
  }

  private static CompletionStage<List<WaitReason>> now(WaitReason... reasons) {
    return CompletableFuture.completedFuture(List.of(reasons));
  }

  private CompletionStage<List<WaitReason>> whyQueued(BuildRequest.Body body) {
    var attempt = new Attempt(body.id(), body.made() + 1);
    return entities
        .state(EntityRef.of(body.spec().builder()))
        .thenCombine(
            entities.state(EntityRef.of(body.spec().pool())),
            (builder, pool) -> {
              var inQueue = Builder.why((Builder.State) builder, attempt);
              if (inQueue != null) {
                return List.of(inQueue);
              }
              var inPool = Pool.why((Pool.State) pool, attempt);
              return List.of(
                  inPool != null
                      ? inPool
                      : new WaitReason(WaitReason.Code.STARTING, "its build is about to start"));
            });
  }
}
