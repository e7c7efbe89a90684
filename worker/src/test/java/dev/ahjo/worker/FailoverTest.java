package dev.ahjo.worker;

import static dev.ahjo.worker.Plans.build;
import static dev.ahjo.worker.Plans.plan;
import static dev.ahjo.worker.Plans.run;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ahjo.core.id.PoolName;
import dev.ahjo.core.id.WorkerName;
import dev.ahjo.core.project.Result;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An agent that knows two gates, with the protocol's own patience. */
@Tag("processes")
class FailoverTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  @TempDir Path folder;

  private final FakeGate gate = new FakeGate();

  private AgentSettings settings(RemotingGate... gates) {
    return AgentSettings.of(
        new WorkerName("w1"),
        folder.resolve("agent"),
        Stream.of(gates).map(g -> URI.create("pekko://127.0.0.1:" + g.port())).toList(),
        "secret",
        1,
        Set.of(),
        new PoolName("default"));
  }

  private void awaitHellos(int more) {
    int before = gate.hellos().size();
    long start = System.nanoTime();
    gate.await(PATIENCE, "a Hello at the other gate", () -> gate.hellos().size() >= before + more);
    assertThat(Duration.ofNanos(System.nanoTime() - start))
        .as("a gate that died is proved dead before its silence would tell")
        .isLessThan(Duration.ofSeconds(9));
  }

  @Test
  void whoLosesHisGateGoesOnAtTheOther() throws Exception {
    try (var first = new RemotingGate(gate, 0);
        var second = new RemotingGate(gate, 0);
        Agent agent = Agent.start(settings(first, second))) {
      gate.await(PATIENCE, "a session", gate::connected);
      gate.run(
          build(1),
          plan(
              run(
                  "numbers",
                  "i=0; while [ $i -lt 900 ]; do i=$((i+1)); echo line $i; echo line $i >>../proof;"
                      + " sleep 0.01; done")));
      gate.await(PATIENCE, "some lines", () -> gate.log(build(1), 0).length > 100);
      // Whichever the agent is at: it moves when that one dies.
      RemotingGate current = first.heardLast() > second.heardLast() ? first : second;
      current.close();
      awaitHellos(1);
      gate.await(PATIENCE, "the end", () -> gate.over(build(1)));
      assertThat(gate.outcome(build(1), 0).result()).isEqualTo(Result.SUCCESS);
      assertThat(gate.log(build(1), 0))
          .isEqualTo(Files.readAllBytes(folder.resolve("agent/work/demo/proof")));
      assertThat(agent.connected()).isTrue();
    }
    assertThat(gate.violations()).isEmpty();
  }

  @Test
  void aGateThatTurnsHimAwayIsLeftForTheOther() throws Exception {
    try (var closing = new RemotingGate(gate, 0);
        var open = new RemotingGate(gate, 0)) {
      closing.turnAway("This gate is closing; go to another");
      try (Agent _ = Agent.start(settings(closing, open))) {
        gate.await(PATIENCE, "a session", gate::connected);
        open.turnAway("This gate is closing; go to another");
        closing.turnAway("");
        awaitHellos(1);
      }
    }
  }

  @Test
  void gatesThatAreNoneAreRefusedAtOnce() {
    for (String wrong : List.of("http://h:1", "pekko:h", "h:1")) {
      org.assertj.core.api.Assertions.assertThatThrownBy(() ->
              AgentSettings.of(
                  new WorkerName("w1"),
                  folder,
                  List.of(URI.create(wrong)),
                  "secret",
                  1,
                  Set.of(),
                  new PoolName("default")))
          .hasMessageContaining(wrong);
    }
  }
}
