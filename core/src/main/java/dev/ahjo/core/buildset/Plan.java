package dev.ahjo.core.buildset;

import dev.ahjo.core.id.BuildKey;
import dev.ahjo.core.project.RetryPolicy;
import dev.ahjo.core.project.StepDefinition;
import dev.ahjo.core.property.Property;
import dev.ahjo.core.property.Template;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/**
 * Everything that a build of a request will do, fixed when the request was opened: a later edit of
 * the project file changes no request that waits.
 *
 * @param inputs the builds of needed builders in the same buildset, by builder name; a download
 *     step takes its artifacts from there
 * @param grace how long its worker may be away before an attempt is lost
 */
public record Plan(
    List<SourceStamp> stamps,
    Map<String, Property> properties,
    Map<String, String> matrix,
    Map<String, BuildKey> inputs,
    Map<String, Template> env,
    RetryPolicy retry,
    Duration grace,
    List<StepDefinition> steps) {
  /** Characters of a plan as text: what is longer might not fit a message to its agent. */
  public static final int MAX_LENGTH = 120_000;

  public Plan {
    stamps = List.copyOf(stamps);
    properties = Map.copyOf(properties);
    matrix = Map.copyOf(matrix);
    inputs = Map.copyOf(inputs);
    env = Map.copyOf(env);
    steps = List.copyOf(steps);
  }

  /** The same plan with the builds that its needs became. */
  public Plan withInputs(Map<String, BuildKey> builds) {
    return builds.isEmpty()
        ? this
        : new Plan(stamps, properties, matrix, builds, env, retry, grace, steps);
  }
}
