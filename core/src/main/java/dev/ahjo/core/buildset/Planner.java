package dev.ahjo.core.buildset;

import dev.ahjo.core.id.BuilderKey;
import dev.ahjo.core.id.BuilderName;
import dev.ahjo.core.id.BuildsetId;
import dev.ahjo.core.id.Ids;
import dev.ahjo.core.id.RequestId;
import dev.ahjo.core.kernel.Refusal;
import dev.ahjo.core.project.BuilderDefinition;
import dev.ahjo.core.project.BuilderRules;
import dev.ahjo.core.project.ProjectDefinition;
import dev.ahjo.core.project.Repository;
import dev.ahjo.core.property.Property;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Turns what somebody asks for into the graph of requests that a buildset opens. */
public final class Planner {
  /** The graph, or everything that is wrong with the submission. */
  public sealed interface Planned {
    record Ready(Buildset.Command.Open open) implements Planned {}

    record Wrong(List<Refusal.Invalid> problems) implements Planned {
      public Wrong {
        problems = List.copyOf(problems);
      }
    }
  }

  /** Bytes of all plans of a buildset, which are sent and journaled together. */
  private static final int MAX_LENGTH = 4_000_000;

  private final ProjectDefinition project;
  private final long version;
  private final Submission asked;
  private final List<Refusal.Invalid> problems = new ArrayList<>();

  private Planner(ProjectDefinition project, long version, Submission asked) {
    this.project = project;
    this.version = version;
    this.asked = asked;
  }

  /**
   * @param version of the definition
   * @param fingerprint of the submission, see {@link Buildset.Command.Open}
   */
  public static Planned plan(
      ProjectDefinition project,
      long version,
      Submission asked,
      BuildsetId id,
      String fingerprint) {
    return new Planner(project, version, asked).plan(id, fingerprint);
  }

  private Planned plan(BuildsetId id, String fingerprint) {
    if (Math.abs(asked.priority()) > Submission.MAX_PRIORITY) {
      wrong(
          "priority",
          "expected a number from -%d to %d, but found %d"
              .formatted(Submission.MAX_PRIORITY, Submission.MAX_PRIORITY, asked.priority()));
    }
    if (asked.reason().length() > Submission.MAX_REASON) {
      wrong("reason", "expected at most " + Submission.MAX_REASON + " characters");
    }
    asked
        .properties()
        .keySet()
        .forEach(name -> {
          if (!name.matches("[A-Za-z_][A-Za-z0-9_-]{0,99}")) {
            wrong("properties." + name, "expected a name of letters, digits, _ and -");
          }
        });
    List<BuilderDefinition> builders = chosen();
    List<SourceStamp> stamps = stamps();
    if (builders.isEmpty() && problems.isEmpty()) {
      wrong("builders", "expected at least one, but the project has none");
    }
    if (!problems.isEmpty()) {
      return new Planned.Wrong(problems);
    }
    Map<BuilderName, RequestId> requests = new HashMap<>();
    for (BuilderDefinition builder : builders) {
      requests.put(builder.name(), Ids.request(id, requests.size()));
    }
    Set<BuilderName> needed =
        builders.stream()
            .flatMap(b -> b.needs().stream())
            .flatMap(n -> project.named(n).stream())
            .map(BuilderDefinition::name)
            .collect(Collectors.toSet());
    List<Buildset.Node> nodes =
        builders.stream().map(b -> node(b, requests, needed, stamps)).toList();
    bound(nodes);
    if (!problems.isEmpty()) {
      return new Planned.Wrong(problems);
    }
    return new Planned.Ready(
        new Buildset.Command.Open(
            id, fingerprint, project.name(), asked.reason(), asked.by(), asked.priority(), nodes));
  }

  /** The builders asked for and, since their builds are worth nothing without, those they need. */
  private List<BuilderDefinition> chosen() {
    if (asked.builders().isEmpty()) {
      return project.builders();
    }
    Set<BuilderName> names = new LinkedHashSet<>();
    for (int i = 0; i < asked.builders().size(); i++) {
      BuilderName name = asked.builders().get(i);
      List<BuilderDefinition> found = project.named(name);
      if (found.isEmpty()) {
        String known =
            project.builders().stream()
                .map(b -> b.name().value())
                .limit(20)
                .collect(Collectors.joining(", "));
        wrong(
            "builders[" + i + "]",
            "project " + project.name() + " has no builder '" + name + "' (it has: " + known + ")");
      }
      found.forEach(b -> withNeeds(b, names));
    }
    return project.builders().stream().filter(b -> names.contains(b.name())).toList();
  }

  private void withNeeds(BuilderDefinition builder, Set<BuilderName> names) {
    if (names.add(builder.name())) {
      builder.needs().forEach(n -> project.named(n).forEach(b -> withNeeds(b, names)));
    }
  }

