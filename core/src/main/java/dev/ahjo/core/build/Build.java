package dev.ahjo.core.build;

import static dev.ahjo.core.kernel.Decision.accept;
import static dev.ahjo.core.kernel.Decision.alreadySo;
import static dev.ahjo.core.kernel.Decision.refuse;

import dev.ahjo.core.buildset.Plan;
import dev.ahjo.core.id.AskId;
import dev.ahjo.core.id.Attempt;
import dev.ahjo.core.id.BuildKey;
import dev.ahjo.core.id.BuildsetId;
import dev.ahjo.core.id.PoolName;
import dev.ahjo.core.id.SessionId;
import dev.ahjo.core.id.WorkerName;
import dev.ahjo.core.kernel.Decision;
import dev.ahjo.core.kernel.Duty;
import dev.ahjo.core.kernel.Entity;
import dev.ahjo.core.kernel.EntityRef;
import dev.ahjo.core.kernel.EntityType;
import dev.ahjo.core.kernel.Message;
import dev.ahjo.core.kernel.Refusal;
import dev.ahjo.core.kernel.Turn;
import dev.ahjo.core.pool.Pool;
import dev.ahjo.core.project.Result;
import dev.ahjo.core.project.StepDefinition;
import dev.ahjo.core.property.Property;
import dev.ahjo.core.request.BuildRequest;
import dev.ahjo.core.request.Ending;
import dev.ahjo.core.step.Step;
import dev.ahjo.core.step.StepReport;
import dev.ahjo.core.step.StepReport.StepOutcome;
import dev.ahjo.core.worker.Protocol;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.pcollections.HashTreePMap;
import org.pcollections.PMap;
import org.pcollections.PVector;
import org.pcollections.TreePVector;

/**
 * One attempt: a plan of steps on one worker. The agent walks the plan by itself and reports; the
 * build takes each report once, in order. When it is over, the lease ends first, then the slot is
 * free, and last its request learns how it ended: a request that has heard knows that nothing of
 * the attempt is left.
 */
public final class Build implements Entity<Build.Command, Build.State, Build.Fact> {

  /** Longer than any system's name of a commit. */
  private static final int MAX_REVISION = 256;

  /** Characters of what an agent says of a build that it can't take. */
  private static final int MAX_WHY = 1_000;

  /** Who asks for a stop is known again until so many others have; a repetition comes at once. */
  private static final int MAX_ASKS = 16;

  /** Characters of a property that a step sets. */
  private static final int MAX_VALUE = 64 * 1024;

  public sealed interface Command extends Message {
    record Start(Body body) implements Command {}

    /**
     * What the agent reports.
     *
     * @param session in which it was heard
     * @param first the number of the first report
     */
    record Report(
        WorkerName worker, SessionId session, Attempt attempt, long first, List<StepReport> reports)
        implements Command {
      public Report {
        reports = List.copyOf(reports);
      }
    }

    /** The worker asks whether the lease it holds is still this build's. */
    record ConfirmLease(WorkerName worker) implements Command {}

    /** The agent's Hello did not name this build: its plan has never arrived, or it is lost. */
    record NotHeld(WorkerName worker, SessionId session) implements Command {}

    record LoseLease(WorkerName worker, String why) implements Command {}

    record RefuseLease(WorkerName worker) implements Command {}

    /** The agent could not keep the plan, and holds nothing of it. */
    record CannotTake(WorkerName worker, Attempt attempt, String why) implements Command {
      public CannotTake {
        why = why.length() > MAX_WHY ? why.substring(0, MAX_WHY) : why;
      }
    }

    /**
     * What the agent reports can't be taken, however often it is said: nothing more of it will be
     * believed, and the agent is told to forget the build once this is on disk.
     */
    record RefuseReports(WorkerName worker, Attempt attempt, String why) implements Command {
      public RefuseReports {
        why = why.length() > MAX_WHY ? why.substring(0, MAX_WHY) : why;
      }
    }

    /**
     * @param ask whose it is, if a person's own; empty if it is owed by its request
     */
    record Stop(String by, String reason, Optional<AskId> ask) implements Command {}

    /**
     * A person insists: the step that runs now ends, also one that runs because it always does.
     * What no {@link Stop} that is only owed again may do, nor a repetition of this one: that may
     * come while the next such step runs, which nobody has stopped.
     *
     * @param ask whose it is; empty only from a node of an earlier version, which can't be told
     *     from its repetition
     */
    record StopAgain(String by, String reason, Optional<AskId> ask) implements Command {}
  }

