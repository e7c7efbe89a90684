package dev.ahjo.cli.story;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Kills the node and the agent under running builds: the same attempt goes on, nothing runs twice,
 * and every byte that the step wrote is in its log.
 */
@Tag("processes")
@Timeout(value = 6, unit = TimeUnit.MINUTES)
class SurvivalTest {
  @TempDir Path folder;

  @Test
  void aBuildOutlivesItsNodeAndItsAgent() throws Exception {
    Path proof = folder.resolve("proof");
    Path starts = folder.resolve("starts");
    try (var farm = new LiveFarm(folder.resolve("data"), 2).start()) {
      farm.project(
          """
          project: lines
          builders:
            count:
              steps:
                - name: count
                  run: |
                    echo start >> %s
                    i=0
                    while [ $i -lt 1500 ]; do
                      i=$((i+1))
                      printf 'line %%d\\n' $i
                      printf 'line %%d\\n' $i >> %s
                      sleep 0.01
                    done
          """
              .formatted(starts, proof));
      String request = farm.submit("lines");
      LiveFarm.await("first lines", () -> LiveFarm.text(proof).lines().count() > 50);

      farm.killNode();
      LiveFarm.await("lines without a node", () -> LiveFarm.text(proof).lines().count() > 300);
      farm.start();
      farm.killAgent();
      LiveFarm.await("lines without an agent", () -> LiveFarm.text(proof).lines().count() > 500);
      farm.killNode();
      farm.start();

      var end = farm.end(request);
      assertThat(end.path("result").asText()).isEqualTo("success");
      assertThat(end.path("attempts")).hasSize(1);
      assertThat(LiveFarm.text(starts)).isEqualTo("start\n");
      assertThat(farm.bytes("/api/v1/builds/lines/count/1/steps/0/logs/stdio"))
          .isEqualTo(Files.readAllBytes(proof));
    }
  }

  @Test
  void aQueueOutlivesItsNodeAndItsAgent() throws Exception {
    int builds = 60;
    Path starts = folder.resolve("starts");
    try (var farm = new LiveFarm(folder.resolve("data"), 8).start()) {
      farm.project(
          """
          project: many
          builders:
            each:
              steps:
                - run: echo $AHJO_NUMBER >> %s; sleep 0.5
          """
              .formatted(starts));
      List<String> requests = new ArrayList<>();
      for (int i = 0; i < builds; i++) {
        requests.add(farm.submit("many"));
      }
      LiveFarm.await("some builds", () -> LiveFarm.text(starts).lines().count() >= 12);

      farm.killNode();
      farm.killAgent();
      farm.start();

      for (String request : requests) {
        var end = farm.end(request);
        assertThat(end.path("result").asText()).isEqualTo("success");
        assertThat(end.path("attempts")).hasSize(1);
      }
      assertThat(LiveFarm.text(starts).lines().map(Integer::valueOf))
          .as("every number once: nothing ran twice, and none is missing")
          .containsExactlyInAnyOrderElementsOf(IntStream.rangeClosed(1, builds).boxed().toList());
    }
  }
}
