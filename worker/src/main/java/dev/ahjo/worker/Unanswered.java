package dev.ahjo.worker;

import java.time.Duration;

/**
 * How far a build's reports have been sent and acknowledged, by their numbers. It is told by
 * acknowledgements when to begin again, not by what was sent last: a gate passes over what comes
 * behind a gap, and a busy build would never be quiet for long enough. Not safe for threads.
 */
final class Unanswered {
  private long taken;
  private long sent;
  private long since;

  /** The last one sent; the next to send follows it. */
  long sent() {
    return sent;
  }

  /** All up to {@code last} are sent now. */
  void sends(long last, long nanos) {
    if (sent == taken) {
      since = nanos;
    }
    sent = last;
  }

  /** All up to {@code last} are acknowledged. */
  void taken(long last, long nanos) {
    if (last > taken) {
      taken = last;
      since = nanos;
    }
    sent = Math.max(sent, taken);
  }

  boolean isTaken(long last) {
    return taken >= last;
  }

  /** Whether no acknowledgement has come for so long, though one is due. */
  boolean overdue(long nanos, Duration patience) {
    return sent > taken && nanos - since > patience.toNanos();
  }

  /** What is not acknowledged is to be sent again. */
  void again() {
    sent = taken;
  }

  /** All is to be sent again, acknowledged or not. */
  void fromTheFirst() {
    taken = 0;
    sent = 0;
  }
}
