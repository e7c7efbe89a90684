package dev.ahjo.config.project;

import dev.ahjo.config.project.BuilderDraft.Variable;
import dev.ahjo.config.project.BuilderDraft.When;
import dev.ahjo.config.yaml.Fields;
import dev.ahjo.config.yaml.Value;
import dev.ahjo.core.id.Names;
import dev.ahjo.core.project.BuilderDefinition.Collapse;
import dev.ahjo.core.project.LockUse;
import dev.ahjo.core.property.Template;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/** Reads one builder, or the defaults that all of them share. */
final class BuilderReader {
  private static final int MAX_BUILDS = 100_000;
  private static final int MAX_LIST = 1000;
  private static final int MAX_AXES = 8;
  private static final Pattern CELL = Pattern.compile("[A-Za-z0-9._+-]{1,50}");

  private static final Map<String, Collapse> COLLAPSE = new LinkedHashMap<>();
  private static final Map<String, LockUse.Mode> LOCK_MODES = new LinkedHashMap<>();

  static {
    COLLAPSE.put("never", Collapse.NEVER);
    COLLAPSE.put("same-branch", Collapse.SAME_BRANCH);
    LOCK_MODES.put("counting", LockUse.Mode.COUNTING);
    LOCK_MODES.put("exclusive", LockUse.Mode.EXCLUSIVE);
  }

  /** A lock that a builder uses, and where. */
  record LockMention(Value at, String name) {}

  private final StepReader steps;
  private final List<LockMention> locks = new ArrayList<>();

  BuilderReader(StepReader steps) {
    this.steps = steps;
  }

  /** Every lock that the builders read so far use. */
  List<LockMention> locks() {
    return locks;
  }

  /** {@code defaults:}, or nothing of all if the file has none. */
  BuilderDraft defaults(Value value) {
    Optional<Fields> fields = value.fields("defaults");
    if (fields.isEmpty()) {
      return nothing(value);
    }
    try (Fields f = fields.get()) {
      Optional<Written> pool = f.get("pool").flatMap(Written::read);
      Map<String, Variable> env = env(f.get("env"));
      StepDraft.Limits limits = StepReader.limits(f);
      Optional<Duration> grace = f.get("grace").flatMap(Amounts::duration);
      RetryDraft retry = f.get("retry").map(RetryDraft::read).orElse(RetryDraft.NONE);
      BuilderDraft none = nothing(value);
      return new BuilderDraft(
          value,
          none.like(),
          none.tags(),
          pool,
          none.labels(),
          none.limit(),
          none.locks(),
          none.collapse(),
          none.needs(),
          none.when(),
          none.matrix(),
          none.properties(),
          env,
          limits,
          grace,
          retry,
          none.steps());
    }
  }

  /** A draft that says nothing. */
  static BuilderDraft nothing(Value at) {
    return new BuilderDraft(
        at,
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Map.of(),
        Map.of(),
        StepDraft.Limits.NONE,
        Optional.empty(),
        RetryDraft.NONE,
        Optional.empty());
  }

  BuilderDraft builder(Value value) {
    Optional<Fields> fields = value.fields("a builder");
    if (fields.isEmpty()) {
      return nothing(value);
    }
    try (Fields f = fields.get()) {
      Optional<Value> like = f.get("like");
      Optional<Value> steps = like.isPresent() ? f.get("steps") : f.require("steps");
      return new BuilderDraft(
          value,
          like,
          f.get("tags").map(v -> v.list(MAX_LIST, t -> t.text(Expected.NAME, Names::valid))),
          f.get("pool").flatMap(Written::read),
          f.get("worker").flatMap(BuilderReader::labels),
          f.get("limit")
              .map(v -> v.integer(1, MAX_BUILDS))
              .filter(n -> n.isPresent())
              .map(n -> n.getAsInt()),
          f.get("locks").map(v -> v.list(MAX_LIST, this::lock)),
          f.get("collapse").flatMap(v -> v.oneOf(COLLAPSE)),
          f.get("needs").map(v -> v.list(MAX_LIST, Written::read)),
          f.get("if").flatMap(BuilderReader::when),
          f.get("matrix").map(BuilderReader::matrix),
          f.get("properties").map(BuilderReader::properties).orElse(Map.of()),
          env(f.get("env")),
          StepReader.limits(f),
          f.get("grace").flatMap(Amounts::duration),
          f.get("retry").map(RetryDraft::read).orElse(RetryDraft.NONE),
          steps.map(this.steps::steps));
    }
  }

