package dev.ahjo.config.project;

import dev.ahjo.config.project.BuilderDraft.Variable;
import dev.ahjo.config.project.BuilderReader.LockMention;
import dev.ahjo.config.yaml.Fields;
import dev.ahjo.config.yaml.Problems;
import dev.ahjo.config.yaml.Shown;
import dev.ahjo.config.yaml.Value;
import dev.ahjo.config.yaml.Value.Entry;
import dev.ahjo.core.id.Names;
import dev.ahjo.core.id.ProjectName;
import dev.ahjo.core.project.BuilderDefinition;
import dev.ahjo.core.project.NotifierDefinition;
import dev.ahjo.core.project.ProjectDefinition;
import dev.ahjo.core.project.Repository;
import dev.ahjo.core.project.SchedulerDefinition;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * Reads a project file from top to bottom, then looks at what only the whole can tell: which
 * builders there are once {@code like} is filled in and every matrix is spread, and whether every
 * name that is used is known.
 */
public final class ProjectReader {
  static final int MAX_BUILDERS = 1000;
  private static final int MAX_LOCK_COUNT = 100_000;
  private static final int MAX_LIST = 1000;
  private static final int MAX_LIKES = 20;

  /** A lock need not be declared, so guesses at slips of the hand are not bounded by errors. */
  private static final int MAX_GUESSES = 500;

  private final Problems problems;

  /**
   * @param problems where {@code root}'s are told
   */
  public ProjectReader(Problems problems) {
    this.problems = problems;
  }

  /** The project; empty when there are errors. */
  public Optional<ProjectDefinition> read(Value root) {
    return root.fields("a project file").flatMap(this::read);
  }

  private Optional<ProjectDefinition> read(Fields f) {
    Optional<String> name;
    List<String> tags;
    Map<String, Repository> repositories;
    Map<String, String> properties;
    Map<String, Integer> locks;
    BuilderReader reader;
    BuilderDraft defaults;
    Map<String, Entry> written;
    Optional<Value> schedulers;
    Optional<Value> notify;
    try (f) {
      name = f.require("project").flatMap(v -> v.text(Expected.NAME, Names::valid));
      tags = f.get("tags").map(ProjectReader::tags).orElse(List.of());
      repositories = f.get("repositories").map(ProjectReader::repositories).orElse(Map.of());
      properties = f.get("properties").map(BuilderReader::properties).orElse(Map.of());
      locks = f.get("locks").map(ProjectReader::locks).orElse(new LinkedHashMap<>());
      reader = new BuilderReader(new StepReader(repositories.keySet()));
      defaults =
          f.get("defaults").map(reader::defaults).orElseGet(() -> BuilderReader.nothing(f.at()));
      written = f.require("builders").map(ProjectReader::builders).orElse(Map.of());
      schedulers = f.get("schedulers");
      notify = f.get("notify");
      f.key("schedulers")
          .ifPresent(k -> k.warning("schedulers are not acted upon yet by this version"));
      f.key("notify").ifPresent(k -> k.warning("notify is not acted upon yet by this version"));
    }
    Map<String, BuilderDraft> drafts = new LinkedHashMap<>();
    written.forEach((n, entry) -> drafts.put(n, reader.builder(entry.value())));
    Map<String, BuilderDraft> full = new LinkedHashMap<>();
    drafts.forEach((n, draft) -> full.put(n, inherited(n, drafts).or(defaults)));

    var assembly = new Assembly(written, full);
    var schedules = new ScheduleReader(name, assembly.names());
    List<SchedulerDefinition> scheduled = schedulers.map(schedules::schedulers).orElse(List.of());
    List<NotifierDefinition> notified =
        notify.map(new NotifierReader(repositories.keySet())::notifiers).orElse(List.of());

    Set<String> declared = new HashSet<>(properties.keySet());
    declared.addAll(schedules.parameters());
    checkNames(drafts, full, declared, repositories.keySet());
    checkRetrySteps(drafts, defaults);
    allLocks(locks, reader.locks());
    List<BuilderDefinition> builders = assembly.builders(problems);
    if (problems.errors() || name.isEmpty()) {
      return Optional.empty();
    }
    return Optional.of(
        new ProjectDefinition(
            new ProjectName(name.get()),
            tags,
            repositories,
            properties,
            locks,
            builders,
            scheduled,
            notified));
  }

