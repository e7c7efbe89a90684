package dev.ahjo.core.status;

import dev.ahjo.core.id.RequestId;
import dev.ahjo.core.kernel.EntityRef;
import dev.ahjo.core.project.Result;
import dev.ahjo.core.request.BuildRequest;
import dev.ahjo.core.request.BuildRequest.Tried;
import dev.ahjo.core.request.Ending;
import dev.ahjo.core.request.WaitReason;
import dev.ahjo.core.status.RequestView.AttemptView;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** What a request's facts mean to its view. */
final class RequestProjection {
  private static final String STOPPING = "stopping: ";

  private final Views views;

  RequestProjection(Views views) {
    this.views = views;
  }

  boolean apply(EntityRef entity, Instant at, BuildRequest.Fact fact) {
    var known = views.request(new RequestId(entity.id()));
    known.ifPresent(view -> {
      var after = after(view, at, fact);
      views.put(after);
      count(view, after, fact, at);
    });
    return known.isPresent();
  }

  private static RequestView after(RequestView v, Instant at, BuildRequest.Fact fact) {
    return switch (fact) {
      case BuildRequest.Fact.RequestOpened _ -> state(v, "queued", Optional.empty());
      case BuildRequest.Fact.AttemptStarted f ->
          started(
              v,
              new AttemptView(
                  f.attempt(),
                  f.build(),
                  f.worker(),
                  at,
                  Optional.empty(),
                  Optional.empty(),
                  Optional.empty(),
                  Optional.empty(),
                  Optional.empty()),
              at);
      case BuildRequest.Fact.AttemptLost f ->
          retrying(
              waiting(
                  state(tried(v, f.tried(), at), "backoff", Optional.empty()),
                  at,
                  new WaitReason(WaitReason.Code.BACKOFF, "backs off until " + f.retryAt())),
              Optional.of(f.retryAt()));
      case BuildRequest.Fact.BackoffEnded _ ->
          retrying(state(v, "queued", Optional.empty()), Optional.empty());
      case BuildRequest.Fact.RequestShelved f ->
          waiting(
              state(tried(v, f.tried(), at), "shelved", Optional.of(f.verdict())),
              at,
              new WaitReason(WaitReason.Code.SHELVED, f.verdict()));
      case BuildRequest.Fact.RequestUnshelved _ -> state(v, "queued", Optional.empty());
      case BuildRequest.Fact.PriorityChanged f -> prioritised(v, f.priority());
      case BuildRequest.Fact.CancelWanted f ->
          state(v, v.state(), Optional.of(STOPPING + by("cancelled", f.by(), f.reason())));
      case BuildRequest.Fact.RequestCancelled f ->
          ended(
              v,
              "cancelled",
              Result.CANCELLED,
              Optional.of(by("cancelled", f.by(), f.reason())),
              at);
      case BuildRequest.Fact.RequestCollapsed f ->
          ended(v, "finished", Result.SKIPPED, Optional.of("merged into " + f.into()), at);
      case BuildRequest.Fact.RequestFinished f ->
          ended(
              tried(v, f.tried(), at),
              f.result() == Result.CANCELLED ? "cancelled" : "finished",
              f.result(),
              f.result() == Result.CANCELLED ? whyCancelled(v, f.tried()) : Optional.empty(),
              at);
    };
  }

  /** An attempt that is lost while it is being stopped says nothing of who wanted that. */
  private static Optional<String> whyCancelled(RequestView v, Tried tried) {
    return tried.ending() instanceof Ending.Stopped s
        ? Optional.of(by("cancelled", s.by(), s.reason()))
        : v.detail().map(d -> d.startsWith(STOPPING) ? d.substring(STOPPING.length()) : d);
  }

  static String by(String what, String by, String reason) {
    return what + " by " + by + (reason.isEmpty() ? "" : ": " + reason);
  }

  /** Keeps the lengths of the builder's queue, and what its last build was. */
  private void count(RequestView before, RequestView after, BuildRequest.Fact fact, Instant at) {
    int queued = queued(after) - queued(before);
    int running = running(after) - running(before);
    var done =
        fact instanceof BuildRequest.Fact.RequestFinished f
            ? Optional.of(f)
            : Optional.<BuildRequest.Fact.RequestFinished>empty();
    if (queued != 0 || running != 0 || done.isPresent()) {
      views
          .builder(after.builder())
          .ifPresent(b ->
              views.put(
                  new BuilderView(
                      b.key(),
                      b.tags(),
                      b.pool(),
                      b.labels(),
                      b.limit(),
                      b.removed(),
                      b.queued() + queued,
                      b.running() + running,
                      done.map(f -> f.tried().build()).or(b::lastBuild),
                      done.map(BuildRequest.Fact.RequestFinished::result).or(b::lastResult),
                      done.isPresent() ? Optional.of(at) : b.lastFinishedAt())));
    }
  }

