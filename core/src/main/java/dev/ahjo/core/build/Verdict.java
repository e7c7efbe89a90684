package dev.ahjo.core.build;

import dev.ahjo.core.project.Result;
import dev.ahjo.core.project.StepDefinition;
import dev.ahjo.core.request.Ending;
import dev.ahjo.core.step.Step;
import dev.ahjo.core.step.StepReport.StepOutcome;
import java.time.Instant;

/**
 * How a build whose steps have all ended has ended itself: the worst of them, and by whose doing.
 */
final class Verdict {
  private Verdict() {}

  static Build.Fact.BuildFinished of(Build.State.Running build, long report, Instant now) {
    Ending ending = ending(build);
    Result result =
        switch (ending) {
          case Ending.Completed e -> e.result();
          case Ending.Stopped _ -> Result.CANCELLED;
          case Ending.Transient _ -> Result.RETRY;
        };
    return new Build.Fact.BuildFinished(report, result, ending, now);
  }

  private static Ending ending(Build.State.Running build) {
    if (build.stop().isPresent()) {
      return new Ending.Stopped(build.stop().get().by(), build.stop().get().reason());
    }
    Result worst = Result.SKIPPED;
    for (int i = 0; i < build.steps().size(); i++) {
      StepDefinition definition = build.body().plan().steps().get(i);
      if (!(build.steps().get(i) instanceof Step.State.Ended ended)) {
        return new Ending.Transient(
            Ending.Cause.AGENT_FAULT,
            definition.name(),
            "agent fault",
            "the agent ended the build before step '" + definition.name() + "' had ended");
      }
      StepOutcome outcome = ended.outcome();
      Result counts = Step.towardsBuild(definition, outcome);
      if (outcome.agentFault()) {
        return new Ending.Transient(
            Ending.Cause.AGENT_FAULT,
            definition.name(),
            "agent fault",
            outcome.problem().orElse("the agent failed in step '" + definition.name() + "'"));
      }
      if (outcome.retryRule().isPresent() && !counts.good()) {
        return new Ending.Transient(
            Ending.Cause.RETRY_RULE,
            definition.name(),
            outcome.retryRule().get(),
            outcome.problem().orElse("step '" + definition.name() + "' failed"));
      }
      worst = worst.worse(counts);
    }
    // A build without steps, or whose every step was passed over by its condition, is a success.
    return new Ending.Completed(worst == Result.SKIPPED ? Result.SUCCESS : worst);
  }
}
