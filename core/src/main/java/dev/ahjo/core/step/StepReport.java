package dev.ahjo.core.step;

import dev.ahjo.core.project.Result;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/** What an agent reports of a build; {@code at} is the agent's own clock, for people only. */
public sealed interface StepReport {
  Instant at();

  /** The agent has kept the plan on its disk and begins. */
  record PlanKept(Instant at) implements StepReport {}

  /** A stamp without a revision turned out to be this one. */
  record RevisionFound(Instant at, String repository, String revision) implements StepReport {}

  record StepStarted(Instant at, int step) implements StepReport {}

  /** A step's {@code set:} took its output. */
  record PropertySet(Instant at, int step, String name, String value) implements StepReport {}

  /** A step has ended; its streams may still be on their way. */
  record StepEnded(Instant at, int step, StepOutcome outcome) implements StepReport {}

  /** Every step has ended or was passed over, and the streams are stored. The last report. */
  record BuildEnded(Instant at) implements StepReport {}

  /**
   * How a step ended.
   *
   * @param result skipped for one whose {@code if} did not hold or that came after a stop
   * @param signal without SIG, such as KILL
   * @param problem what the orchestrator or agent says about a result that is not the command's own
   * @param retryRule the name of the project's retry rule that its end matched
   * @param agentFault whether the agent or its machine, not the command, is to blame
   */
  record StepOutcome(
      Result result,
      OptionalInt exitCode,
      Optional<String> signal,
      Optional<String> problem,
      Optional<String> retryRule,
      boolean agentFault,
      List<Stream> streams,
      Optional<Tests> tests,
      int warnings) {
    public StepOutcome {
      streams = List.copyOf(streams);
    }
  }

  /** A log or artifact of a step, with its size in bytes. */
  record Stream(String name, boolean artifact, long size) {}

  /** Sums of a step's test reports, and the first failures by name (at most 100). */
  record Tests(int passed, int failed, int skipped, List<String> failures) {
    public Tests {
      failures = List.copyOf(failures);
    }
  }
}