  /** What a build says to its worker. */
  public sealed interface HandsOn extends Message {
    record LeaseSlot(BuildKey build, Attempt attempt, Duration grace) implements HandsOn {}

    /**
     * @param proof what this end says of the worker's health
     */
    record EndLease(BuildKey build, Attempt attempt, Proof proof) implements HandsOn {}
  }

  public sealed interface Fact extends dev.ahjo.core.kernel.Fact {
    record BuildStarted(Body body, Instant at) implements Fact {}

    /**
     * @param report its number, as with all facts that an agent reported
     */
    record PlanKept(long report, SessionId session, Instant at) implements Fact {}

    record RevisionFound(long report, String repository, String revision) implements Fact {}

    record StepStarted(long report, int step, Instant at) implements Fact {}

    record PropertySet(long report, int step, String name, String value) implements Fact {}

    record StepEnded(long report, int step, Instant at, StepOutcome outcome) implements Fact {}

    record BuildStopWanted(String by, String reason, Optional<AskId> ask) implements Fact {}

    record BuildFinished(long report, Result result, Ending ending, Instant at) implements Fact {}
  }

  /** What a build is, from its first fact on. */
  public record Body(
      BuildKey build,
      Attempt attempt,
      BuildsetId buildset,
      WorkerName worker,
      PoolName pool,
      Plan plan) {}

  public sealed interface State {
    record Absent() implements State {}

    /**
     * The worker's slot is leased, or about to be; the agent has not said that it keeps the plan.
     */
    record Leased(Body body) implements State {}

    /**
     * @param stop the last one
     * @param asks those who have asked for a stop lately
     */
    record Running(
        Body body,
        SessionId keptIn,
        long lastReport,
        PVector<Step.State> steps,
        PMap<String, Property> properties,
        Optional<Fact.BuildStopWanted> stop,
        PVector<AskId> asks)
        implements State {
      Running stopped(Fact.BuildStopWanted wanted) {
        PVector<AskId> heard = wanted.ask().map(asks::plus).orElse(asks);
        return new Running(
            body,
            keptIn,
            lastReport,
            steps,
            properties,
            Optional.of(wanted),
            heard.size() > MAX_ASKS ? heard.minus(0) : heard);
      }
    }

    record Finished(Body body, long lastReport, Ending ending) implements State {}
  }

  @Override
  public EntityType type() {
    return EntityType.BUILD;
  }

  @Override
  public State initial(String id) {
    return new State.Absent();
  }

  @Override
  public Command understand(Message message) {
    return switch (message) {
      case BuildRequest.HandsOn.StartBuild m ->
          new Command.Start(
              new Body(
                  m.build(),
                  m.attempt(),
                  m.buildset(),
                  m.worker(),
                  m.spec().pool(),
                  m.spec().plan()));
      case BuildRequest.HandsOn.StopBuild m ->
          new Command.Stop(m.by(), m.reason(), Optional.empty());
      default -> (Command) message;
    };
  }

  private record When(State state, Command command) {}

