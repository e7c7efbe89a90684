package dev.ahjo.cluster.kernel;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Notices that this process stood still: stopped, or swapped out. (Not so a machine that its host
 * holds still or that sleeps, where the clock may stand still as well.) After a while the other
 * nodes have taken over its entities, of which it knows nothing when it goes on; what it decided
 * then would be written beside what they decide. So nothing is decided once a beat was missed, and
 * the node ends.
 *
 * <p>Whoever asks compares the time of the last beat himself, so that it does not matter whose
 * thread is the first to run again.
 */
public final class Pulse implements AutoCloseable {
  /** Of a node that is alone: nobody takes over. */
  public static final Pulse NONE = new Pulse(Duration.ofDays(36_500), System::nanoTime, () -> {});

  private static final Logger LOG = LoggerFactory.getLogger(Pulse.class);
  private static final long BEAT = Duration.ofMillis(200).toNanos();

  private final long most;
  private final LongSupplier nanos;
  private final Runnable whenMissed;
  private volatile long last;
  private volatile boolean missed;
  private volatile boolean over;

  /**
   * @param longest silence after which nobody else has taken over yet
   * @param whenMissed run once, in a thread of the pulse's
   */
  Pulse(Duration longest, LongSupplier nanos, Runnable whenMissed) {
    this.most = longest.toNanos();
    this.nanos = nanos;
    this.whenMissed = whenMissed;
    this.last = nanos.getAsLong();
  }

  /** Starts to beat. */
  public static Pulse start(Duration longest, Runnable whenMissed) {
    var pulse = new Pulse(longest, System::nanoTime, whenMissed);
    Thread.ofPlatform().name("ahjo-pulse").daemon().start(pulse::beats);
    return pulse;
  }

  private void beats() {
    try {
      while (!over && beat()) {
        TimeUnit.NANOSECONDS.sleep(BEAT);
      }
    } catch (InterruptedException stop) {
      Thread.currentThread().interrupt();
    }
  }

  /** One beat; false when one was missed. */
  boolean beat() {
    if (missed()) {
      LOG.error(
          "This node stood still for {} ms; others may have taken over what it knew",
          TimeUnit.NANOSECONDS.toMillis(nanos.getAsLong() - last));
      whenMissed.run();
      return false;
    }
    last = nanos.getAsLong();
    return true;
  }

  /** Whether there was a silence of more than the longest; true for ever after. */
  public boolean missed() {
    if (!missed && nanos.getAsLong() - last > most) {
      missed = true;
    }
    return missed;
  }

  @Override
  public void close() {
    over = true;
  }
}