  private static int queued(RequestView v) {
    return v.state().equals("queued") || v.state().equals("backoff") ? 1 : 0;
  }

  private static int running(RequestView v) {
    return v.state().equals("running") ? 1 : 0;
  }

  private static RequestView tried(RequestView v, Tried tried, Instant at) {
    List<AttemptView> attempts =
        v.attempts().stream()
            .map(a -> a.number() == tried.attempt() ? ended(a, tried.ending(), at) : a)
            .toList();
    return copy(
        v,
        v.state(),
        v.result(),
        v.detail(),
        v.priority(),
        attempts,
        v.waits(),
        v.startedAt(),
        v.finishedAt(),
        v.retryAt());
  }

  private static AttemptView ended(AttemptView a, Ending ending, Instant at) {
    return switch (ending) {
      case Ending.Completed e ->
          new AttemptView(
              a.number(),
              a.build(),
              a.worker(),
              a.startedAt(),
              Optional.of(at),
              Optional.of(e.result()),
              Optional.empty(),
              Optional.empty(),
              Optional.empty());
      case Ending.Stopped e ->
          new AttemptView(
              a.number(),
              a.build(),
              a.worker(),
              a.startedAt(),
              Optional.of(at),
              Optional.of(Result.CANCELLED),
              Optional.empty(),
              Optional.empty(),
              Optional.of(by("stopped", e.by(), e.reason())));
      case Ending.Transient e ->
          new AttemptView(
              a.number(),
              a.build(),
              a.worker(),
              a.startedAt(),
              Optional.of(at),
              Optional.of(Result.RETRY),
              Optional.of(e.cause().name().toLowerCase(Locale.ROOT)),
              Optional.of(e.rule()),
              Optional.of(e.detail()));
    };
  }

  private static RequestView started(RequestView v, AttemptView attempt, Instant at) {
    return copy(
        v,
        "running",
        v.result(),
        Optional.empty(),
        v.priority(),
        Projection.plus(v.attempts(), attempt, RequestView.MAX_WAITS),
        v.waits(),
        v.startedAt().or(() -> Optional.of(at)),
        v.finishedAt(),
        Optional.empty());
  }

  private static RequestView state(RequestView v, String state, Optional<String> detail) {
    return copy(
        v,
        state,
        v.result(),
        detail,
        v.priority(),
        v.attempts(),
        v.waits(),
        v.startedAt(),
        v.finishedAt(),
        v.retryAt());
  }

  private static RequestView retrying(RequestView v, Optional<Instant> at) {
    return copy(
        v,
        v.state(),
        v.result(),
        v.detail(),
        v.priority(),
        v.attempts(),
        v.waits(),
        v.startedAt(),
        v.finishedAt(),
        at);
  }

  private static RequestView prioritised(RequestView v, int priority) {
    return copy(
        v,
        v.state(),
        v.result(),
        v.detail(),
        priority,
        v.attempts(),
        v.waits(),
        v.startedAt(),
        v.finishedAt(),
        v.retryAt());
  }

  static RequestView waiting(RequestView v, Instant at, WaitReason reason) {
    var wait = new RequestView.Wait(at, reason.code().label(), reason.detail());
    if (!v.waits().isEmpty() && sameAgain(v.waits().getLast(), wait)) {
      return v;
    }
    return copy(
        v,
        v.state(),
        v.result(),
        v.detail(),
        v.priority(),
        v.attempts(),
        Projection.plus(v.waits(), wait, RequestView.MAX_WAITS),
        v.startedAt(),
        v.finishedAt(),
        v.retryAt());
  }

  private static boolean sameAgain(RequestView.Wait before, RequestView.Wait now) {
    return before.code().equals(now.code()) && before.detail().equals(now.detail());
  }

  static RequestView ended(
      RequestView v, String state, Result result, Optional<String> detail, Instant at) {
    return copy(
        v,
        state,
        Optional.of(result),
        detail,
        v.priority(),
        v.attempts(),
        v.waits(),
        v.startedAt(),
        Optional.of(at),
        Optional.empty());
  }

  private static RequestView copy(
      RequestView v,
      String state,
      Optional<Result> result,
      Optional<String> detail,
      int priority,
      List<AttemptView> attempts,
      List<RequestView.Wait> waits,
      Optional<Instant> startedAt,
      Optional<Instant> finishedAt,
      Optional<Instant> retryAt) {
    return new RequestView(
        v.id(),
        v.builder(),
        v.buildset(),
        state,
        result,
        detail,
        priority,
        v.reason(),
        v.by(),
        v.branch(),
        v.needs(),
        attempts,
        waits,
        v.submittedAt(),
        startedAt,
        finishedAt,
        retryAt);
  }
}