  @Override
  public Decision<Fact> decide(State state, Command command, Instant now) {
    return switch (new When(state, command)) {
      case When(State.Absent _, Command.Start c) -> accept(new Fact.BuildStarted(c.body(), now));
      case When(State _, Command.Start _) -> alreadySo();
      case When(State.Absent _, Command _) -> refuse(new Refusal.NotFound("build", ""));

      case When(State s, Command.Report c)
          when !body(s).attempt().equals(c.attempt()) || !body(s).worker().equals(c.worker()) ->
          refuse(
              new Refusal.Superseded("the report of " + c.worker(), body(s).attempt().toString()));
      case When(State.Finished s, Command.Report c) ->
          c.first() + c.reports().size() - 1 <= s.lastReport()
              ? alreadySo()
              : refuse(new Refusal.Superseded("a report of " + s.body().build(), "its end"));
      case When(State s, Command.Report c) -> report(s, c, now);

      case When(State.Finished s, Command.ConfirmLease _) ->
          refuse(new Refusal.Superseded("the lease of " + s.body().build(), "its end"));
      case When(State s, Command.ConfirmLease c) ->
          body(s).worker().equals(c.worker())
              ? alreadySo()
              : refuse(new Refusal.Superseded("the lease", body(s).worker().value()));

      // What was kept in this session or a later one was sent after that Hello.
      case When(State.Running s, Command.NotHeld c)
          when s.keptIn().compareTo(c.session()) < 0 && s.body().worker().equals(c.worker()) ->
          accept(
              lost(
                  s,
                  Ending.Cause.WORKER_LOST,
                  "worker " + c.worker() + " no longer holds the build",
                  now));
      case When(State _, Command.NotHeld _) -> alreadySo();

      case When(State.Finished _, Command.LoseLease _) -> alreadySo();
      case When(State s, Command.LoseLease c) ->
          body(s).worker().equals(c.worker())
              ? accept(lost(s, Ending.Cause.WORKER_LOST, c.why(), now))
              : alreadySo();

      case When(State.Leased s, Command.CannotTake c)
          when s.body().worker().equals(c.worker()) && s.body().attempt().equals(c.attempt()) ->
          accept(lost(s, Ending.Cause.AGENT_FAULT, c.why(), now));
      case When(State _, Command.CannotTake _) -> alreadySo();

      case When(State.Finished _, Command.RefuseReports _) -> alreadySo();
      case When(State s, Command.RefuseReports c) ->
          body(s).worker().equals(c.worker()) && body(s).attempt().equals(c.attempt())
              ? accept(
                  lost(
                      s,
                      Ending.Cause.AGENT_FAULT,
                      "worker " + c.worker() + " reports what can't be: " + c.why(),
                      now))
              : alreadySo();

      case When(State.Leased s, Command.RefuseLease c) when s.body().worker().equals(c.worker()) ->
          accept(
              new Fact.BuildFinished(
                  0,
                  Result.RETRY,
                  new Ending.Transient(
                      Ending.Cause.LEASE_REFUSED,
                      "",
                      "lease refused",
                      "worker " + s.body().worker() + " refused the lease"),
                  now));
      case When(State _, Command.RefuseLease _) -> alreadySo();

      // Its plan may be on the way; whoever begins it will be told that it is over.
      case When(State.Leased _, Command.Stop c) ->
          accept(
              new Fact.BuildStopWanted(c.by(), c.reason(), c.ask()),
              new Fact.BuildFinished(
                  0, Result.CANCELLED, new Ending.Stopped(c.by(), c.reason()), now));
      case When(State.Running s, Command.Stop c) when s.stop().isEmpty() ->
          accept(new Fact.BuildStopWanted(c.by(), c.reason(), c.ask()));
      // It changes nothing for the agent, but a repetition that comes as a second stop is known.
      case When(State.Running s, Command.Stop c)
          when c.ask().filter(ask -> !s.asks().contains(ask)).isPresent() -> {
        var first = s.stop().orElseThrow();
        yield accept(new Fact.BuildStopWanted(first.by(), first.reason(), c.ask()));
      }
      case When(State.Running _, Command.Stop _) -> alreadySo();
      case When(State.Finished _, Command.Stop _) -> alreadySo();

      case When(State.Running s, Command.StopAgain c)
          when c.ask().filter(s.asks()::contains).isPresent() ->
          alreadySo();
      case When(State.Running s, Command.StopAgain c) when s.stop().isPresent() ->
          accept(
              new Fact.BuildStopWanted(
                  c.by(), another(c.reason(), s.stop().get().reason()), c.ask()));
      case When(State s, Command.StopAgain c) ->
          decide(s, new Command.Stop(c.by(), c.reason(), c.ask()), now);
    };
  }

  /** An agent takes a stop for a new one by its reason, which it may be told many times. */
  private static String another(String reason, String before) {
    return reason.equals(before) ? (reason + " (again)").strip() : reason;
  }

  private static Fact lost(State state, Ending.Cause cause, String why, Instant now) {
    if (state instanceof State.Running r && r.stop().isPresent()) {
      var stop = r.stop().get();
      return new Fact.BuildFinished(
          r.lastReport(), Result.CANCELLED, new Ending.Stopped(stop.by(), stop.reason()), now);
    }
    return new Fact.BuildFinished(
        state instanceof State.Running r ? r.lastReport() : 0,
        Result.RETRY,
        new Ending.Transient(
            cause,
            currentStep(state),
            cause.name().toLowerCase(Locale.ROOT).replace('_', ' '),
            why),
        now);
  }

  private static String currentStep(State state) {
    if (state instanceof State.Running r) {
      for (int i = 0; i < r.steps().size(); i++) {
        if (r.steps().get(i) instanceof Step.State.Running) {
          return r.body().plan().steps().get(i).name();
        }
      }
    }
    return "";
  }

