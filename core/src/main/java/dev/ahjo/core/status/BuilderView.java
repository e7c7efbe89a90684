package dev.ahjo.core.status;

import dev.ahjo.core.id.BuildKey;
import dev.ahjo.core.id.BuilderKey;
import dev.ahjo.core.id.PoolName;
import dev.ahjo.core.project.Result;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/** A builder: what its project says of it, how long its queue is, and how its last build went. */
public record BuilderView(
    BuilderKey key,
    List<String> tags,
    PoolName pool,
    Set<String> labels,
    OptionalInt limit,
    boolean removed,
    int queued,
    int running,
    Optional<BuildKey> lastBuild,
    Optional<Result> lastResult,
    Optional<Instant> lastFinishedAt) {
  public BuilderView {
    tags = List.copyOf(tags);
    labels = Set.copyOf(labels);
  }
}
