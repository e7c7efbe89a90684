package dev.ahjo.persistence.cassandra;

import com.typesafe.config.Config;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Stamps that never contradict cause and effect, however wrong the clocks of the machines are: a
 * hybrid logical clock (Kulkarni et al., "Logical Physical Clocks", 2014). A stamp is about the
 * time in microseconds since 1970, but always greater than all stamps that this node has given or
 * seen; nodes show each other theirs in every message between entities.
 */
public final class CausalClock {
  private final InstantSource time;
  private final AtomicLong last = new AtomicLong();

  public CausalClock(InstantSource time) {
    this.time = time;
  }

  /**
   * The clock of the node whose actor system has this configuration. A node whose storage needs no
   * stamps has one that nobody asks.
   */
  public static CausalClock of(Config system) {
    return FactStore.clock(system).orElseGet(() -> new CausalClock(InstantSource.system()));
  }

  /** A stamp of its own, greater than any given or seen so far. */
  public long next() {
    return last.accumulateAndGet(now(), (before, now) -> Math.max(before + 1, now));
  }

  /** The greatest stamp given or seen: what a message takes along. */
  public long shown() {
    return last.get();
  }

  /** Takes note of a stamp from elsewhere. */
  public void seen(long stamp) {
    last.accumulateAndGet(stamp, Math::max);
  }

  private long now() {
    return ChronoUnit.MICROS.between(Instant.EPOCH, time.instant());
  }
}
