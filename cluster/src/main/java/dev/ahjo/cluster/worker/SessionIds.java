package dev.ahjo.cluster.worker;

import dev.ahjo.core.id.Ids;
import dev.ahjo.core.id.SessionId;
import java.security.SecureRandom;
import java.time.Instant;
import java.time.InstantSource;
import java.util.OptionalLong;

/**
 * Ids that rise on this node even when its clock does not: later sessions compare as later. Each
 * names the life of the node whose gate it came in at, so whoever knows a session knows whom to ask
 * about it.
 */
final class SessionIds {
  private final InstantSource clock;
  private final long node;
  private final SecureRandom chance = new SecureRandom();
  private Instant last = Instant.EPOCH;

  /**
   * @param node unlike that of every other life of every node
   */
  SessionIds(InstantSource clock, long node) {
    this.clock = clock;
    this.node = node;
  }

  synchronized SessionId next() {
    Instant now = clock.instant();
    last = now.isAfter(last.plusMillis(1)) ? now : last.plusMillis(1);
    return new SessionId(Ids.at(last, chance.nextInt(1 << 16), node));
  }

  /**
   * Ids from now on are later than {@code other}, which the clock of another gate has given: an
   * agent that moves here from a gate whose clock is ahead must not be taken for its own past.
   */
  synchronized void pass(SessionId other) {
    Ids.time(other.value()).filter(last::isBefore).ifPresent(ahead -> last = ahead);
  }

  /** Of the node at whose gate the session came in; empty for what no gate has given. */
  static OptionalLong node(SessionId session) {
    return Ids.low(session.value());
  }
}
