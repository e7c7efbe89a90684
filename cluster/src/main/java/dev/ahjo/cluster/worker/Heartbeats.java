package dev.ahjo.cluster.worker;

import dev.ahjo.core.worker.Protocol;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/**
 * The pulse of all sessions of a gate. An agent's ping is answered where it comes in, and one round
 * a second looks after all sessions: a session that has nothing to do costs no timer, no actor's
 * turn and nothing that is read or written but the ping.
 */
final class Heartbeats {
  /** Between two rounds. */
  static final Duration ROUND = Duration.ofSeconds(1);

  /**
   * Without a word for so long, one is said unasked. Agents speak every three seconds and are
   * answered, so this is for those who are late.
   */
  private static final long UNASKED = Protocol.HEARTBEAT.plus(ROUND).toNanos();

  /** A word said so lately is an answer to whatever came since. */
  private static final long LATELY = Protocol.HEARTBEAT.dividedBy(2).toNanos();

  /** An agent that waits for its welcome need not say anything; one that has died is not kept. */
  private static final long IN_LINE = Duration.ofMinutes(5).toNanos();

  private final LongSupplier nanos;
  private final LongSupplier real;
  private final Set<Heart> hearts = ConcurrentHashMap.newKeySet();
  private long lastRound;

  /**
   * @param nanos by which silence is told
   * @param real by which a round that comes late is told
   */
  Heartbeats(LongSupplier nanos, LongSupplier real) {
    this.nanos = nanos;
    this.real = real;
    this.lastRound = real.getAsLong();
  }

  /** One session's. Safe for many threads. */
  final class Heart {
    private final Runnable ping;
    private final AtomicBoolean silent = new AtomicBoolean();
    private volatile Runnable whenSilent = () -> {};
    private volatile boolean welcome;
    private volatile long patience = Protocol.SILENCE.toNanos();
    private final AtomicLong heardAt = new AtomicLong(nanos.getAsLong());
    private volatile long saidAt = heardAt.get();

    private Heart(Runnable ping) {
      this.ping = ping;
    }

    /** The agent has said something; it is answered if nothing was said lately. */
    void heard() {
      long now = nanos.getAsLong();
      heardAt.set(now);
      if (now - saidAt >= LATELY) {
        saidAt = now;
        ping.run();
      }
    }

    /** Something was said to the agent. */
    void said() {
      saidAt = nanos.getAsLong();
    }

    /** The agent waits in line, and is not expected to say anything. */
    void waits() {
      patience = IN_LINE;
    }

    /** From now on the agent must speak, and its pings are nothing but pings. */
    void welcome() {
      heardAt.set(nanos.getAsLong());
      patience = Protocol.SILENCE.toNanos();
      welcome = true;
    }

    boolean isWelcome() {
      return welcome;
    }

    /** Joins the rounds; {@code told} is run once, when the agent has been silent for too long. */
    void begin(Runnable told) {
      whenSilent = told;
      hearts.add(this);
    }

    void end() {
      hearts.remove(this);
    }

    Duration silence() {
      return Duration.ofNanos(nanos.getAsLong() - heardAt.get());
    }

    /** So much of the silence up to now is not the agent's; what we said is as old as it is. */
    private void excuse(long late, long now) {
      heardAt.updateAndGet(at -> Math.max(at, Math.min(at + late, now)));
    }

    private void beat(long now) {
      if (now - heardAt.get() > patience) {
        if (silent.compareAndSet(false, true)) {
          whenSilent.run();
        }
      } else if (now - saidAt >= UNASKED) {
        saidAt = now;
        ping.run();
      }
    }
  }

  /**
   * A new session's.
   *
   * @param ping says a ping to its agent; must not block
   */
  Heart heart(Runnable ping) {
    return new Heart(ping);
  }

  /** Looks after all sessions. Rounds must not overlap. */
  void round() {
    long began = real.getAsLong();
    long late = began - lastRound - ROUND.toNanos();
    lastRound = began;
    long now = nanos.getAsLong();
    if (late >= ROUND.toNanos()) {
      // What came meanwhile was not looked at either: it is we who were silent.
      hearts.forEach(heart -> heart.excuse(late, now));
    }
    hearts.forEach(heart -> heart.beat(now));
  }
}
