package dev.ahjo.core.status;

import dev.ahjo.core.id.BuilderKey;
import dev.ahjo.core.id.LockKey;
import dev.ahjo.core.id.RequestId;
import dev.ahjo.core.kernel.Rank;
import dev.ahjo.core.project.LockUse.Mode;
import java.time.Instant;
import java.util.List;

/**
 * A lock as people and programs see it: who holds it, and who waits for it.
 *
 * @param count the places it has
 * @param removed whether its project no longer names it; it goes on while somebody has it
 * @param holders oldest first
 * @param waiting in the order in which they are served; at most {@link #MAX_NAMED}
 * @param unnamed those that wait beyond them
 */
public record LockView(
    LockKey key,
    int count,
    boolean removed,
    List<ClaimView> holders,
    List<ClaimView> waiting,
    int unnamed) {
  /** So many that wait are named; the rest is counted. */
  public static final int MAX_NAMED = 1000;

  public LockView {
    holders = List.copyOf(holders);
    waiting = List.copyOf(waiting);
  }

  /** Whether there is nothing to show of it any more. */
  public boolean gone() {
    return removed && holders.isEmpty() && waiting.isEmpty() && unnamed == 0;
  }

  /**
   * A request that has the lock, or wants it.
   *
   * @param attempt of the request
   * @param since when it was granted, or asked for
   */
  public record ClaimView(
      RequestId request, int attempt, BuilderKey builder, Mode mode, Rank rank, Instant since) {}
}
