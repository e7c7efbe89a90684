package dev.ahjo.core.step;

import dev.ahjo.core.kernel.Refusal;
import dev.ahjo.core.project.Result;
import dev.ahjo.core.project.StepDefinition;
import dev.ahjo.core.project.StepDefinition.OnFailure;
import dev.ahjo.core.step.StepReport.StepOutcome;
import java.time.Instant;
import java.util.Optional;

/**
 * One command of a build's plan. A step lives within its build: it has states and facts of its own,
 * and no journal of its own, since its agent reports both in one numbered row.
 */
public final class Step {
  public sealed interface State {
    record Pending() implements State {}

    record Running(Instant startedAt) implements State {}

    record Ended(Optional<Instant> startedAt, Instant endedAt, StepOutcome outcome)
        implements State {}
  }

  private Step() {}

  /** The state after a start, or why there can be none. */
  public static Optional<Refusal> refuseStart(State state) {
    return state instanceof State.Pending
        ? Optional.empty()
        : Optional.of(new Refusal.Conflict("a step that has not started", label(state)));
  }

  /** Why a step can't end now; one that never started may end as skipped or with an exception. */
  public static Optional<Refusal> refuseEnd(State state) {
    return state instanceof State.Ended
        ? Optional.of(new Refusal.Conflict("a step that has not ended", label(state)))
        : Optional.empty();
  }

  public static State started(Instant at) {
    return new State.Running(at);
  }

  public static State ended(State before, Instant at, StepOutcome outcome) {
    return new State.Ended(
        before instanceof State.Running r ? Optional.of(r.startedAt()) : Optional.empty(),
        at,
        outcome);
  }

  /** What a step's result means for its build. */
  public static Result towardsBuild(StepDefinition definition, StepOutcome outcome) {
    if (outcome.result() != Result.FAILURE) {
      return outcome.result();
    }
    return switch (definition.onFailure()) {
      case STOP, CONTINUE -> Result.FAILURE;
      case WARN -> Result.WARNINGS;
      case IGNORE -> Result.SUCCESS;
    };
  }

  /** Whether the steps after this one, but those marked always, are passed over. */
  public static boolean stopsBuild(StepDefinition definition, Result result) {
    return switch (result) {
      case SUCCESS, WARNINGS, SKIPPED -> false;
      case FAILURE -> definition.onFailure() == OnFailure.STOP;
      case EXCEPTION, RETRY, CANCELLED -> true;
    };
  }

  /** A state's name as users know it. */
  public static String label(State state) {
    return switch (state) {
      case State.Pending _ -> "pending";
      case State.Running _ -> "running";
      case State.Ended _ -> "finished";
    };
  }
}
