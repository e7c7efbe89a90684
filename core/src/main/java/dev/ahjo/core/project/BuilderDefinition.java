package dev.ahjo.core.project;

import dev.ahjo.core.id.BuilderName;
import dev.ahjo.core.id.PoolName;
import dev.ahjo.core.property.Condition;
import dev.ahjo.core.property.Template;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;

/**
 * What one builder does and where.
 *
 * @param group the name in the file; differs from {@code name} for a cell of a matrix
 * @param limit builds of this builder at once, farm-wide; empty means as many as there are slots
 * @param grace how long a worker may be away before its build of this builder is lost
 */
public record BuilderDefinition(
    BuilderName name,
    BuilderName group,
    List<String> tags,
    PoolName pool,
    Set<String> labels,
    OptionalInt limit,
    List<LockUse> locks,
    Collapse collapse,
    List<BuilderName> needs,
    Condition when,
    Map<String, String> matrix,
    Map<String, String> properties,
    Map<String, Template> env,
    Duration timeout,
    Duration maxTime,
    Duration grace,
    RetryPolicy retry,
    List<StepDefinition> steps) {

  public BuilderDefinition {
    tags = List.copyOf(tags);
    labels = Set.copyOf(labels);
    locks = List.copyOf(locks);
    needs = List.copyOf(needs);
    matrix = Map.copyOf(matrix);
    properties = Map.copyOf(properties);
    env = Map.copyOf(env);
    steps = List.copyOf(steps);
  }

  /** Which waiting requests of a builder make way for a newer one. */
  public enum Collapse {
    NEVER,
    /** An older waiting request of the same branch is merged into the newer one. */
    SAME_BRANCH
  }
}
