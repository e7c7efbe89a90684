package dev.ahjo.worker;

import static dev.ahjo.worker.Plans.build;
import static dev.ahjo.worker.Plans.plan;
import static dev.ahjo.worker.Plans.run;
import static dev.ahjo.worker.Plans.set;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ahjo.core.buildset.Plan;
import dev.ahjo.core.project.Result;
import dev.ahjo.core.step.StepReport;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Real agents over real remoting, killed without warning. */
@Tag("processes")
class SurvivalTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  @TempDir Path folder;

  private final FakeGate gate = new FakeGate();
  private RemotingGate door;
  private Path data;

  @BeforeEach
  void opens() throws Exception {
    data = Files.createDirectories(folder.resolve("agent"));
    door = new RemotingGate(gate, 0);
  }

  @AfterEach
  void closes() throws Exception {
    door.close();
    assertThat(gate.violations()).isEmpty();
  }

  private static Plan numbers(int lines) {
    return plan(
        run(
            "numbers",
            "i=0; while [ $i -lt "
                + lines
                + " ]; do i=$((i+1)); echo line $i; echo line $i >>../numbers; sleep 0.01; done"));
  }

  private void awaitLines() {
    gate.await(PATIENCE, "some lines", () -> gate.log(build(1), 0).length > 100);
  }

  private void nothingWasLost() throws Exception {
    gate.await(PATIENCE, "the end", () -> gate.over(build(1)));
    assertThat(gate.outcome(build(1), 0).result()).isEqualTo(Result.SUCCESS);
    assertThat(gate.log(build(1), 0))
        .isEqualTo(Files.readAllBytes(data.resolve("work/demo/numbers")));
    assertThat(gate.reports(build(1)))
        .extracting(r -> r.getClass().getSimpleName())
        .containsExactly("PlanKept", "StepStarted", "StepEnded", "BuildEnded");
  }

  @Test
  void aBuildRunsOverRemoting() throws Exception {
    try (Agent agent = Agent.start(AgentProcess.settings(data, door.port()))) {
      gate.run(build(1), numbers(20));
      nothingWasLost();
      assertThat(agent.connected()).isTrue();
    }
    gate.await(PATIENCE, "the goodbye", () -> !gate.connected());
  }

  @Test
  void anAgentThatIsKilledAndStartedAgainFinishesTheSameAttempt() throws Exception {
    gate.run(build(1), numbers(400));
    try (AgentProcess first = AgentProcess.start(data, door.port())) {
      awaitLines();
      first.kill();
    }
    try (AgentProcess second = AgentProcess.start(data, door.port())) {
      nothingWasLost();
    }
  }

  @Test
  void aStepThatEndsWhileNoAgentIsThereIsStillTold() throws Exception {
    gate.run(build(1), numbers(150));
    try (AgentProcess first = AgentProcess.start(data, door.port())) {
      awaitLines();
    }
    gate.await(
        PATIENCE,
        "the step's end",
        () -> Files.exists(data.resolve("builds/demo@linux@1/steps/0/exit")));
    try (AgentProcess second = AgentProcess.start(data, door.port())) {
      nothingWasLost();
    }
  }

  @Test
  void aGateThatIsGoneForAWhileIsFoundAgain() throws Exception {
    try (Agent agent = Agent.start(AgentProcess.settings(data, door.port()))) {
      gate.run(build(1), numbers(400));
      awaitLines();
      int port = door.port();
      door.close();
      gate.restart(50);
      gate.await(PATIENCE, "the agent to notice", () -> !agent.connected());
      door = new RemotingGate(gate, port);
      nothingWasLost();
    }
  }

  @Test
  void aSupervisorThatVanishedIsTheAgentsFault() throws Exception {
    gate.run(build(1), plan(run("works", "echo on; sleep 77")));
    try (AgentProcess first = AgentProcess.start(data, door.port())) {
      gate.await(PATIENCE, "output", () -> gate.log(build(1), 0).length > 0);
    }
    // as after a restart of the machine: no supervisor, no exit code
    String mark = Files.readAllLines(data.resolve("builds/demo@linux@1/steps/0/launch")).get(2);
    try (var all = ProcessHandle.allProcesses()) {
      all.filter(p -> environment(p).contains(mark)).forEach(ProcessHandle::destroyForcibly);
    }
    Files.deleteIfExists(data.resolve("builds/demo@linux@1/steps/0/exit"));
    try (AgentProcess second = AgentProcess.start(data, door.port())) {
      gate.await(PATIENCE, "the end", () -> gate.over(build(1)));
    }
    assertThat(gate.outcome(build(1), 0).agentFault()).isTrue();
    assertThat(gate.outcome(build(1), 0).result()).isEqualTo(Result.EXCEPTION);
    assertThat(gate.outcome(build(1), 0).problem())
        .hasValue("The step's supervisor vanished (was the machine restarted?)");
  }

  private static String environment(ProcessHandle process) {
    try {
      return Files.readString(
          Path.of("/proc/" + process.pid() + "/environ"),
          java.nio.charset.StandardCharsets.ISO_8859_1);
    } catch (java.io.IOException notOurs) {
      return "";
    }
  }

  /** Whenever it is killed, each step runs once, and the build ends as if nothing had been. */
  @Test
  void killedAgainAndAgainAtAnyMoment() throws Exception {
    int steps = 36;
    var random = new Random(42);
    var plan = new ArrayList<Plans.Step>();
    plan.add(set("start", "echo 100"));
    for (int i = 1; i < steps; i++) {
      plan.add(
          run(
              "step-" + i,
              "echo " + i + " >>../ran; echo ${properties.start} " + i + "; sleep 0.05"));
    }
    gate.run(build(1), plan(plan.toArray(Plans.Step[]::new)));
    int kills = 0;
    while (!gate.over(build(1)) && kills < 30) {
      try (AgentProcess agent = AgentProcess.start(data, door.port())) {
        int before = gate.reports(build(1)).size();
        gate.await(
            PATIENCE,
            "some reports",
            () -> gate.over(build(1)) || gate.reports(build(1)).size() > before + 8);
        long at = System.nanoTime() + random.nextInt(60_000_000);
        gate.await(PATIENCE, "a moment", () -> System.nanoTime() > at);
      }
      kills++;
    }

    assertThat(gate.over(build(1))).isTrue();
    assertThat(kills).isGreaterThan(3);
    assertThat(gate.reports(build(1)))
        .filteredOn(StepReport.StepEnded.class::isInstance)
        .hasSize(steps)
        .allMatch(r -> ((StepReport.StepEnded) r).outcome().result() == Result.SUCCESS);
    List<String> once = IntStream.range(1, steps).mapToObj(Integer::toString).toList();
    assertThat(Files.readAllLines(data.resolve("work/demo/ran"))).isEqualTo(once);
    for (int i = 1; i < steps; i++) {
      assertThat(new String(gate.log(build(1), i), java.nio.charset.StandardCharsets.UTF_8))
          .isEqualTo("100 " + i + "\n");
    }
  }
}
