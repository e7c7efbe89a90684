package dev.ahjo.cli.farm;

import dev.ahjo.persistence.cassandra.server.CassandraRing;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/** A ring of three, each row on all of them, loses one server after the other under load. */
@Tag("processes")
@EnabledIfSystemProperty(named = "ahjo.farm", matches = "true")
@Timeout(value = 20, unit = TimeUnit.MINUTES)
class LostServerTest extends FarmStories {
  private static final int SERVERS = 3;
  private static final int ABSENCE_SECONDS = 15;

  @Test
  void nobodyNoticesThatAServerIsLost() throws Exception {
    var phases = new Phases(System.out);
    try (CassandraRing ring = CassandraRing.start("127.0.1.", SERVERS, 512);
        Masters masters = Masters.of(3, ring, SERVERS, folder("servers")).start();
        Callers callers = warm(masters, phases)) {
      for (int server = 0; server < SERVERS; server++) {
        phases.begin("server " + (server + 1) + " is killed");
        ring.kill(server);
        calm(ABSENCE_SECONDS);
        phases.begin("server " + (server + 1) + " comes");
        ring.restart(server);
        phases.begin("calm after server " + (server + 1));
        calm(CALM);
      }
      onceAndWell(callers, phases);
    }
  }
}