  private Decision<Fact> report(State state, Command.Report c, Instant now) {
    long last = state instanceof State.Running r ? r.lastReport() : 0;
    if (c.first() > last + 1) {
      return refuse("report " + (last + 1), "report " + c.first());
    }
    var turn = new Turn<State, Fact>(this, state);
    long number = c.first();
    for (StepReport report : c.reports()) {
      if (number > last) {
        Optional<Refusal> wrong = take(turn, number, report, c.session(), now);
        if (wrong.isPresent()) {
          return refuse(wrong.get());
        }
        if (turn.state() instanceof State.Finished) {
          break;
        }
      }
      number++;
    }
    return turn.accept();
  }

  private static Optional<Refusal> take(
      Turn<State, Fact> turn, long number, StepReport report, SessionId session, Instant now) {
    if (!(turn.state() instanceof State.Running running)) {
      if (report instanceof StepReport.PlanKept r) {
        turn.record(new Fact.PlanKept(number, session, r.at()));
        return Optional.empty();
      }
      return Optional.of(new Refusal.Conflict("PlanKept as the first report", report.toString()));
    }
    int steps = running.steps().size();
    switch (report) {
      case StepReport.PlanKept _ -> {
        return Optional.of(new Refusal.Conflict("PlanKept only once", "report " + number));
      }
      case StepReport.RevisionFound r -> {
        Optional<Refusal> wrong = noSuch(running.body().plan(), r);
        if (wrong.isPresent()) {
          return wrong;
        }
        turn.record(new Fact.RevisionFound(number, r.repository(), r.revision()));
      }
      case StepReport.StepStarted r -> {
        Optional<Refusal> wrong =
            noSuch(r.step(), steps).or(() -> Step.refuseStart(running.steps().get(r.step())));
        if (wrong.isPresent()) {
          return wrong;
        }
        turn.record(new Fact.StepStarted(number, r.step(), r.at()));
      }
      case StepReport.PropertySet r -> {
        Optional<Refusal> wrong = noSuch(r.step(), steps).or(() -> notToBeSet(running, r));
        if (wrong.isPresent()) {
          return wrong;
        }
        turn.record(new Fact.PropertySet(number, r.step(), r.name(), r.value()));
      }
      case StepReport.StepEnded r -> {
        Optional<Refusal> wrong =
            noSuch(r.step(), steps).or(() -> Step.refuseEnd(running.steps().get(r.step())));
        if (wrong.isPresent()) {
          return wrong;
        }
        turn.record(new Fact.StepEnded(number, r.step(), r.at(), r.outcome()));
      }
      case StepReport.BuildEnded _ -> turn.record(Verdict.of(running, number, now));
    }
    return Optional.empty();
  }

  private static Optional<Refusal> noSuch(int step, int steps) {
    return step >= 0 && step < steps
        ? Optional.empty()
        : Optional.of(new Refusal.Conflict("a step from 0 to " + (steps - 1), "step " + step));
  }

  private static Optional<Refusal> noSuch(Plan plan, StepReport.RevisionFound r) {
    return plan.stamps().stream().noneMatch(s -> s.repository().equals(r.repository()))
        ? Optional.of(new Refusal.Conflict("a repository of the plan", "another"))
        : r.revision().length() > MAX_REVISION
            ? Optional.of(new Refusal.LimitReached("characters of a revision", MAX_REVISION))
            : Optional.empty();
  }

  /** A step sets the property that its plan names, while it runs, and no other. */
  private static Optional<Refusal> notToBeSet(State.Running running, StepReport.PropertySet r) {
    boolean named =
        running.body().plan().steps().get(r.step()).kind() instanceof StepDefinition.Kind.Run run
            && run.set().equals(Optional.of(r.name()));
    return !named || !(running.steps().get(r.step()) instanceof Step.State.Running)
        ? Optional.of(
            new Refusal.Conflict("the property that step " + r.step() + " sets", "another"))
        : r.value().length() > MAX_VALUE
            ? Optional.of(new Refusal.LimitReached("characters of a property", MAX_VALUE))
            : Optional.empty();
  }

  /**
   * What every state but the first knows.
   *
   * @throws IllegalStateException for an absent build
   */
  public static Body body(State state) {
    return switch (state) {
      case State.Absent _ -> throw new IllegalStateException("an absent build knows nothing");
      case State.Leased s -> s.body();
      case State.Running s -> s.body();
      case State.Finished s -> s.body();
    };
  }

