package dev.ahjo.cli.farm;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ahjo.persistence.cassandra.server.CassandraRing;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

/** Nodes are restarted one after the other, and killed, while people submit builds. */
@Tag("processes")
@EnabledIfSystemProperty(named = "ahjo.farm", matches = "true")
@Timeout(value = 20, unit = TimeUnit.MINUTES)
class RestartsTest {
  /** Calm between two events, so that each can be told from the other, in seconds. */
  private static final int CALM = Integer.getInteger("ahjo.farm.calm", 10);

  /** Builds a second. */
  private static final double RATE = Double.parseDouble(System.getProperty("ahjo.farm.rate", "2"));

  /**
   * The aim is 5 s on a machine that has nothing else to do; a busy one may fail it without being
   * wrong.
   */
  private static final Duration LATEST_START =
      Duration.ofSeconds(Integer.getInteger("ahjo.farm.latest", 5));

  private static CassandraRing ring;

  @TempDir Path folder;

  @BeforeAll
  static void startRing() throws Exception {
    ring = CassandraRing.start("127.0.1.", 1, 512);
  }

  @AfterAll
  static void stopRing() throws Exception {
    ring.close();
  }

  private static void calm(int seconds) {
    new CompletableFuture<Void>().completeOnTimeout(null, seconds, TimeUnit.SECONDS).join();
  }

  @Test
  void aRollingRestartLosesNothingAndDelaysNobody() throws Exception {
    var phases = new Phases(System.out);
    try (Masters masters = Masters.of(3, ring, 1, folder("rolling")).start();
        var callers = new Callers(masters)) {
      masters.startAgent("w1", 6);
      masters.startAgent("w2", 6);
      callers.define();
      phases.begin("warming up");
      callers.start(RATE);
      Masters.await("first builds", () -> callers.ended() >= 40);
      phases.begin("calm");
      calm(CALM);
      for (NodeProcess node : masters.nodes()) {
        phases.begin(node + " leaves");
        Duration left = node.stop();
        System.out.printf("farm: %s left in %d ms%n", node, left.toMillis());
        phases.begin(node + " comes");
        node.start();
        masters.awaitReady();
        phases.begin("calm after " + node);
        calm(CALM);
      }
      List<Callers.Done> done = callers.end();
      phases.tell(done);
      onceAndWell(callers, done);
      assertThat(done)
          .allSatisfy(d ->
              assertThat(Duration.ofMillis(d.startedAfter()))
                  .as("start of %s", d.build())
                  .isLessThan(LATEST_START));
    }
  }

  private Path folder(String name) {
    String kept = System.getProperty("ahjo.farm.folder", "");
    return (kept.isEmpty() ? folder : Path.of(kept)).resolve(name);
  }

  /** All ended well in their first attempt, ran once, and printed what the farm has. */
  private static void onceAndWell(Callers callers, List<Callers.Done> done) throws Exception {
    assertThat(done)
        .allSatisfy(d -> {
          assertThat(d.result()).as(d.build()).isEqualTo("success");
          assertThat(d.runs()).as("runs of %s", d.build()).isEqualTo(1);
          assertThat(d.attempts()).as("attempts of %s", d.build()).isEqualTo(1);
        });
    assertThat(done).extracting(Callers.Done::build).doesNotHaveDuplicates();
    for (Callers.Done each : done) {
      assertThat(callers.log(each)).as("log of %s", each.build()).isEqualTo(Callers.printed(each));
    }
    System.out.printf(
        "farm: %d builds ended well, each once, with all they printed%n", done.size());
  }

  @Test
  void aKilledNodesWorkGoesOnElsewhere() throws Exception {
    var phases = new Phases(System.out);
    try (Masters masters = Masters.of(3, ring, 1, folder("killed")).start();
        var callers = new Callers(masters)) {
      masters.startAgent("w1", 6);
      masters.startAgent("w2", 6);
      callers.define();
      phases.begin("warming up");
      callers.start(RATE);
      Masters.await("first builds", () -> callers.ended() >= 40);
      phases.begin("calm");
      calm(CALM);
      for (NodeProcess node : masters.nodes()) {
        phases.begin(node + " is killed");
        node.kill();
        calm(20);
        phases.begin(node + " comes");
        node.start();
        masters.awaitReady();
        phases.begin("calm after " + node);
        calm(CALM);
      }
      List<Callers.Done> done = callers.end();
      phases.tell(done);
      onceAndWell(callers, done);
      assertThat(done)
          .allSatisfy(d ->
              assertThat(Duration.ofMillis(d.acceptedAfter()))
                  .as("acceptance of %s", d.build())
                  .isLessThan(LATEST_START.multipliedBy(3)));
    }
  }
}