  private static List<String> tags(Value value) {
    return value.list(MAX_LIST, t -> t.text(Expected.NAME, Names::valid));
  }

  /** A repository keeps its name even if it is wrong, lest its uses be told as well. */
  private static Map<String, Repository> repositories(Value value) {
    Map<String, Repository> repositories = new LinkedHashMap<>();
    value
        .entries(MAX_LIST)
        .forEach((name, entry) -> {
          entry.key().text(Expected.NAME, Names::valid);
          repositories.put(name, repository(entry.value()));
        });
    return repositories;
  }

  private static Repository repository(Value value) {
    var broken = new Repository("", "", Optional.empty());
    Optional<Fields> fields = value.fields("a repository");
    if (fields.isEmpty()) {
      return broken;
    }
    try (Fields f = fields.get()) {
      // A leading dash would be an option to git.
      Predicate<String> plain =
          t -> !t.isEmpty() && !t.startsWith("-") && t.codePoints().noneMatch(c -> c <= ' ');
      Optional<String> git =
          f.require("git").flatMap(v -> v.text("the URL or path of a git repository", plain));
      String branch =
          f.get("branch").flatMap(v -> v.text("the name of a branch", plain)).orElse("main");
      f.key("poll").ifPresent(k -> k.warning("poll is not acted upon yet by this version"));
      return git.map(g -> new Repository(g, branch, f.get("poll").flatMap(Amounts::duration)))
          .orElse(broken);
    }
  }

  private static Map<String, Integer> locks(Value value) {
    Map<String, Integer> locks = new LinkedHashMap<>();
    value
        .entries(MAX_LIST)
        .forEach((name, entry) -> {
          entry.key().text(Expected.NAME, Names::valid);
          locks.put(name, entry.value().integer(1, MAX_LOCK_COUNT).orElse(1));
        });
    return locks;
  }

  private static Map<String, Entry> builders(Value value) {
    Map<String, Entry> builders = value.entries(MAX_BUILDERS);
    builders.values().forEach(entry -> entry.key().text(Expected.NAME, Names::valid));
    if (value.isMapping() && builders.isEmpty()) {
      value.error("builders: expected at least one builder, but found none");
    }
    return builders;
  }

  /** A builder with what it takes from those it is like. */
  private static BuilderDraft inherited(String name, Map<String, BuilderDraft> drafts) {
    BuilderDraft draft = drafts.get(name);
    if (draft == null) {
      throw new IllegalStateException("No draft of " + name);
    }
    BuilderDraft all = draft;
    Set<String> path = new LinkedHashSet<>(Set.of(name));
    Optional<Value> like = draft.like();
    while (like.isPresent()) {
      Value at = like.get();
      Optional<String> parent = at.text("the name of a builder");
      if (parent.isEmpty()) {
        return all;
      }
      BuilderDraft next = drafts.get(parent.get());
      if (next == null) {
        at.error(
            "like: unknown builder "
                + Shown.quoted(parent.get())
                + Shown.nearest(parent.get(), drafts.keySet()));
        return all;
      }
      if (!path.add(parent.get())) {
        at.error(
            "like: expected an end, but found a circle: "
                + String.join(" → ", path)
                + " → "
                + parent.get());
        return all;
      }
      if (path.size() > MAX_LIKES) {
        at.error("like: expected at most " + MAX_LIKES + " builders in a row, but found more");
        return all;
      }
      all = all.or(next);
      like = next.like();
    }
    return all;
  }

