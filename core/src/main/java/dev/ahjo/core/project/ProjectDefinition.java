package dev.ahjo.core.project;

import dev.ahjo.core.id.BuilderName;
import dev.ahjo.core.id.ProjectName;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A project file, read and found valid: every name it uses is known, every matrix is spread into
 * builders, every {@code like:} is filled in.
 *
 * @param repositories in the order of the file: the first one's stamp gives a build its branch
 */
public record ProjectDefinition(
    ProjectName name,
    List<String> tags,
    Map<String, Repository> repositories,
    Map<String, String> properties,
    Map<String, Integer> locks,
    List<BuilderDefinition> builders,
    List<SchedulerDefinition> schedulers,
    List<NotifierDefinition> notifiers) {

  public ProjectDefinition {
    tags = List.copyOf(tags);
    repositories = Collections.unmodifiableMap(new LinkedHashMap<>(repositories));
    properties = Map.copyOf(properties);
    locks = Map.copyOf(locks);
    builders = List.copyOf(builders);
    schedulers = List.copyOf(schedulers);
    notifiers = List.copyOf(notifiers);
  }

  public Optional<BuilderDefinition> builder(BuilderName name) {
    return builders.stream().filter(b -> b.name().equals(name)).findFirst();
  }

  /**
   * The builders that {@code name} means: one, or all that a matrix of that name was spread into.
   */
  public List<BuilderDefinition> named(BuilderName name) {
    return builders.stream().filter(b -> b.name().equals(name) || b.group().equals(name)).toList();
  }
}
