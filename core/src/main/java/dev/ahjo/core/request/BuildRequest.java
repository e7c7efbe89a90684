package dev.ahjo.core.request;

import static dev.ahjo.core.kernel.Decision.accept;
import static dev.ahjo.core.kernel.Decision.alreadySo;
import static dev.ahjo.core.kernel.Decision.refuse;

import dev.ahjo.core.buildset.Buildset;
import dev.ahjo.core.buildset.RequestSpec;
import dev.ahjo.core.id.Attempt;
import dev.ahjo.core.id.BuildKey;
import dev.ahjo.core.id.BuildsetId;
import dev.ahjo.core.id.RequestId;
import dev.ahjo.core.id.WorkerName;
import dev.ahjo.core.kernel.Decision;
import dev.ahjo.core.kernel.Duty;
import dev.ahjo.core.kernel.Entity;
import dev.ahjo.core.kernel.EntityRef;
import dev.ahjo.core.kernel.EntityType;
import dev.ahjo.core.kernel.Message;
import dev.ahjo.core.kernel.Rank;
import dev.ahjo.core.kernel.Refusal;
import dev.ahjo.core.project.Result;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.pcollections.HashTreePMap;
import org.pcollections.PMap;
import org.pcollections.PVector;
import org.pcollections.TreePVector;

/**
 * One builder asked to build one set of source stamps; owns the retries. It waits in its builder's
 * queue, an attempt takes it, it finishes. A transient failure sends it back to wait, with backoff,
 * until its attempts are spent; then it is shelved, and only a person puts it back. An attempt that
 * its worker would not begin, for want of disk, is in the ledger and spends nothing: a full worker
 * must not shelve what nobody has run.
 */
