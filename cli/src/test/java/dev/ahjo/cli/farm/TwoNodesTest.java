package dev.ahjo.cli.farm;

import dev.ahjo.persistence.cassandra.server.CassandraRing;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * The smallest farm, in every build: two nodes as processes on a real server of Cassandra, of which
 * one leaves, comes again and is killed while people submit builds.
 */
@Tag("processes")
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class TwoNodesTest extends FarmStories {
  @Test
  void whatWasAcceptedIsBuiltOnceWhicheverNodeWentAway() throws Exception {
    var phases = new Phases(System.out);
    try (CassandraRing ring = CassandraRing.start("127.0.2.", 1, 384);
        Masters masters = Masters.of(2, ring, 1, folder("two")).start();
        Callers callers = new Callers(masters)) {
      masters.startAgent("w1", 6);
      callers.define();
      phases.begin("both are there");
      callers.start(RATE);
      goOn(callers, 8);

      // Of two that lose each other the one with the lower address goes on: not this one.
      NodeProcess second = masters.node(1);
      phases.begin(second + " leaves");
      second.stop();
      goOn(callers, 4);
      phases.begin(second + " comes");
      second.start();
      masters.awaitReady();
      goOn(callers, 8);
      phases.begin(second + " is killed");
      second.kill();
      goOn(callers, 8);
      onceAndWell(callers, phases);
    }
  }

  /** Returns when so many calls that are begun from now on could have been accepted and built. */
  private static void goOn(Callers callers, int more) {
    long accepted = callers.accepted() + more;
    long ended = callers.ended() + more;
    Masters.await(
        more + " more builds", () -> callers.accepted() >= accepted && callers.ended() >= ended);
  }
}
