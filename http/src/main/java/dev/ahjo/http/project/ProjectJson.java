package dev.ahjo.http.project;

import dev.ahjo.core.id.BuilderName;
import dev.ahjo.core.project.BuilderDefinition;
import dev.ahjo.core.project.ProjectDefinition;
import dev.ahjo.core.project.Repository;
import dev.ahjo.core.project.SchedulerDefinition;
import dev.ahjo.core.project.SchedulerDefinition.Trigger;
import dev.ahjo.core.project.StepDefinition;
import dev.ahjo.core.status.ProjectView;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** A project as the API shows it. */
record ProjectJson(
    String name,
    List<String> tags,
    long version,
    String changedBy,
    Instant changedAt,
    Map<String, RepositoryJson> repositories,
    Map<String, String> properties,
    Map<String, Integer> locks,
    List<BuilderJson> builders,
    List<SchedulerJson> schedulers) {

  /** {@code poll} in ISO 8601. */
  record RepositoryJson(String git, String branch, Optional<String> poll) {}

  record BuilderJson(
      String name,
      String group,
      List<String> tags,
      String pool,
      List<String> labels,
      Optional<Integer> limit,
      List<String> needs,
      Map<String, String> matrix,
      List<String> steps) {}

  record SchedulerJson(String name, String on, List<String> build) {}

  static ProjectJson of(ProjectView view) {
    ProjectDefinition d = view.definition();
    Map<String, RepositoryJson> repositories = new LinkedHashMap<>();
    d.repositories().forEach((name, r) -> repositories.put(name, repository(r)));
    return new ProjectJson(
        d.name().value(),
        d.tags(),
        view.version(),
        view.by(),
        view.changedAt(),
        repositories,
        new TreeMap<>(d.properties()),
        new TreeMap<>(d.locks()),
        d.builders().stream().map(ProjectJson::builder).toList(),
        d.schedulers().stream().map(ProjectJson::scheduler).toList());
  }

  private static RepositoryJson repository(Repository r) {
    return new RepositoryJson(r.git(), r.branch(), r.poll().map(Duration::toString));
  }

  private static BuilderJson builder(BuilderDefinition b) {
    return new BuilderJson(
        b.name().value(),
        b.group().value(),
        b.tags(),
        b.pool().value(),
        b.labels().stream().sorted().toList(),
        b.limit().isPresent() ? Optional.of(b.limit().getAsInt()) : Optional.empty(),
        b.needs().stream().map(BuilderName::value).toList(),
        new TreeMap<>(b.matrix()),
        b.steps().stream().map(StepDefinition::name).toList());
  }

  private static SchedulerJson scheduler(SchedulerDefinition s) {
    return new SchedulerJson(
        s.name(),
        switch (s.on()) {
          case Trigger.Change _ -> "change";
          case Trigger.Time _ -> "time";
          case Trigger.Success _ -> "success";
          case Trigger.Force _ -> "force";
        },
        s.build().stream().map(BuilderName::value).toList());
  }
}
