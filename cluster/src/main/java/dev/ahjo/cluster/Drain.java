package dev.ahjo.cluster;

import dev.ahjo.cluster.worker.Sessions;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lets what runs at a lone node's workers end before it stops: nothing new begins there, what is
 * submitted waits in the queue for the next start. A node of a farm has no need of it, since the
 * others go on with its builds.
 */
final class Drain {
  /** After so long the node stops all the same; its builds go on at their workers. */
  static final Duration LONGEST = Duration.ofHours(1);

  private static final Duration LOOK = Duration.ofMillis(500);
  private static final Logger LOG = LoggerFactory.getLogger(Drain.class);

  private final Sessions sessions;
  private final AtomicBoolean begun = new AtomicBoolean();

  Drain(Sessions sessions) {
    this.sessions = sessions;
  }

  /** Begins, once: runs {@code stop} when nothing runs any more, unless it has stopped before. */
  void begin(CountDownLatch stopped, Runnable stop) {
    if (!begun.compareAndSet(false, true)) {
      return;
    }
    sessions.drain();
    LOG.info("{} builds run, and may end first; nothing new begins", sessions.atWork());
    Thread.ofPlatform()
        .name("ahjo-drain")
        .daemon()
        .start(() -> {
          try {
            await(stopped);
          } catch (InterruptedException end) {
            Thread.currentThread().interrupt();
          }
          stop.run();
        });
  }

  private void await(CountDownLatch stopped) throws InterruptedException {
    long deadline = System.nanoTime() + LONGEST.toNanos();
    // Twice, since one that was about to be given when it began may not be counted yet.
    int quiet = 0;
    while (quiet < 2 && !stopped.await(LOOK.toMillis(), TimeUnit.MILLISECONDS)) {
      int left = sessions.atWork();
      quiet = left == 0 ? quiet + 1 : 0;
      if (System.nanoTime() - deadline >= 0) {
        LOG.warn("{} builds still run after {}; they go on at their workers", left, LONGEST);
        return;
      }
    }
  }

  /** What to say of it while it goes on. */
  Optional<String> told() {
    return begun.get()
        ? Optional.of("the node stops once " + sessions.atWork() + " builds have ended")
        : Optional.empty();
  }
}