  /** What a builder wrote itself is judged first, so that heirs do not repeat its mistakes. */
  private static void checkNames(
      Map<String, BuilderDraft> drafts,
      Map<String, BuilderDraft> full,
      Set<String> declared,
      Set<String> repositories) {
    Set<Use> told = new HashSet<>();
    for (boolean own : new boolean[] {true, false}) {
      full.forEach((name, builder) -> {
        BuilderDraft written = drafts.get(name);
        Set<Use> mine = new HashSet<>();
        if (written != null) {
          written.when().ifPresent(w -> mine.addAll(w.uses()));
          written.env().values().forEach(v -> mine.addAll(v.uses()));
          written.steps().ifPresent(steps -> steps.forEach(s -> mine.addAll(s.uses())));
        }
        String suffix = own ? "" : " (in builder " + Shown.quoted(name) + ", which inherits it)";
        new NameCheck(u -> mine.contains(u) == own && !told.contains(u), told, suffix)
            .check(builder, declared, repositories);
      });
    }
  }

  /** Walks a builder's texts in the order in which they are filled. */
  private record NameCheck(Predicate<Use> wanted, Set<Use> told, String suffix) {
    void check(BuilderDraft builder, Set<String> declared, Set<String> repositories) {
      Set<String> properties = new HashSet<>(declared);
      properties.addAll(builder.properties().keySet());
      List<StepDraft> steps = builder.steps().orElse(List.of());
      Set<String> sets = new HashSet<>();
      steps.forEach(s -> s.sets().ifPresent(sets::add));
      var known =
          new KnownNames(
              properties, builder.matrix().orElse(Map.of()).keySet(), repositories, sets);
      builder.when().ifPresent(w -> w.uses().forEach(u -> tell(u, known::complaintBeforeBuild)));
      for (Variable variable : builder.env().values()) {
        variable.uses().forEach(u -> tell(u, known::complaint));
      }
      for (StepDraft step : steps) {
        step.uses().forEach(u -> tell(u, known::complaint));
        step.sets().ifPresent(known::set);
      }
    }

    private void tell(Use use, Function<String, Optional<String>> judge) {
      Optional<String> complaint = wanted.test(use) ? judge.apply(use.name()) : Optional.empty();
      if (complaint.isPresent()) {
        told.add(use);
        boolean word =
            use.at().label().equals("if")
                && !use.name().contains(".")
                && complaint.get().startsWith("unknown");
        String hint = word ? "; text to compare with stands in quotes" : "";
        use.at().error(use.index(), use.at().label() + ": " + complaint.get() + hint + suffix);
      }
    }
  }

  private static void checkRetrySteps(Map<String, BuilderDraft> drafts, BuilderDraft defaults) {
    Set<String> names = new HashSet<>();
    drafts
        .values()
        .forEach(d -> d.steps().ifPresent(steps -> steps.forEach(s -> names.add(s.name()))));
    if (names.isEmpty()) {
      return;
    }
    List<RetryDraft> policies = new ArrayList<>(List.of(defaults.retry()));
    drafts.values().forEach(d -> policies.add(d.retry()));
    for (RetryDraft policy : policies) {
      for (Value mention : policy.steps()) {
        mention
            .text()
            .filter(n -> !names.contains(n))
            .ifPresent(
                n -> mention.error("unknown step " + Shown.quoted(n) + Shown.nearest(n, names)));
      }
    }
  }

  /** A lock that is used but not declared has one place. */
  private static void allLocks(Map<String, Integer> locks, List<LockMention> mentions) {
    Set<String> declared = Set.copyOf(locks.keySet());
    int guesses = 0;
    for (LockMention mention : mentions) {
      if (!declared.contains(mention.name())) {
        Shown.near(mention.name(), guesses++ < MAX_GUESSES ? declared : Set.of())
            .ifPresent(near ->
                mention
                    .at()
                    .warning(
                        "the lock "
                            + Shown.quoted(mention.name())
                            + " is not declared and has one place; did you mean '"
                            + near
                            + "'?"));
        locks.putIfAbsent(mention.name(), 1);
      }
    }
  }
}