  private List<SourceStamp> stamps() {
    for (String repository : asked.stamps().keySet()) {
      if (!project.repositories().containsKey(repository)) {
        wrong("stamps." + repository, "project " + project.name() + " has no such repository");
      }
    }
    if (project.repositories().isEmpty() && asked.revision().isPresent()) {
      wrong("revision", "project " + project.name() + " has no repository");
    }
    if (project.repositories().size() > 1 && asked.revision().isPresent()) {
      wrong("revision", "the project has several repositories: use stamps.NAME.revision");
    }
    boolean only = project.repositories().size() == 1;
    return new TreeMap<>(project.repositories())
        .entrySet().stream().map(e -> stamp(e.getKey(), e.getValue(), only)).toList();
  }

  private SourceStamp stamp(String name, Repository repository, boolean only) {
    var wish =
        asked
            .stamps()
            .getOrDefault(name, new Submission.StampWish(Optional.empty(), Optional.empty()));
    String branch = wish.branch().or(asked::branch).orElse(repository.branch());
    Optional<String> revision =
        wish.revision().or(() -> only ? asked.revision() : Optional.empty());
    if (!branch.matches("[^\\s~^:?*\\[\\\\-][^\\s~^:?*\\[\\\\]{0,255}")) {
      wrong("branch", "expected a git branch name, but found '" + branch + "'");
    }
    revision.ifPresent(r -> {
      if (!r.matches("[0-9A-Za-z][0-9A-Za-z._/-]{0,255}")) {
        wrong("revision", "expected a git revision, but found '" + r + "'");
      }
    });
    return new SourceStamp(name, repository.git(), branch, revision);
  }

  /** What an agent could not be sent, or a journal not hold, must not be accepted. */
  private void bound(List<Buildset.Node> nodes) {
    long all = 0;
    for (Buildset.Node node : nodes) {
      String text = node.spec().plan().toString();
      int length = text.length();
      all += text.getBytes(StandardCharsets.UTF_8).length;
      if (length > Plan.MAX_LENGTH || all > MAX_LENGTH) {
        wrong(
            "builders",
            length > Plan.MAX_LENGTH
                ? "the plan of %s is %d characters long with its properties and steps, at most %d"
                    .formatted(node.spec().builder(), length, Plan.MAX_LENGTH)
                : "the plans together are more than %d bytes long".formatted(MAX_LENGTH));
        return;
      }
    }
  }

  private Buildset.Node node(
      BuilderDefinition builder,
      Map<BuilderName, RequestId> requests,
      Set<BuilderName> needed,
      List<SourceStamp> stamps) {
    Map<String, Property> properties = new HashMap<>();
    project.properties().forEach((k, v) -> properties.put(k, new Property(v, "project")));
    builder.properties().forEach((k, v) -> properties.put(k, new Property(v, "builder")));
    asked.properties().forEach((k, v) -> properties.put(k, new Property(v, "submit")));
    var plan =
        new Plan(
            stamps,
            properties,
            builder.matrix(),
            Map.of(),
            builder.env(),
            builder.retry(),
            builder.grace(),
            builder.steps());
    Set<RequestId> needs =
        builder.needs().stream()
            .flatMap(n -> project.named(n).stream())
            .flatMap(b -> Optional.ofNullable(requests.get(b.name())).stream())
            .collect(Collectors.toSet());
    return new Buildset.Node(
        Objects.requireNonNull(requests.get(builder.name())),
        needs,
        builder.when().holds(known(builder, plan)),
        new RequestSpec(
            new BuilderKey(project.name(), builder.name()),
            new BuilderRules(version, builder.limit(), builder.collapse()),
            builder.pool(),
            builder.labels(),
            builder.locks(),
            plan,
            needed.contains(builder.name())));
  }

  /** What a builder's {@code if} may ask for before there is a build. */
  private Function<String, Optional<String>> known(BuilderDefinition builder, Plan plan) {
    Map<String, String> values = new HashMap<>();
    values.put("project", project.name().value());
    values.put("builder", builder.name().value());
    plan.properties().forEach((k, v) -> values.put("properties." + k, v.value()));
    plan.matrix().forEach((k, v) -> values.put("matrix." + k, v));
    for (SourceStamp stamp : plan.stamps()) {
      values.put("stamps." + stamp.repository() + ".branch", stamp.branch());
      stamp.revision().ifPresent(r -> values.put("stamps." + stamp.repository() + ".revision", r));
      values.putIfAbsent("branch", stamp.branch());
      stamp.revision().ifPresent(r -> values.putIfAbsent("revision", r));
    }
    return name -> Optional.ofNullable(values.get(name));
  }

  private void wrong(String field, String problem) {
    problems.add(new Refusal.Invalid(field, problem));
  }
}
