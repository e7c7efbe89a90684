package dev.ahjo.core.buildset;

import dev.ahjo.core.id.BuilderKey;
import dev.ahjo.core.id.PoolName;
import dev.ahjo.core.project.BuilderRules;
import dev.ahjo.core.project.LockUse;
import java.util.List;
import java.util.Set;

/**
 * What one request of a buildset asks for, fixed when it is made.
 *
 * @param rules the builder's rules as the project's version had them
 * @param needed whether another request of the buildset needs it
 */
public record RequestSpec(
    BuilderKey builder,
    BuilderRules rules,
    PoolName pool,
    Set<String> labels,
    List<LockUse> locks,
    Plan plan,
    boolean needed) {
  public RequestSpec {
    labels = Set.copyOf(labels);
    locks = List.copyOf(locks);
  }
}
