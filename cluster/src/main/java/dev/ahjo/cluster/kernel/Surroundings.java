package dev.ahjo.cluster.kernel;

import java.time.Duration;
import java.time.InstantSource;
import java.util.function.LongSupplier;

/**
 * What an entity's actor finds around it.
 *
 * @param clock what the wall shows, for facts; people and time servers set it
 * @param nanos a clock that only goes forward, for everything that is waited for
 * @param persisted run after every row that has been journaled on this node; must not block
 */
public record Surroundings(
    Mailboxes mailboxes,
    Agents agents,
    InstantSource clock,
    LongSupplier nanos,
    Runnable persisted,
    Pace pace) {

  /**
   * How patient the actors are.
   *
   * @param answerFirst how long a Tell waits for its answer before it is said again
   * @param answerMost what that wait doubles up to
   * @param deliverFirst how long a delivery waits before it is repeated
   * @param deliverMost what that wait doubles up to
   * @param retouch after about how long an answered duty that is still owed is said again: its
   *     receiver may sleep on another node since
   * @param settled how long a settled entity stays in memory
   * @param idle how long one that others hold stays in memory when it owes nothing unanswered
   * @param snapshotEvery rows between snapshots of the long-lived
   * @param inFlight Tells of one entity that wait for an answer at once
   */
  public record Pace(
      Duration answerFirst,
      Duration answerMost,
      Duration deliverFirst,
      Duration deliverMost,
      Duration retouch,
      Duration settled,
      Duration idle,
      int snapshotEvery,
      int inFlight) {
    public static final Pace USUAL =
        new Pace(
            Duration.ofSeconds(1),
            Duration.ofSeconds(30),
            Duration.ofSeconds(2),
            Duration.ofSeconds(30),
            Duration.ofMinutes(5),
            Duration.ofSeconds(2),
            Duration.ofMinutes(2),
            500,
            256);
  }
}
