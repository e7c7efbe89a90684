package dev.ahjo.cli.farm;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ahjo.persistence.cassandra.server.CassandraRing;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/** Many projects on three nodes: each holds about as many entities as the others. */
@Tag("processes")
@EnabledIfSystemProperty(named = "ahjo.farm", matches = "true")
@Timeout(value = 20, unit = TimeUnit.MINUTES)
class SpreadTest extends FarmStories {
  private static final int PROJECTS = 300;
  private static final int BUILDERS = 4;

  @Test
  void projectsSpreadEvenlyOverTheNodesThatAreThere() throws Exception {
    try (CassandraRing ring = CassandraRing.start("127.0.1.", 1, 512);
        Masters masters = Masters.of(3, ring, 1, folder("spread")).start()) {
      long begun = System.nanoTime();
      for (int i = 0; i < PROJECTS; i++) {
        define(masters, "p" + i);
      }
      System.out.printf(
          "farm: %d projects defined in %d s%n",
          PROJECTS, TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - begun));
      evenly(masters);
      masters.node(2).stop();
      masters.node(2).start();
      masters.awaitReady();
      evenly(masters);
    }
  }

  private static void define(Masters masters, String project)
      throws IOException, InterruptedException {
    var file = new StringBuilder("project: " + project + "\nbuilders:\n");
    for (int b = 0; b < BUILDERS; b++) {
      file.append("  b").append(b).append(": {steps: [{run: 'true'}]}\n");
    }
    var answer =
        masters
            .http()
            .send(
                HttpRequest.newBuilder(masters.node(0).url().resolve("/api/v1/projects/" + project))
                    .header("content-type", "application/yaml")
                    .PUT(BodyPublishers.ofString(file.toString()))
                    .build(),
                BodyHandlers.ofString());
    assertThat(answer.statusCode()).as(answer.body()).isBetween(200, 299);
  }

  /** Within a fifth of what each would have if all had the same. */
  private static void evenly(Masters masters) {
    Masters.await(
        "all entities are awake, each node with its share",
        () -> {
          List<Double> awake = awake(masters);
          double share = PROJECTS * (1 + BUILDERS) / (double) awake.size();
          return awake.stream().allMatch(n -> n > share * 0.8 && n < share * 1.2);
        });
    System.out.printf("farm: entities awake on the nodes: %s%n", awake(masters));
  }

  private static List<Double> awake(Masters masters) {
    return masters.nodes().stream()
        .map(node -> {
          try {
            return node.reading("ahjo_entities_awake");
          } catch (IOException away) {
            throw new UncheckedIOException(away);
          }
        })
        .toList();
  }
}
