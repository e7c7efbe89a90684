package dev.ahjo.worker;

import static dev.ahjo.worker.Plans.build;
import static dev.ahjo.worker.Plans.plan;
import static dev.ahjo.worker.Plans.run;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ahjo.core.id.BuildKey;
import dev.ahjo.core.project.Result;
import dev.ahjo.core.step.StepReport.StepOutcome;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Steps that are stopped: by people, and by their limits. */
@Tag("processes")
class LimitsTest extends Situation {
  private static final Duration LONG = Duration.ofMinutes(1);
  private static final long MUCH = 1L << 30;

  private StepOutcome runs(BuildKey build, Plans.Step step) {
    gate.run(build, plan(step));
    gate.awaitOver(build);
    return gate.outcome(build, 0);
  }

  private void started(BuildKey build) {
    gate.await(Duration.ofSeconds(10), "the first output", () -> gate.log(build, 0).length > 0);
  }

  /** Processes on this machine that were started with {@code word} on their command line. */
  private static List<ProcessHandle> alive(String word) {
    try (Stream<ProcessHandle> all = ProcessHandle.allProcesses()) {
      return all.filter(p -> commandLine(p.pid()).contains(word)).toList();
    }
  }

  private static String commandLine(long pid) {
    try {
      return Files.readString(Path.of("/proc/" + pid + "/cmdline"), StandardCharsets.ISO_8859_1);
    } catch (IOException ended) {
      return "";
    }
  }

  @Test
  void aBuildThatCannotBeKeptIsGivenBack() throws IOException {
    // A file stands where its folder should be, as if the disk took nothing.
    Files.createDirectories(data.resolve("builds"));
    Files.writeString(data.resolve("builds/demo@linux@1"), "");
    gate.run(build(1), plan(run("compile", "true")));
    assertThat(gate.awaitNotTaken(build(1))).startsWith("could not keep it: ");
    // There is room now, but the attempt may be at another worker.
    gate.runAgain(build(1));
    assertThat(gate.awaitNotTaken(build(1))).startsWith("could not keep it: ");
    gate.run(build(2), plan(run("compile", "true")));
    gate.awaitOver(build(2));
  }

