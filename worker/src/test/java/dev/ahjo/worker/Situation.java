package dev.ahjo.worker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ahjo.core.buildset.Plan;
import dev.ahjo.core.id.BuildKey;
import dev.ahjo.core.step.StepReport.StepOutcome;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** One agent that has joined one gate. */
abstract class Situation {
  @TempDir Path data;

  final FakeGate gate = new FakeGate();
  Agent agent;

  @BeforeEach
  void joins() throws IOException {
    agent = Agent.start(AgentTest.settings(data), gate.link());
  }

  @AfterEach
  void leaves() {
    agent.close();
    assertThat(gate.violations()).isEmpty();
  }

  /** Runs a build to its end; answers how its first step ended. */
  StepOutcome runs(BuildKey build, Plan plan) {
    gate.run(build, plan);
    gate.awaitOver(build);
    return gate.outcome(build, 0);
  }

  String log(BuildKey build, int step) {
    return new String(gate.log(build, step), StandardCharsets.UTF_8);
  }
}
