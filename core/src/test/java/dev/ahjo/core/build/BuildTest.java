package dev.ahjo.core.build;

import static dev.ahjo.core.Samples.NOON;
import static dev.ahjo.core.Samples.W1;
import static dev.ahjo.core.Samples.W2;
import static dev.ahjo.core.Samples.attempt;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ahjo.core.Samples;
import dev.ahjo.core.build.Build.Command;
import dev.ahjo.core.build.Build.Fact;
import dev.ahjo.core.build.Build.State;
import dev.ahjo.core.id.AskId;
import dev.ahjo.core.id.SessionId;
import dev.ahjo.core.id.WorkerName;
import dev.ahjo.core.kernel.Decision;
import dev.ahjo.core.kernel.Duty;
import dev.ahjo.core.kernel.Table;
import dev.ahjo.core.project.Result;
import dev.ahjo.core.request.Ending;
import dev.ahjo.core.step.StepReport;
import dev.ahjo.core.step.StepReport.StepOutcome;
import dev.ahjo.core.worker.Protocol;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class BuildTest {
  private static final SessionId S1 = new SessionId("s1");
  private static final SessionId S2 = new SessionId("s2");

  private static StepReport kept() {
    return new StepReport.PlanKept(NOON);
  }

  private static StepReport started(int step) {
    return new StepReport.StepStarted(NOON, step);
  }

  private static StepReport ended(int step, Result result) {
    return ended(step, result, Optional.empty(), false);
  }

  private static StepReport ended(
      int step, Result result, Optional<String> rule, boolean agentFault) {
    return new StepReport.StepEnded(
        NOON,
        step,
        new StepOutcome(
            result,
            OptionalInt.empty(),
            Optional.empty(),
            Optional.empty(),
            rule,
            agentFault,
            List.of(),
            Optional.empty(),
            0));
  }

  private static StepReport over() {
    return new StepReport.BuildEnded(NOON);
  }

  private static Command report(WorkerName worker, int attempt, long first, StepReport... reports) {
    return new Command.Report(worker, S1, attempt(1, attempt), first, List.of(reports));
  }

  private static Command report(long first, StepReport... reports) {
    return report(W1, 1, first, reports);
  }

  private static Command stop(String by) {
    return new Command.Stop(by, "enough", Optional.of(new AskId("ask-of-" + by)));
  }

  private static Command stopAgain(String ask) {
    return new Command.StopAgain("ann", "enough", Optional.of(new AskId(ask)));
  }

  private static final Command START =
      new Command.Start(
          new Build.Body(
              Samples.build(1),
              attempt(1, 1),
              Samples.SET,
              W1,
              Samples.POOL,
              Samples.plan(3, "master")));

  @Test
  void aStepSetsNoPropertyButTheOneOfItsPlan() {
    var odd = new StepReport.PropertySet(NOON, 0, "k".repeat(60_000), "v");
    assertThat(new Build().decide(table().get("running"), report(3, odd), NOON))
        .isInstanceOf(Decision.Refused.class);
    var other = new StepReport.RevisionFound(NOON, "no-such-repository", "abc");
    assertThat(new Build().decide(table().get("running"), report(3, other), NOON))
        .isInstanceOf(Decision.Refused.class);
  }

  @Test
  void whatItsAgentCannotKeepIsTheWorkersFault() {
    var no = new Command.CannotTake(W1, attempt(1, 1), "no space left");
    assertThat(table().state("end", "leased", no).get("end"))
        .isInstanceOfSatisfying(
            State.Finished.class,
            end ->
                assertThat(end.ending())
                    .isEqualTo(
                        new Ending.Transient(
                            Ending.Cause.AGENT_FAULT, "", "agent fault", "no space left")));
    var others = new Command.CannotTake(W2, attempt(1, 1), "no space left");
    assertThat(table().state("same", "leased", others).get("same"))
        .isEqualTo(table().get("leased"));
    assertThat(table().state("runs", "running", no).get("runs")).isEqualTo(table().get("running"));
  }

  @Test
  void reportsThatCannotBeAreTheAgentsFault() {
    var no = new Command.RefuseReports(W1, attempt(1, 1), "step 7");
    assertThat(ending(report(1, kept(), started(0)), no))
        .isEqualTo(
            new Ending.Transient(
                Ending.Cause.AGENT_FAULT,
                "compile",
                "agent fault",
                "worker w1 reports what can't be: step 7"));
    assertThat(ending(report(1, kept()), stop("ann"), no))
        .isEqualTo(new Ending.Stopped("ann", "enough"));
  }

  static Table<Command, State, Fact> table() {
    return new Table<Command, State, Fact>(new Build(), NOON)
        .state("absent", new State.Absent())
        .state("leased", "absent", START)
        .state("running", "leased", report(1, kept(), started(0)))
        .state("stopping", "running", stop("ann"))
        .state(
            "finished",
            "running",
            report(3, ended(0, Result.SUCCESS), ended(1, Result.SKIPPED), over()))
        .message("Start", START)
        .message("Report 1 kept", report(1, kept()))
        .message("Report 1-2 again", report(1, kept(), started(0)))
        .message("Report 2-3", report(2, started(0), ended(0, Result.SUCCESS)))
        .message("Report 3 ended", report(3, ended(0, Result.FAILURE)))
        .message("Report 3 of no step", report(3, started(7)))
        .message("Report 4, a gap", report(4, started(1)))
        .message("Report 6, too late", report(6, started(1)))
        .message("Report of attempt 2", report(W1, 2, 1, kept()))
        .message("Report of w2", report(W2, 1, 1, kept()))
        .message("ConfirmLease w1", new Command.ConfirmLease(W1))
        .message("ConfirmLease w2", new Command.ConfirmLease(W2))
        .message("NotHeld, same session", new Command.NotHeld(W1, S1))
        .message("NotHeld, later session", new Command.NotHeld(W1, S2))
        .message("LoseLease", new Command.LoseLease(W1, "away"))
        .message("RefuseLease", new Command.RefuseLease(W1))
        .message("CannotTake", new Command.CannotTake(W1, attempt(1, 1), "full"))
        .message("RefuseReports", new Command.RefuseReports(W1, attempt(1, 1), "a gap"))
        .message("RefuseReports of w2", new Command.RefuseReports(W2, attempt(1, 1), "a gap"))
        .message("RefuseReports of 2", new Command.RefuseReports(W1, attempt(1, 2), "a gap"))
        .message("Stop", stop("ann"))
        .message("StopAgain", stopAgain("again"));
  }

  @Test
  void decides() {
    assertThat(table().toString())
        .isEqualTo(
            """
            absent
              Start                  BuildStarted
              Report 1 kept          no: NotFound
              Report 1-2 again       no: NotFound
              Report 2-3             no: NotFound
              Report 3 ended         no: NotFound
              Report 3 of no step    no: NotFound
              Report 4, a gap        no: NotFound
              Report 6, too late     no: NotFound
              Report of attempt 2    no: NotFound
              Report of w2           no: NotFound
              ConfirmLease w1        no: NotFound
              ConfirmLease w2        no: NotFound
              NotHeld, same session  no: NotFound
              NotHeld, later session no: NotFound
              LoseLease              no: NotFound
              RefuseLease            no: NotFound
              CannotTake             no: NotFound
              RefuseReports          no: NotFound
              RefuseReports of w2    no: NotFound
              RefuseReports of 2     no: NotFound
              Stop                   no: NotFound
              StopAgain              no: NotFound

            leased
              Start                  already so
              Report 1 kept          PlanKept
              Report 1-2 again       PlanKept, StepStarted
              Report 2-3             no: Conflict
              Report 3 ended         no: Conflict
              Report 3 of no step    no: Conflict
              Report 4, a gap        no: Conflict
              Report 6, too late     no: Conflict
              Report of attempt 2    no: Superseded
              Report of w2           no: Superseded
              ConfirmLease w1        already so
              ConfirmLease w2        no: Superseded
              NotHeld, same session  already so
              NotHeld, later session already so
              LoseLease              BuildFinished
              RefuseLease            BuildFinished
              CannotTake             BuildFinished
              RefuseReports          BuildFinished
              RefuseReports of w2    already so
              RefuseReports of 2     already so
              Stop                   BuildStopWanted, BuildFinished
              StopAgain              BuildStopWanted, BuildFinished

            running
              Start                  already so
              Report 1 kept          already so
              Report 1-2 again       already so
              Report 2-3             StepEnded
              Report 3 ended         StepEnded
              Report 3 of no step    no: Conflict
              Report 4, a gap        no: Conflict
              Report 6, too late     no: Conflict
              Report of attempt 2    no: Superseded
              Report of w2           no: Superseded
              ConfirmLease w1        already so
              ConfirmLease w2        no: Superseded
              NotHeld, same session  already so
              NotHeld, later session BuildFinished
              LoseLease              BuildFinished
              RefuseLease            already so
              CannotTake             already so
              RefuseReports          BuildFinished
              RefuseReports of w2    already so
              RefuseReports of 2     already so
              Stop                   BuildStopWanted
              StopAgain              BuildStopWanted

            stopping
              Start                  already so
              Report 1 kept          already so
              Report 1-2 again       already so
              Report 2-3             StepEnded
              Report 3 ended         StepEnded
              Report 3 of no step    no: Conflict
              Report 4, a gap        no: Conflict
              Report 6, too late     no: Conflict
              Report of attempt 2    no: Superseded
              Report of w2           no: Superseded
              ConfirmLease w1        already so
              ConfirmLease w2        no: Superseded
              NotHeld, same session  already so
              NotHeld, later session BuildFinished
              LoseLease              BuildFinished
              RefuseLease            already so
              CannotTake             already so
              RefuseReports          BuildFinished
              RefuseReports of w2    already so
              RefuseReports of 2     already so
              Stop                   already so
              StopAgain              BuildStopWanted

            finished
              Start                  already so
              Report 1 kept          already so
              Report 1-2 again       already so
              Report 2-3             already so
              Report 3 ended         already so
              Report 3 of no step    already so
              Report 4, a gap        already so
              Report 6, too late     no: Superseded
              Report of attempt 2    no: Superseded
              Report of w2           no: Superseded
              ConfirmLease w1        no: Superseded
              ConfirmLease w2        no: Superseded
              NotHeld, same session  already so
              NotHeld, later session already so
              LoseLease              already so
              RefuseLease            already so
              CannotTake             already so
              RefuseReports          already so
              RefuseReports of w2    already so
              RefuseReports of 2     already so
              Stop                   already so
              StopAgain              already so
            """);
  }

  private static Ending ending(Command... said) {
    var state = table().state("end", "leased", said).get("end");
    return ((State.Finished) state).ending();
  }

  private static Ending ending(StepReport first, StepReport second) {
    return ending(report(1, kept(), started(0), first, started(1), second, over()));
  }

  @Test
  void endsAsTheWorstOfItsSteps() {
    assertThat(ending(ended(0, Result.SUCCESS), ended(1, Result.SUCCESS)))
        .isEqualTo(new Ending.Completed(Result.SUCCESS));
    assertThat(ending(ended(0, Result.WARNINGS), ended(1, Result.SUCCESS)))
        .isEqualTo(new Ending.Completed(Result.WARNINGS));
    assertThat(ending(ended(0, Result.FAILURE), ended(1, Result.WARNINGS)))
        .isEqualTo(new Ending.Completed(Result.FAILURE));
    assertThat(ending(ended(0, Result.SKIPPED), ended(1, Result.SKIPPED)))
        .isEqualTo(new Ending.Completed(Result.SUCCESS));
  }

  @Test
  void aMatchedRetryRuleOrAnAgentsFaultIsTransient() {
    assertThat(
            ending(
                ended(0, Result.FAILURE, Optional.of("checkout-network"), false),
                ended(1, Result.SKIPPED)))
        .isInstanceOfSatisfying(
            Ending.Transient.class,
            t -> {
              assertThat(t.cause()).isEqualTo(Ending.Cause.RETRY_RULE);
              assertThat(t.rule()).isEqualTo("checkout-network");
              assertThat(t.step()).isEqualTo("compile");
            });
    assertThat(ending(ended(0, Result.SUCCESS), ended(1, Result.EXCEPTION, Optional.empty(), true)))
        .isInstanceOfSatisfying(
            Ending.Transient.class, t -> assertThat(t.cause()).isEqualTo(Ending.Cause.AGENT_FAULT));
  }

  @Test
  void anAgentThatEndsTooSoonIsAtFault() {
    assertThat(ending(report(1, kept(), started(0), over())))
        .isInstanceOfSatisfying(
            Ending.Transient.class, t -> assertThat(t.cause()).isEqualTo(Ending.Cause.AGENT_FAULT));
  }

  @Test
  void aLostWorkerIsNamedWithTheStepThatItTookAlong() {
    assertThat(ending(report(1, kept(), started(0)), new Command.LoseLease(W1, "away")))
        .isEqualTo(
            new Ending.Transient(Ending.Cause.WORKER_LOST, "compile", "worker lost", "away"));
  }

  @Test
  void whatWasStoppedIsStoppedHoweverItEnds() {
    assertThat(
            ending(report(1, kept(), started(0)), stop("ann"), new Command.LoseLease(W1, "away")))
        .isEqualTo(new Ending.Stopped("ann", "enough"));
    assertThat(ending(stop("ann"))).isEqualTo(new Ending.Stopped("ann", "enough"));
  }

  @Test
  void whoeverInsistsIsToldToTheAgentEachTime() {
    var once = table().state("once", "stopping", stopAgain("a"));
    assertThat(stopOwed(once.get("once"))).isEqualTo("enough (again)");
    var twice = once.state("twice", "once", stopAgain("b"));
    assertThat(stopOwed(twice.get("twice"))).isEqualTo("enough");
  }

  /** An answer that was lost: what asked for it comes again, also after another's. */
  @Test
  void butWhoIsHeardTwiceHasInsistedOnce() {
    var table =
        table()
            .state("one", "stopping", stopAgain("a"), stopAgain("a"))
            .state("two", "one", stopAgain("b"), stopAgain("a"), stopAgain("b"))
            .state("first", "running", stopAgain("a"), stopAgain("a"), stop("ann"));
    assertThat(stopOwed(table.get("one"))).isEqualTo("enough (again)");
    assertThat(stopOwed(table.get("two"))).isEqualTo("enough");
    assertThat(stopOwed(table.get("first"))).isEqualTo("enough");
    // by a key of its own, after the state was seen to be another
    var keyed =
        table.state("keyed", "stopping", new Command.StopAgain("ann", "enough", Optional.of(ANNS)));
    assertThat(keyed.get("keyed")).isEqualTo(keyed.get("stopping"));
    // by one who came second without knowing it, whose answer was lost
    var bobs = Optional.of(new AskId("ask-of-bob"));
    var second =
        table.state(
            "second",
            "stopping",
            new Command.Stop("bob", "late", bobs),
            new Command.StopAgain("bob", "late", bobs));
    assertThat(stopOwed(second.get("second"))).isEqualTo(stopOwed(second.get("stopping")));
  }

  private static final AskId ANNS = new AskId("ask-of-ann");

  private static String stopOwed(State state) {
    var duty = (Duty.Deliver) Objects.requireNonNull(new Build().duties(state).get("stop"));
    return ((Protocol.StopBuild) duty.message()).reason();
  }

  @Test
  void letsGoOfTheLeaseFirstThenOfTheSlotAndThenTellsItsRequest() {
    var duties = new Build().duties(table().get("finished"));
    assertThat(duties.keySet()).containsExactlyInAnyOrder("end-lease", "free-slot", "ended");
    assertThat(after(duties.get("end-lease"))).isEmpty();
    assertThat(after(duties.get("free-slot"))).contains("end-lease");
    assertThat(after(duties.get("ended"))).contains("free-slot");
  }

  private static Optional<String> after(@Nullable Duty duty) {
    return ((Duty.Tell) Objects.requireNonNull(duty)).after();
  }
}