public final class BuildRequest
    implements Entity<BuildRequest.Command, BuildRequest.State, BuildRequest.Fact> {
  /**
   * Attempts that no worker began cost nothing but time, up to so many: with the longest of the
   * usual backoffs they last for most of a day.
   */
  public static final int MAX_REFUSALS = 100;

  public sealed interface Command extends Message {
    record Open(
        RequestId id, BuildsetId buildset, RequestSpec spec, int priority, Instant submittedAt)
        implements Command {}

    /** The builder has a worker's slot for that attempt, and has numbered its build. */
    record Take(int attempt, BuildKey build, WorkerName worker) implements Command {}

    record EndAttempt(int attempt, BuildKey build, Ending ending) implements Command {}

    record BackoffOver(int attempt) implements Command {}

    /** The builder has merged this request into a newer one. */
    record Collapse(int attempt, RequestId into) implements Command {}

    record Cancel(String by, String reason) implements Command {}

    record Unshelve(String by) implements Command {}

    record Prioritise(int priority, String by) implements Command {}
  }

  /** What a request says to its builder and its build. */
  public sealed interface HandsOn extends Message {
    /**
     * @param avoid workers that lost an earlier attempt
     */
    record Enqueue(Attempt attempt, RequestSpec spec, Rank rank, Set<WorkerName> avoid)
        implements HandsOn {
      public Enqueue {
        avoid = Set.copyOf(avoid);
      }
    }

    /**
     * This attempt and all before it are over, or will never be: the builder lets go of them.
     *
     * @param last the last build that the request took; what the builder gave to any other began
     *     nowhere, and nobody else will free its slot
     */
    record Release(Attempt attempt, Optional<BuildKey> last) implements HandsOn {}

    record StartBuild(
        BuildKey build, Attempt attempt, BuildsetId buildset, WorkerName worker, RequestSpec spec)
        implements HandsOn {}

    record StopBuild(BuildKey build, String by, String reason) implements HandsOn {}
  }

  public sealed interface Fact extends dev.ahjo.core.kernel.Fact {
    record RequestOpened(
        RequestId id, BuildsetId buildset, RequestSpec spec, int priority, Instant submittedAt)
        implements Fact {}

    record AttemptStarted(int attempt, BuildKey build, WorkerName worker) implements Fact {}

    /** A transient end; the next attempt comes at {@code retryAt}. */
    record AttemptLost(Tried tried, Instant retryAt) implements Fact {}

    record BackoffEnded(int attempt) implements Fact {}

    /** A transient end that leaves no attempt: a person must look. */
    record RequestShelved(Tried tried, String verdict) implements Fact {}

    record RequestUnshelved(String by) implements Fact {}

    record PriorityChanged(int priority, String by) implements Fact {}

    /** Somebody wants the running attempt stopped, and no other. */
    record CancelWanted(String by, String reason) implements Fact {}

    record RequestCancelled(String by, String reason) implements Fact {}

    record RequestCollapsed(RequestId into) implements Fact {}

    record RequestFinished(Tried tried, Result result) implements Fact {}
  }

  /** A line of the ledger: one attempt that has ended. */
  public record Tried(int attempt, BuildKey build, WorkerName worker, Ending ending) {}

  /**
   * What stays the same or only grows.
   *
   * @param made attempts started so far; the fence grows over un-shelving too
   * @param forgiven attempts that no longer count, since a person put the request back
   */
  public record Body(
      RequestId id,
      BuildsetId buildset,
      RequestSpec spec,
      int priority,
      Instant submittedAt,
      int made,
      int forgiven,
      PVector<Tried> ledger) {
    Body started() {
      return new Body(id, buildset, spec, priority, submittedAt, made + 1, forgiven, ledger);
    }

    Body tried(Tried line) {
      return new Body(id, buildset, spec, priority, submittedAt, made, forgiven, ledger.plus(line));
    }

    Body pardoned() {
      return new Body(id, buildset, spec, priority, submittedAt, made, made, ledger);
    }

    Body prioritised(int to) {
      return new Body(id, buildset, spec, to, submittedAt, made, forgiven, ledger);
    }
  }

  public sealed interface State {
    record Absent() implements State {}

    record Queued(Body body) implements State {}

    record Running(Body body, BuildKey build, WorkerName worker, Optional<Fact.CancelWanted> cancel)
        implements State {}

    record Backoff(Body body, Instant until) implements State {}

    record Shelved(Body body, String verdict) implements State {}

    /** Ended for good: finished, cancelled or collapsed. */
    record Ended(Body body, Result result, Optional<BuildKey> build) implements State {}
  }

  @Override
  public EntityType type() {
    return EntityType.REQUEST;
  }

  @Override
  public State initial(String id) {
    return new State.Absent();
  }

  @Override
  public Command understand(Message message) {
    return switch (message) {
      case Buildset.HandsOn.OpenRequest m ->
          new Command.Open(m.id(), m.buildset(), m.spec(), m.priority(), m.submittedAt());
      case Buildset.HandsOn.CancelRequest m -> new Command.Cancel(m.by(), m.reason());
      default -> (Command) message;
    };
  }

  private record When(State state, Command command) {}

  @Override
  public Decision<Fact> decide(State state, Command command, Instant now) {
    return switch (new When(state, command)) {
      case When(State.Absent _, Command.Open c) ->
          accept(
              new Fact.RequestOpened(
                  c.id(), c.buildset(), c.spec(), c.priority(), c.submittedAt()));
      case When(State _, Command.Open _) -> alreadySo();
      case When(State.Absent _, Command _) -> refuse(new Refusal.NotFound("request", ""));

      case When(State.Queued s, Command.Take c) when c.attempt() == s.body().made() + 1 ->
          accept(new Fact.AttemptStarted(c.attempt(), c.build(), c.worker()));
      case When(State.Running s, Command.Take c) when s.build().equals(c.build()) -> alreadySo();
      case When(State s, Command.Take c) ->
          hasTried(body(s), c.build()) ? alreadySo() : refuse(superseded(c.attempt(), s));

      case When(State.Running s, Command.EndAttempt c) when c.build().equals(s.build()) ->
          accept(afterAttempt(s, c, now));
      case When(State s, Command.EndAttempt c) ->
          hasTried(body(s), c.build()) ? alreadySo() : refuse(superseded(c.attempt(), s));

      case When(State.Backoff s, Command.BackoffOver c) when c.attempt() == s.body().made() ->
          accept(new Fact.BackoffEnded(c.attempt()));
      case When(State _, Command.BackoffOver _) -> alreadySo();

      case When(State.Queued s, Command.Collapse c) when c.attempt() == s.body().made() + 1 ->
          accept(new Fact.RequestCollapsed(c.into()));
      case When(State.Ended _, Command.Collapse _) -> alreadySo();
      case When(State s, Command.Collapse c) -> refuse(superseded(c.attempt(), s));

      case When(State.Running s, Command.Cancel c) ->
          s.cancel().isPresent() ? alreadySo() : accept(new Fact.CancelWanted(c.by(), c.reason()));
      case When(State.Ended s, Command.Cancel _) ->
          s.result() == Result.CANCELLED
              ? alreadySo()
              : refuse("a request that has not ended", label(s));
      case When(State _, Command.Cancel c) -> accept(new Fact.RequestCancelled(c.by(), c.reason()));

      case When(State.Shelved _, Command.Unshelve c) -> accept(new Fact.RequestUnshelved(c.by()));
      case When(State.Backoff s, Command.Unshelve _) ->
          accept(new Fact.BackoffEnded(s.body().made()));
      case When(State s, Command.Unshelve _) ->
          putBack(s) ? alreadySo() : refuse("a shelved request", label(s));

      case When(State.Ended s, Command.Prioritise _) ->
          refuse("a request that has not ended", label(s));
      case When(State s, Command.Prioritise c) ->
          body(s).priority() == c.priority()
              ? alreadySo()
              : accept(new Fact.PriorityChanged(c.priority(), c.by()));
    };
  }

  /** It waits for another attempt, or is in the first one since a person put it back. */
  private static boolean putBack(State state) {
    return switch (state) {
      case State.Queued s -> s.body().made() > 0;
      case State.Running s -> s.body().forgiven() > 0 && lost(s.body()) == 1;
      case State.Absent _, State.Backoff _, State.Shelved _, State.Ended _ -> false;
    };
  }

  private static Fact afterAttempt(State.Running s, Command.EndAttempt c, Instant now) {
    var tried = new Tried(c.attempt(), c.build(), s.worker(), c.ending());
    return switch (c.ending()) {
      case Ending.Completed e -> new Fact.RequestFinished(tried, e.result());
      case Ending.Stopped _ -> new Fact.RequestFinished(tried, Result.CANCELLED);
      case Ending.Transient _ when s.cancel().isPresent() ->
          new Fact.RequestFinished(tried, Result.CANCELLED);
      case Ending.Transient _ -> retryOrShelve(s.body().tried(tried), tried, now);
    };
  }

  private static Fact retryOrShelve(Body body, Tried tried, Instant now) {
    var policy = body.spec().plan().retry();
    int spent = spent(body);
    if (spent >= policy.limit()) {
      return new Fact.RequestShelved(tried, "all " + policy.limit() + " attempts are spent");
    }
    if (lost(body) - spent >= MAX_REFUSALS) {
      return new Fact.RequestShelved(
          tried,
          "workers have refused it " + MAX_REFUSALS + " times, the last time: " + why(tried));
    }
    return Evidence.accusesBuild(body)
        .<Fact>map(verdict -> new Fact.RequestShelved(tried, verdict))
        .orElseGet(() -> new Fact.AttemptLost(tried, now.plus(policy.backoff(lost(body)))));
  }

  private static String why(Tried tried) {
    return tried.ending() instanceof Ending.Transient t ? t.detail() : "";
  }

  /** Attempts since a person last put the request back, begun or not. */
  private static int lost(Body body) {
    return body.made() - body.forgiven();
  }

  /** How many of the attempts count against the limit, of those in the ledger. */
  public static int spent(Body body) {
    return (int)
        body.ledger().stream()
            .filter(t -> t.attempt() > body.forgiven())
            .filter(t -> !(t.ending() instanceof Ending.Transient e && e.neverBegan()))
            .count();
  }

  private static Refusal superseded(int attempt, State found) {
    return new Refusal.Superseded("attempt " + attempt, label(found));
  }

  private static boolean hasTried(Body body, BuildKey build) {
    return body.ledger().stream().anyMatch(t -> t.build().equals(build));
  }

  /** A state's name as users know it. */
  public static String label(State state) {
    return switch (state) {
      case State.Absent _ -> "absent";
      case State.Queued _ -> "queued";
      case State.Running _ -> "running";
      case State.Backoff _ -> "backoff";
      case State.Shelved _ -> "shelved";
      case State.Ended s -> s.result() == Result.CANCELLED ? "cancelled" : "finished";
    };
  }

  /**
   * What every state but the first knows.
   *
   * @throws IllegalStateException for an absent request
   */
  public static Body body(State state) {
    return switch (state) {
      case State.Absent _ -> throw new IllegalStateException("an absent request knows nothing");
      case State.Queued s -> s.body();
      case State.Running s -> s.body();
      case State.Backoff s -> s.body();
      case State.Shelved s -> s.body();
      case State.Ended s -> s.body();
    };
  }

  @Override
  public State evolve(State before, Fact fact) {
    return switch (fact) {
      case Fact.RequestOpened f ->
          new State.Queued(
              new Body(
                  f.id(),
                  f.buildset(),
                  f.spec(),
                  f.priority(),
                  f.submittedAt(),
                  0,
                  0,
                  TreePVector.empty()));
      case Fact.AttemptStarted f ->
          new State.Running(body(before).started(), f.build(), f.worker(), Optional.empty());
      case Fact.AttemptLost f -> new State.Backoff(body(before).tried(f.tried()), f.retryAt());
      case Fact.BackoffEnded _ -> new State.Queued(body(before));
      case Fact.RequestShelved f -> new State.Shelved(body(before).tried(f.tried()), f.verdict());
      case Fact.RequestUnshelved _ -> new State.Queued(body(before).pardoned());
      case Fact.PriorityChanged f -> withBody(before, body(before).prioritised(f.priority()));
      case Fact.CancelWanted f -> {
        var running = (State.Running) before;
        yield new State.Running(running.body(), running.build(), running.worker(), Optional.of(f));
      }
      case Fact.RequestCancelled _ ->
          new State.Ended(body(before), Result.CANCELLED, Optional.empty());
      case Fact.RequestCollapsed _ ->
          new State.Ended(body(before), Result.SKIPPED, Optional.empty());
      case Fact.RequestFinished f ->
          new State.Ended(
              body(before).tried(f.tried()), f.result(), Optional.of(f.tried().build()));
    };
  }

  private static State withBody(State before, Body body) {
    return switch (before) {
      case State.Absent s -> s;
      case State.Queued _ -> new State.Queued(body);
      case State.Running s -> new State.Running(body, s.build(), s.worker(), s.cancel());
      case State.Backoff s -> new State.Backoff(body, s.until());
      case State.Shelved s -> new State.Shelved(body, s.verdict());
      case State.Ended s -> new State.Ended(body, s.result(), s.build());
    };
  }

  @Override
  public PMap<String, Duty> duties(State state) {
    return switch (state) {
      case State.Absent _ -> HashTreePMap.empty();
      case State.Queued s -> whileQueued(s.body());
      case State.Running s -> whileRunning(s);
      case State.Backoff s ->
          released(s.body(), s.body().made())
              .plus(
                  "wake",
                  new Duty.Wake(
                      s.until(),
                      Duration.ZERO,
                      s.body().spec().plan().retry().backoff(lost(s.body())),
                      new Command.BackoffOver(s.body().made())));
      case State.Shelved s -> released(s.body(), s.body().made());
      case State.Ended s -> whenEnded(s);
    };
  }

  private static PMap<String, Duty> whileQueued(Body body) {
    int next = body.made() + 1;
    var enqueue =
        new Duty.Tell(
            EntityRef.of(body.spec().builder()),
            new HandsOn.Enqueue(
                new Attempt(body.id(), next),
                body.spec(),
                new Rank(body.priority(), body.submittedAt(), body.id()),
                avoided(body)));
    return released(body, body.made())
        .plus(
            "queue:" + next, body.made() == 0 ? enqueue : enqueue.after("release:" + body.made()));
  }

  /** Another worker than those that lost it, where one fits. */
  private static Set<WorkerName> avoided(Body body) {
    return body.ledger().stream()
        .filter(
            t -> t.ending() instanceof Ending.Transient e && e.cause() != Ending.Cause.RETRY_RULE)
        .map(Tried::worker)
        .collect(Collectors.toSet());
  }

  private static PMap<String, Duty> whileRunning(State.Running s) {
    var to = EntityRef.of(s.build());
    var body = s.body();
    PMap<String, Duty> duties =
        HashTreePMap.singleton(
            "start",
            new Duty.Tell(
                to,
                new HandsOn.StartBuild(
                    s.build(),
                    new Attempt(body.id(), body.made()),
                    body.buildset(),
                    s.worker(),
                    body.spec())));
    return s.cancel()
        .map(c ->
            duties.plus(
                "stop",
                new Duty.Tell(to, new HandsOn.StopBuild(s.build(), c.by(), c.reason()))
                    .after("start")))
        .orElse(duties);
  }

  private static PMap<String, Duty> whenEnded(State.Ended s) {
    // One that ended in the queue has an attempt there that was never made.
    int last = s.build().isPresent() ? s.body().made() : s.body().made() + 1;
    return released(s.body(), last)
        .plus(
            "ended",
            new Duty.Tell(
                    EntityRef.of(s.body().buildset()),
                    new Buildset.Command.EndRequest(s.body().id(), s.result(), s.build()))
                .after("release:" + last));
  }

  private static PMap<String, Duty> released(Body body, int attempt) {
    return attempt == 0
        ? HashTreePMap.empty()
        : HashTreePMap.singleton(
            "release:" + attempt,
            new Duty.Tell(
                EntityRef.of(body.spec().builder()),
                new HandsOn.Release(new Attempt(body.id(), attempt), lastBuild(body))));
  }

  private static Optional<BuildKey> lastBuild(Body body) {
    return body.ledger().isEmpty()
        ? Optional.empty()
        : Optional.of(body.ledger().get(body.ledger().size() - 1).build());
  }

  @Override
  public boolean settled(State state) {
    return state instanceof State.Ended || state instanceof State.Absent;
  }
}
