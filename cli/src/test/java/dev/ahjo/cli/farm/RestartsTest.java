package dev.ahjo.cli.farm;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ahjo.persistence.cassandra.server.CassandraRing;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/** Nodes are restarted one after the other, killed and upgraded while people submit builds. */
@Tag("processes")
@EnabledIfSystemProperty(named = "ahjo.farm", matches = "true")
@Timeout(value = 20, unit = TimeUnit.MINUTES)
class RestartsTest extends FarmStories {
  /** Longer than a killed node's work takes to go on elsewhere. */
  private static final int ABSENCE_SECONDS = 20;

  private static final String OLDER = System.getProperty("ahjo.farm.older", "");

  private static CassandraRing ring;

  @BeforeAll
  static void startRing() throws Exception {
    ring = CassandraRing.start("127.0.1.", 1, 512);
  }

  @AfterAll
  static void stopRing() throws Exception {
    ring.close();
  }

  private static void restart(Masters masters, NodeProcess node, Phases phases) throws Exception {
    phases.begin(node + " leaves");
    Duration left = node.stop();
    System.out.printf("farm: %s left in %d ms%n", node, left.toMillis());
    phases.begin(node + " comes");
    node.start();
    masters.awaitReady();
    phases.begin("calm after " + node);
    calm(CALM);
  }

  @Test
  void aRollingRestartLosesNothingAndDelaysNobody() throws Exception {
    var phases = new Phases(System.out);
    try (Masters masters = Masters.of(3, ring, 1, folder("rolling")).start();
        Callers callers = warm(masters, phases)) {
      long warm = System.currentTimeMillis();
      for (NodeProcess node : masters.nodes()) {
        restart(masters, node, phases);
      }
      List<Callers.Done> done = onceAndWell(callers, phases);
      for (Callers.Done each : done) {
        if (each.call().begun > warm) {
          assertThat(Duration.ofMillis(each.startedAfter()))
              .as("start of %s", each)
              .isLessThan(LATEST_START);
        }
      }
    }
  }

  @Test
  void aKilledNodesWorkGoesOnElsewhere() throws Exception {
    var phases = new Phases(System.out);
    try (Masters masters = Masters.of(3, ring, 1, folder("killed")).start();
        Callers callers = warm(masters, phases)) {
      long warm = System.currentTimeMillis();
      for (NodeProcess node : masters.nodes()) {
        phases.begin(node + " is killed");
        node.kill();
        calm(ABSENCE_SECONDS);
        phases.begin(node + " comes");
        node.start();
        masters.awaitReady();
        phases.begin("calm after " + node);
        calm(CALM);
      }
      List<Callers.Done> done = onceAndWell(callers, phases);
      for (Callers.Done each : done) {
        if (each.call().begun > warm) {
          assertThat(Duration.ofMillis(each.acceptedAfter()))
              .as("acceptance of %s", each)
              .isLessThan(LATEST_START.multipliedBy(3));
        }
      }
    }
  }

  /** {@code -Dahjo.farm.older} is the class path of an earlier version. */
  @Test
  @EnabledIfSystemProperty(named = "ahjo.farm.older", matches = ".+")
  void nodesOfTwoVersionsWorkTogether() throws Exception {
    var phases = new Phases(System.out);
    try (Masters masters = Masters.of(3, ring, 1, folder("mixed"))) {
      masters.nodes().forEach(node -> node.become(OLDER));
      masters.start();
      try (Callers callers = warm(masters, phases)) {
        for (NodeProcess node : masters.nodes()) {
          node.become(NodeProcess.OWN_CLASS_PATH);
          restart(masters, node, phases);
        }
        // And one goes back: who upgrades may think better of it.
        masters.node(1).become(OLDER);
        restart(masters, masters.node(1), phases);
        onceAndWell(callers, phases);
      }
    }
  }
}