  @Test
  void silenceEndsAStep() {
    StepOutcome outcome =
        runs(build(1), run("hangs", "echo a; sleep 77").limits(Duration.ofMillis(300), LONG, MUCH));

    assertThat(outcome.result()).isEqualTo(Result.FAILURE);
    assertThat(outcome.problem()).hasValue("Stopped after 0.3s without output (timeout: 0.3s)");
    assertThat(outcome.signal()).hasValue("TERM");
    assertThat(gate.log(build(1), 0)).startsWith("a\n".getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void outputKeepsAStepFromBeingSilent() {
    StepOutcome outcome =
        runs(
            build(1),
            run("talks", "for i in 1 2 3 4 5 6 7 8; do echo $i; sleep 0.1; done")
                .limits(Duration.ofMillis(450), LONG, MUCH));

    assertThat(outcome.result()).isEqualTo(Result.SUCCESS);
  }

  @Test
  void aStepThatTalksForeverEndsAtItsMaximumTime() {
    StepOutcome outcome =
        runs(
            build(1),
            run("talks", "while :; do echo x; sleep 0.02; done")
                .limits(LONG, Duration.ofMillis(400), MUCH));

    assertThat(outcome.result()).isEqualTo(Result.FAILURE);
    assertThat(outcome.problem())
        .hasValue("Stopped because it ran for longer than 0.4s (max_time)");
  }

  @Test
  void aStepThatPrintsTooMuchIsStoppedAndItsLogCutThere() {
    StepOutcome outcome = runs(build(1), run("floods", "yes").limits(LONG, LONG, 300_000));

    assertThat(outcome.result()).isEqualTo(Result.FAILURE);
    assertThat(outcome.problem())
        .hasValue("Stopped because it printed more than 300000 bytes (max_output)");
    assertThat(gate.log(build(1), 0)).hasSize(300_000);
  }

  @Test
  void aStepThatPrintsTooMuchInItsLastMomentHasFailedToo() {
    StepOutcome outcome =
        runs(build(1), run("bursts", "head -c 5000 /dev/zero").limits(LONG, LONG, 1000));

    assertThat(outcome.result()).isEqualTo(Result.FAILURE);
    assertThat(gate.log(build(1), 0)).hasSize(1000);
  }

  @Test
  void aStopEndsTheStepSkipsTheRestAndTidies() {
    gate.run(
        build(1),
        plan(
            run("works", "echo on; sleep 77"),
            run("next", "echo no"),
            run("tidy", "echo tidy").always()));
    started(build(1));
    gate.stop(build(1), "cancelled by mia");
    gate.stop(build(1), "cancelled by mia");
    gate.awaitOver(build(1));

    assertThat(gate.outcome(build(1), 0).result()).isEqualTo(Result.CANCELLED);
    assertThat(gate.outcome(build(1), 0).problem()).hasValue("cancelled by mia");
    assertThat(gate.outcome(build(1), 1).result()).isEqualTo(Result.SKIPPED);
    assertThat(gate.outcome(build(1), 2).result()).isEqualTo(Result.SUCCESS);
  }

  @Test
  void aSecondStopEndsAStepThatAlwaysRuns() {
    gate.run(
        build(1),
        plan(
            run("works", "echo on; sleep 77"),
            run("tidy", "echo tidy; sleep 78").always(),
            run("last", "echo last").always()));
    started(build(1));
    gate.stop(build(1), "enough");
    gate.await(Duration.ofSeconds(10), "the tidying", () -> gate.log(build(1), 1).length > 0);
    gate.stop(build(1), "enough");
    gate.stop(build(1), "really");
    gate.awaitOver(build(1));

    assertThat(gate.outcome(build(1), 1).result()).isEqualTo(Result.CANCELLED);
    assertThat(gate.outcome(build(1), 1).problem()).hasValue("really");
    assertThat(gate.outcome(build(1), 2).result()).isEqualTo(Result.SUCCESS);
  }

  @Test
  void aStepMayTidyUpWhenItIsToldToEnd() {
    gate.run(
        build(1),
        plan(run("works", "trap 'echo bye; exit 0' TERM; echo on; while :; do sleep 0.05; done")));
    started(build(1));
    gate.stop(build(1), "enough");
    gate.awaitOver(build(1));

    assertThat(gate.log(build(1), 0)).endsWith("bye\n".getBytes(StandardCharsets.UTF_8));
    assertThat(gate.outcome(build(1), 0).result()).isEqualTo(Result.CANCELLED);
  }

  @Test
  void aStopReachesWhatIgnoresItAndWhatRanAway() {
    String word = "6" + System.nanoTime() % 1_000_000;
    gate.run(
        build(1),
        plan(
            run(
                "tree",
                // deaf to TERM; a daemon in a session of its own; one without our environment
                "trap '' TERM; sleep %1$s.1 & setsid sh -c 'sleep %1$s.2 & exit' & ".formatted(word)
                    + "env -i /bin/sleep %1$s.3 & echo on; sleep %1$s.4".formatted(word))));
    started(build(1));
    gate.await(Duration.ofSeconds(10), "four sleepers", () -> alive("\0" + word).size() == 4);
    gate.stop(build(1), "enough");
    gate.awaitOver(build(1));

    assertThat(gate.outcome(build(1), 0).result()).isEqualTo(Result.CANCELLED);
    assertThat(alive("\0" + word)).isEmpty();
  }

  @Test
  void whatABuildLeavesRunningEndsWithIt() {
    String word = "7" + System.nanoTime() % 1_000_000;
    gate.run(
        build(1),
        plan(
            run("starts", "setsid sleep " + word + " >/dev/null 2>&1 & echo on"),
            run("uses", "pgrep -f 'sleep " + word + "' >/dev/null && echo there")));
    gate.awaitOver(build(1));

    assertThat(gate.outcome(build(1), 1).result()).isEqualTo(Result.SUCCESS);
    gate.await(Duration.ofSeconds(10), "its end", () -> alive("\0" + word).isEmpty());
  }

  @Test
  void aForgottenBuildIsKilledAndLeavesNothing() {
    String word = "8" + System.nanoTime() % 1_000_000;
    gate.run(build(1), plan(run("works", "echo on; sleep " + word), run("next", "echo no")));
    started(build(1));
    gate.forget(build(1));

    gate.await(Duration.ofSeconds(10), "its end", () -> alive("\0" + word).isEmpty());
    gate.await(
        Duration.ofSeconds(10),
        "its folder to go",
        () -> Files.notExists(data.resolve("builds/demo@linux@1")));
    assertThat(agent.holds()).isEmpty();
  }

  @Test
  void aBuildWhoseReportsAreRefusedIsKilled() {
    String word = "9" + System.nanoTime() % 1_000_000;
    gate.run(build(1), plan(run("brief", "echo on; sleep 1"), run("works", "sleep " + word)));
    started(build(1));
    gate.disown(build(1));

    // What the agent reports next is refused: the end of the first step, or the start of the
    // second.
    gate.await(
        Duration.ofSeconds(20),
        "its end",
        () -> agent.holds().isEmpty() && alive("\0" + word).isEmpty());
  }
}
