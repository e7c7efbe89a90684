package dev.ahjo.worker;

import static dev.ahjo.worker.Plans.build;
import static dev.ahjo.worker.Plans.plan;
import static dev.ahjo.worker.Plans.run;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ahjo.core.step.StepReport;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Builds that do not notice what happens to the connection, and gates that lose nothing by it. */
@Tag("processes")
class ReconnectTest extends Situation {
  /** Writes numbered lines to its log, and the same to a file beside it. */
  private static final String NUMBERS =
      "i=0; while [ $i -lt 150 ]; do i=$((i+1)); echo line $i; echo line $i >>../numbers;"
          + " sleep 0.01; done";

  private void begins() {
    gate.run(build(1), plan(run("first", "echo first"), run("numbers", NUMBERS)));
    gate.await(Duration.ofSeconds(10), "some lines", () -> gate.log(build(1), 1).length > 100);
  }

  private void nothingWasLost() throws IOException {
    gate.awaitOver(build(1));
    assertThat(gate.log(build(1), 1))
        .isEqualTo(Files.readAllBytes(data.resolve("work/demo/numbers")));
    assertThat(gate.reports(build(1)))
        .extracting(r -> r.getClass().getSimpleName())
        .containsExactly(
            "PlanKept", "StepStarted", "StepEnded", "StepStarted", "StepEnded", "BuildEnded");
  }

  @Test
  void aCutConnectionLosesNothing() throws IOException {
    begins();
    gate.cut();
    gate.await(Duration.ofSeconds(10), "the agent to notice", () -> !agent.connected());
    gate.heal();
    nothingWasLost();
    assertThat(gate.hellos().getLast().holds()).hasSize(1);
  }

  @Test
  void aBuildThatEndsWhileTheConnectionIsCutIsToldAfterwards() throws IOException {
    begins();
    gate.cut();
    gate.await(
        Duration.ofSeconds(10),
        "the last line",
        () -> Files.exists(data.resolve("builds/demo@linux@1/steps/1/exit")));
    gate.heal();
    nothingWasLost();
  }

  @Test
  void aGateThatWasRestartedGetsWhatItHadNotForced() throws IOException {
    begins();
    gate.restart(10);
    nothingWasLost();
  }

  @Test
  void lostMessagesAreSentAgain() throws IOException {
    gate.loseEvery(7);
    begins();
    nothingWasLost();
  }

  @Test
  void aLostReportIsSentAgainThoughTheBuildIsNeverQuiet() throws IOException {
    gate.losesReport(3);
    Plans.Step[] steps = new Plans.Step[40];
    for (int i = 0; i < steps.length; i++) {
      steps[i] = run("step" + i, "test -e ../mended || sleep 0.1");
    }
    gate.run(build(1), plan(steps));
    gate.await(Duration.ofSeconds(20), "report 3", () -> gate.mendedWith() > 0);
    Files.createFile(data.resolve("work/demo/mended"));
    gate.awaitOver(build(1));
    assertThat(gate.mendedWith()).isLessThan(2 * steps.length);
    assertThat(gate.violations()).isEmpty();
  }

  @Test
  void aFullStoreIsWaitedFor() throws IOException {
    gate.run(build(1), plan(run("first", "echo first"), run("numbers", NUMBERS)));
    gate.fill(true);
    gate.await(
        Duration.ofSeconds(10),
        "the report of the step's end, which waits for no store",
        () ->
            gate.reports(build(1)).stream().filter(StepReport.StepEnded.class::isInstance).count()
                == 2);
    assertThat(gate.over(build(1))).isFalse();
    gate.fill(false);
    nothingWasLost();
  }

  @Test
  void anAgentThatEndsOnPurposeIsFollowedByOneThatGoesOn() throws IOException {
    begins();
    agent.close();
    agent = Agent.start(AgentTest.settings(data), gate.link());
    nothingWasLost();
    assertThat(gate.hellos().getFirst().instance()).isEqualTo(gate.hellos().getLast().instance());
  }
}