  private static Optional<List<Written>> labels(Value value) {
    Optional<Fields> fields = value.fields("worker");
    if (fields.isEmpty()) {
      return Optional.empty();
    }
    try (Fields worker = fields.get()) {
      return worker.get("labels").map(v -> v.list(MAX_LIST, Written::read));
    }
  }

  /** {@code {name: db, mode: exclusive}}, or only the name. */
  private Optional<LockUse> lock(Value value) {
    if (!value.isMapping()) {
      return lockName(value).map(name -> new LockUse(name, LockUse.Mode.COUNTING));
    }
    try (Fields lock = value.fields("a lock").orElseThrow()) {
      Optional<String> name = lock.require("name").flatMap(this::lockName);
      LockUse.Mode mode =
          lock.get("mode").flatMap(v -> v.oneOf(LOCK_MODES)).orElse(LockUse.Mode.COUNTING);
      return name.map(n -> new LockUse(n, mode));
    }
  }

  private Optional<String> lockName(Value value) {
    Optional<String> name = value.text(Expected.NAME, Names::valid);
    name.ifPresent(n -> locks.add(new LockMention(value, n)));
    return name;
  }

  private static Optional<When> when(Value value) {
    List<Use> uses = new ArrayList<>();
    return ConditionParser.parse(value, uses::add).map(c -> new When(c, uses));
  }

  private static Map<String, Variable> env(Optional<Value> value) {
    List<Use> uses = new ArrayList<>();
    Map<String, Template> texts = value.map(v -> Templates.env(v, uses::add)).orElse(Map.of());
    Map<String, Variable> env = new LinkedHashMap<>();
    texts.forEach((name, text) ->
        env.put(
            name,
            new Variable(text, uses.stream().filter(u -> u.at().label().equals(name)).toList())));
    return env;
  }

  /** Properties keep their key even if the value is wrong, lest their uses be told as well. */
  static Map<String, String> properties(Value value) {
    Map<String, String> properties = new LinkedHashMap<>();
    value
        .entries(MAX_LIST)
        .forEach((name, entry) -> {
          entry.key().text(PropertyNames.EXPECTED, PropertyNames::valid);
          properties.put(name, entry.value().text().orElse(""));
        });
    return properties;
  }

  private static Map<String, List<String>> matrix(Value value) {
    Map<String, List<String>> axes = new LinkedHashMap<>();
    value
        .entries(MAX_AXES)
        .forEach((name, entry) -> {
          entry.key().text(PropertyNames.EXPECTED, PropertyNames::valid);
          List<String> cells = entry.value().list(MAX_LIST, BuilderReader::cell);
          if (entry.value().isEmptyList()) {
            entry.value().error(name + ": expected at least one value, but found an empty list");
          }
          if (cells.stream().distinct().count() < cells.size()) {
            entry.value().error(name + ": expected different values, but found one twice");
          }
          axes.put(name, cells);
        });
    if (value.isMapping() && axes.isEmpty()) {
      value.error("matrix: expected at least one key, but found none");
    }
    return axes;
  }

  /** A cell's values become part of its builder's name. */
  private static Optional<String> cell(Value value) {
    return value.text(
        "a value of letters, digits and . _ + - (at most 50)", CELL.asMatchPredicate());
  }
}
