package dev.ahjo.cli.story;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ahjo.core.id.PoolName;
import dev.ahjo.core.id.WorkerName;
import dev.ahjo.worker.Agent;
import dev.ahjo.worker.AgentSettings;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Workers that come by WebSocket to a real node, over a wire that is cut under a running build. */
@Tag("processes")
@Timeout(value = 4, unit = TimeUnit.MINUTES)
class WireTest {
  private static final Path EXAMPLE = Path.of("../examples/python-worker/worker.py");

  @TempDir Path folder;

  private Path proof() {
    return folder.resolve("proof");
  }

  private String project(int lines) {
    return """
    project: lines
    builders:
      count:
        worker: {labels: [strange]}
        steps:
          - {name: version, run: echo " 1.2 ", set: version}
          - name: count
            env: {OF: "${properties.version}"}
            run: |
              i=0
              while [ $i -lt %d ]; do
                i=$((i+1))
                printf 'line %%d of %%s: %%0200d\\n' $i "$OF" $i
                printf 'line %%d of %%s: %%0200d\\n' $i "$OF" $i >> %s
                sleep 0.01
              done
          - {name: skipped, if: branch == "other", run: exit 1}
          - {name: fails, run: exit 3, on_failure: warn}
    """
        .formatted(lines, proof());
  }

  private boolean connected(LiveFarm farm, String worker) throws Exception {
    return farm.get("/api/v1/workers/" + worker).path("connected").asBoolean();
  }

  private void nothingWasLost(LiveFarm farm, String request) throws Exception {
    var end = farm.end(request);
    assertThat(end.path("result").asText()).isEqualTo("warnings");
    assertThat(end.path("attempts")).hasSize(1);
    assertThat(farm.bytes("/api/v1/builds/lines/count/1/steps/1/logs/stdio"))
        .isEqualTo(Files.readAllBytes(proof()));
    assertThat(farm.get("/api/v1/builds/lines/count/1").path("steps"))
        .extracting(s -> s.path("result").asText())
        .containsExactly("success", "success", "skipped", "failure");
  }

  @Test
  void aWorkerInPlainPythonBuildsAndSurvivesLostConnections() throws Exception {
    try (var farm = new LiveFarm(folder.resolve("data"), 1).start();
        var wire = new CutWire(farm.port())) {
      farm.project(project(400));
      Process python = python(farm, wire);
      try {
        String request = farm.submit("lines");
        LiveFarm.await("first lines", () -> LiveFarm.text(proof()).lines().count() > 50);
        wire.drop();
        LiveFarm.await("more lines", () -> LiveFarm.text(proof()).lines().count() > 200);
        wire.drop();
        nothingWasLost(farm, request);
      } finally {
        python.destroy();
        python.waitFor();
      }
      assertThat(LiveFarm.text(folder.resolve("python.out")).lines())
          .as("sessions")
          .filteredOn(line -> line.startsWith("worker: session"))
          .hasSizeGreaterThanOrEqualTo(3);
    }
  }

  private Process python(LiveFarm farm, CutWire wire) throws Exception {
    var builder =
        new ProcessBuilder(
                "python3",
                "-B",
                EXAMPLE.toAbsolutePath().normalize().toString(),
                "--join",
                "ws://127.0.0.1:" + wire.port(),
                "--name",
                "py-1",
                "--label",
                "strange",
                "--work",
                folder.resolve("python").toString())
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("python.out").toFile());
    builder.environment().put("AHJO_WORKER_TOKEN", farm.workerToken());
    return builder.start();
  }

  @Test
  void aHalfOpenConnectionIsNoticedAtBothEnds() throws Exception {
    try (var farm = new LiveFarm(folder.resolve("data"), 1).start();
        var wire = new CutWire(farm.port());
        Agent agent =
            Agent.start(
                AgentSettings.of(
                    new WorkerName("ws-1"),
                    folder.resolve("agent"),
                    List.of(URI.create("ws://127.0.0.1:" + wire.port())),
                    farm.workerToken(),
                    1,
                    Set.of("strange"),
                    new PoolName("default")))) {
      farm.project(project(1_200));
      String request = farm.submit("lines");
      LiveFarm.await("first lines", () -> LiveFarm.text(proof()).lines().count() > 50);
      long cutAt = System.nanoTime();
      wire.cut();
      LiveFarm.await("the agent's notice", () -> !agent.connected());
      LiveFarm.await("the farm's notice", () -> !connected(farm, "ws-1"));
      assertThat(Duration.ofNanos(System.nanoTime() - cutAt)).isLessThan(Duration.ofSeconds(15));
      wire.heal();
      LiveFarm.await("the worker is back", () -> connected(farm, "ws-1"));
      nothingWasLost(farm, request);
    }
  }
}
