package dev.ahjo.core.status;

import dev.ahjo.core.id.BuildKey;
import dev.ahjo.core.id.BuilderKey;
import dev.ahjo.core.id.BuildsetId;
import dev.ahjo.core.id.ProjectName;
import dev.ahjo.core.id.RequestId;
import dev.ahjo.core.project.Result;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** A buildset, its graph and where it stands; {@code state} is {@code open} or {@code finished}. */
public record BuildsetView(
    BuildsetId id,
    ProjectName project,
    String reason,
    String by,
    int priority,
    String state,
    Optional<Result> result,
    List<NodeView> nodes,
    Instant submittedAt,
    Optional<Instant> finishedAt) {
  /** What {@code state} may be. */
  public static final Set<String> STATES = Set.of("open", "finished");

  public BuildsetView {
    nodes = List.copyOf(nodes);
  }

  /** One builder of the graph; {@code state} is blocked, open or ended. */
  public record NodeView(
      RequestId request,
      BuilderKey builder,
      List<RequestId> needs,
      String state,
      Optional<Result> result,
      Optional<BuildKey> build) {
    public NodeView {
      needs = List.copyOf(needs);
    }
  }
}