  @Override
  public State evolve(State before, Fact fact) {
    return switch (fact) {
      case Fact.BuildStarted f -> new State.Leased(f.body());
      case Fact.PlanKept f -> {
        PVector<Step.State> steps = TreePVector.empty();
        for (int i = 0; i < body(before).plan().steps().size(); i++) {
          steps = steps.plus(new Step.State.Pending());
        }
        yield new State.Running(
            body(before),
            f.session(),
            f.report(),
            steps,
            HashTreePMap.from(body(before).plan().properties()),
            Optional.empty(),
            TreePVector.empty());
      }
      case Fact.RevisionFound f -> with(before, f.report(), -1, null);
      case Fact.StepStarted f -> with(before, f.report(), f.step(), Step.started(f.at()));
      case Fact.StepEnded f -> {
        var step = ((State.Running) before).steps().get(f.step());
        yield with(before, f.report(), f.step(), Step.ended(step, f.at(), f.outcome()));
      }
      case Fact.PropertySet f -> {
        var r = (State.Running) before;
        var source = "step " + r.body().plan().steps().get(f.step()).name();
        yield new State.Running(
            r.body(),
            r.keptIn(),
            f.report(),
            r.steps(),
            r.properties().plus(f.name(), new Property(f.value(), source)),
            r.stop(),
            r.asks());
      }
      case Fact.BuildStopWanted f -> before instanceof State.Running r ? r.stopped(f) : before;
      case Fact.BuildFinished f -> new State.Finished(body(before), f.report(), f.ending());
    };
  }

  private static State with(State before, long report, int index, Step.@Nullable State step) {
    var r = (State.Running) before;
    return new State.Running(
        r.body(),
        r.keptIn(),
        report,
        step == null ? r.steps() : r.steps().with(index, step),
        r.properties(),
        r.stop(),
        r.asks());
  }

  @Override
  public PMap<String, Duty> duties(State state) {
    return switch (state) {
      case State.Absent _ -> HashTreePMap.empty();
      case State.Leased s -> whileLeased(s.body());
      case State.Running s ->
          s.stop()
              .<PMap<String, Duty>>map(stop ->
                  HashTreePMap.singleton(
                      "stop",
                      new Duty.Deliver(
                          s.body().worker(),
                          new Protocol.StopBuild(s.body().build(), stop.reason(), false),
                          Optional.empty())))
              .orElse(HashTreePMap.empty());
      case State.Finished s -> whenFinished(s);
    };
  }

  private static PMap<String, Duty> whileLeased(Body body) {
    return HashTreePMap.<String, Duty>singleton(
            "lease",
            new Duty.Tell(
                    EntityRef.of(body.worker()),
                    new HandsOn.LeaseSlot(body.build(), body.attempt(), body.plan().grace()))
                .onRefusal(new Command.RefuseLease(body.worker())))
        .plus(
            "plan",
            new Duty.Deliver(
                body.worker(),
                new Protocol.RunBuild(body.build(), body.attempt(), body.plan()),
                Optional.of("lease")));
  }

  private static PMap<String, Duty> whenFinished(State.Finished s) {
    var body = s.body();
    Proof proof =
        switch (s.ending()) {
          case Ending.Completed _ -> Proof.GOOD;
          case Ending.Stopped _ -> Proof.NEITHER;
          case Ending.Transient t ->
              t.cause() == Ending.Cause.WORKER_LOST || t.cause() == Ending.Cause.AGENT_FAULT
                  ? Proof.FAULT
                  : Proof.NEITHER;
        };
    return HashTreePMap.<String, Duty>singleton(
            "end-lease",
            new Duty.Tell(
                EntityRef.of(body.worker()),
                new HandsOn.EndLease(body.build(), body.attempt(), proof)))
        .plus(
            "free-slot",
            new Duty.Tell(
                    EntityRef.of(body.pool()),
                    new Pool.Command.FreeSlot(body.attempt(), body.worker()))
                .after("end-lease"))
        .plus(
            "ended",
            new Duty.Tell(
                    EntityRef.of(body.attempt().request()),
                    new BuildRequest.Command.EndAttempt(
                        body.attempt().number(), body.build(), s.ending()))
                .after("free-slot"));
  }

  @Override
  public boolean settled(State state) {
    return state instanceof State.Finished || state instanceof State.Absent;
  }
}
