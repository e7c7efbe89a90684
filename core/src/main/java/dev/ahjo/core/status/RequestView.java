package dev.ahjo.core.status;

import dev.ahjo.core.id.BuildKey;
import dev.ahjo.core.id.BuilderKey;
import dev.ahjo.core.id.BuildsetId;
import dev.ahjo.core.id.RequestId;
import dev.ahjo.core.id.WorkerName;
import dev.ahjo.core.project.Result;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * A build request as people and programs see it.
 *
 * @param state {@code blocked}, {@code queued}, {@code running}, {@code backoff}, {@code shelved},
 *     {@code finished} or {@code cancelled}
 * @param detail why it is shelved, who cancelled it, what it was merged into
 * @param needs requests of the same buildset that must succeed first
 * @param waits why it waited, and since when, newest last; at most {@link #MAX_WAITS}
 */
public record RequestView(
    RequestId id,
    BuilderKey builder,
    BuildsetId buildset,
    String state,
    Optional<Result> result,
    Optional<String> detail,
    int priority,
    String reason,
    String by,
    String branch,
    List<RequestId> needs,
    List<AttemptView> attempts,
    List<Wait> waits,
    Instant submittedAt,
    Optional<Instant> startedAt,
    Optional<Instant> finishedAt,
    Optional<Instant> retryAt) {
  /** What {@code state} may be. */
  public static final Set<String> STATES =
      Set.of("blocked", "queued", "running", "backoff", "shelved", "finished", "cancelled");

  /** The oldest waits are forgotten beyond this many. */
  public static final int MAX_WAITS = 50;

  public RequestView {
    needs = List.copyOf(needs);
    attempts = List.copyOf(attempts);
    waits = List.copyOf(waits);
  }

  /**
   * A line of the ledger.
   *
   * @param cause of a transient end: {@code worker_lost}, {@code agent_fault}, {@code
   *     lease_refused} or {@code retry_rule}
   * @param rule what classified it
   */
  public record AttemptView(
      int number,
      BuildKey build,
      WorkerName worker,
      Instant startedAt,
      Optional<Instant> finishedAt,
      Optional<Result> result,
      Optional<String> cause,
      Optional<String> rule,
      Optional<String> detail) {}

  /** From {@code since} on it waited for this. */
  public record Wait(Instant since, String code, String detail) {}
}
