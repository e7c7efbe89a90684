package dev.ahjo.cluster;

import dev.ahjo.config.NodeSettings;
import dev.ahjo.persistence.Storage;
import java.io.IOException;
import java.time.InstantSource;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Prunes logs and artifacts by age and size, now and then; what the builds were stays. */
final class Janitor implements AutoCloseable {
  private static final long ROUND_MINUTES = 10;
  private static final Logger LOG = LoggerFactory.getLogger(Janitor.class);

  private final ScheduledExecutorService rounds =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().name("ahjo-janitor").daemon().factory());

  private Janitor() {}

  static Janitor start(Storage.Stores stores, NodeSettings.Limits limits, InstantSource clock) {
    var janitor = new Janitor();
    var unused =
        janitor.rounds.scheduleWithFixedDelay(
            () -> prune(stores, limits, clock), 1, ROUND_MINUTES, TimeUnit.MINUTES);
    return janitor;
  }

  private static void prune(
      Storage.Stores stores, NodeSettings.Limits limits, InstantSource clock) {
    try {
      var pruned = stores.prune(limits.logAge(), limits.logSize(), clock.instant());
      if (pruned.builds() > 0) {
        LOG.info("Pruned the logs of {} builds, {} bytes", pruned.builds(), pruned.bytes());
      }
    } catch (IOException | RuntimeException failed) {
      LOG.error("Logs could not be pruned; the next round tries again", failed);
    }
  }

  @Override
  public void close() {
    rounds.shutdown();
  }
}
