package dev.ahjo.core.status;

import dev.ahjo.core.id.BuildKey;
import dev.ahjo.core.id.PoolName;
import dev.ahjo.core.id.WorkerName;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * A worker as people and programs see it.
 *
 * @param state {@code available}, {@code paused}, {@code draining}, {@code away} or {@code
 *     quarantined}
 * @param since when it last joined or left
 */
public record WorkerView(
    WorkerName name,
    PoolName pool,
    Set<String> labels,
    int slots,
    String state,
    boolean connected,
    String mode,
    List<BuildKey> builds,
    Map<String, String> system,
    Instant since,
    Optional<Instant> quarantinedUntil) {
  /** What {@code state} may be. */
  public static final Set<String> STATES =
      Set.of("available", "paused", "draining", "away", "quarantined");

  public WorkerView {
    labels = Set.copyOf(labels);
    builds = List.copyOf(builds);
    system = Map.copyOf(system);
  }
}
