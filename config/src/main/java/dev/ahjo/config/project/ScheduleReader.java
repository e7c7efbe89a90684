package dev.ahjo.config.project;

import dev.ahjo.config.yaml.Fields;
import dev.ahjo.config.yaml.Shown;
import dev.ahjo.config.yaml.Value;
import dev.ahjo.core.id.BuilderKey;
import dev.ahjo.core.id.BuilderName;
import dev.ahjo.core.id.Names;
import dev.ahjo.core.project.SchedulerDefinition;
import dev.ahjo.core.project.SchedulerDefinition.Parameter;
import dev.ahjo.core.project.SchedulerDefinition.Trigger;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.ZoneId;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Reads {@code schedulers:}. */
final class ScheduleReader {
  private static final int MAX_SCHEDULERS = 500;
  private static final int MAX_LIST = 1000;
  private static final Map<String, String> KINDS = words("change", "time", "success", "force");
  private static final Map<String, String> TYPES = words("string", "integer", "boolean", "choice");

  /** What a scheduler of some kind has: all that can be said when its kind is unknown. */
  private static final List<String> KEYS =
      List.of("branches", "files", "quiet", "cron", "zone", "only_if_changed", "of", "parameters");

  private final Optional<String> project;
  private final Set<String> builders;
  private final Set<String> parameters = new LinkedHashSet<>();
  private final Set<String> taken = new HashSet<>();

  /**
   * @param project the file's own
   * @param builders its builders, and the names of its matrices
   */
  ScheduleReader(Optional<String> project, Set<String> builders) {
    this.project = project;
    this.builders = builders;
  }

  static Map<String, String> words(String... words) {
    Map<String, String> map = new LinkedHashMap<>();
    for (String word : words) {
      map.put(word, word);
    }
    return map;
  }

  /** The names of all parameters that a person may give; builds see them as properties. */
  Set<String> parameters() {
    return parameters;
  }

  List<SchedulerDefinition> schedulers(Value value) {
    return value.list(MAX_SCHEDULERS, this::scheduler);
  }

  private Optional<SchedulerDefinition> scheduler(Value value) {
    Optional<Fields> fields = value.fields("a scheduler");
    if (fields.isEmpty()) {
      return Optional.empty();
    }
    try (Fields f = fields.get()) {
      return scheduler(f);
    }
  }

  private Optional<SchedulerDefinition> scheduler(Fields f) {
    Optional<String> kind = f.require("on").flatMap(v -> v.oneOf(KINDS));
    Optional<String> given = f.get("name").flatMap(v -> v.text(Expected.NAME, Names::valid));
    List<BuilderName> build =
        f.require("build").map(v -> v.list(MAX_LIST, this::builder)).orElse(List.of());
    if (kind.isEmpty()) {
      KEYS.forEach(f::get);
      return Optional.empty();
    }
    Optional<Trigger> trigger =
        switch (kind.get()) {
          case "change" -> Optional.of(change(f));
          case "time" -> time(f);
          case "success" -> success(f);
          default -> Optional.of(force(f));
        };
    String name = given.orElseGet(() -> free(kind.get()));
    if (given.isPresent() && !taken.add(name)) {
      f.at().error("the scheduler " + Shown.quoted(name) + " stands twice");
    }
    return trigger.map(t -> new SchedulerDefinition(name, t, build));
  }

  private String free(String kind) {
    String name = kind;
    for (int n = 2; !taken.add(name); n++) {
      name = kind + "-" + n;
    }
    return name;
  }

  private Optional<BuilderName> builder(Value value) {
    return value
        .text("the name of a builder")
        .filter(name -> known(value, name))
        .map(BuilderName::new);
  }

  private boolean known(Value value, String name) {
    if (!builders.contains(name)) {
      value.error("unknown builder " + Shown.quoted(name) + Shown.nearest(name, builders));
      return false;
    }
    return Names.valid(name);
  }

  private static Trigger change(Fields f) {
    List<String> branches = f.get("branches").map(ScheduleReader::globs).orElse(List.of("*"));
    Duration quiet = f.get("quiet").flatMap(Amounts::durationOrNone).orElse(Duration.ZERO);
    Optional<Fields> files = f.get("files").flatMap(v -> v.fields("files"));
    if (files.isEmpty()) {
      return new Trigger.Change(branches, List.of(), List.of(), quiet);
    }
    try (Fields paths = files.get()) {
      return new Trigger.Change(
          branches,
          paths.get("only").map(ScheduleReader::globs).orElse(List.of()),
          paths.get("except").map(ScheduleReader::globs).orElse(List.of()),
          quiet);
    }
  }

  private static List<String> globs(Value value) {
    return value.list(
        MAX_LIST, v -> v.text("a glob such as release/*", t -> !t.isBlank() && t.length() <= 1000));
  }

  private static Optional<Trigger> time(Fields f) {
    Optional<String> cron = f.require("cron").flatMap(Cron::read);
    Optional<Value> zone = f.get("zone");
    String id = zone.flatMap(ScheduleReader::zone).orElse("UTC");
    boolean onlyIfChanged = f.get("only_if_changed").flatMap(Value::truth).orElse(false);
    return cron.map(c -> new Trigger.Time(c, id, onlyIfChanged));
  }

  private static Optional<String> zone(Value value) {
    Optional<String> text = value.text("a time zone such as Europe/Helsinki");
    try {
      return text.map(t -> ZoneId.of(t).getId());
    } catch (DateTimeException unknown) {
      value.error(
          "zone: unknown time zone "
              + value.found()
              + Shown.nearest(text.orElse(""), ZoneId.getAvailableZoneIds()));
      return Optional.empty();
    }
  }

  private Optional<Trigger> success(Fields f) {
    Optional<Value> of = f.require("of");
    Optional<String> text = of.flatMap(v -> v.text("project/builder"));
    if (of.isEmpty() || text.isEmpty()) {
      return Optional.empty();
    }
    String written = text.get();
    String full = written.contains("/") ? written : project.orElse("unknown") + "/" + written;
    try {
      BuilderKey key = BuilderKey.parse(full);
      if (project.filter(p -> p.equals(key.project().value())).isPresent()) {
        known(of.get(), key.builder().value());
      }
      return Optional.of(new Trigger.Success(key));
    } catch (IllegalArgumentException e) {
      of.get().error("of: expected project/builder, but found " + of.get().found());
      return Optional.empty();
    }
  }

  private Trigger force(Fields f) {
    Map<String, Parameter> read = new LinkedHashMap<>();
    f.get("parameters")
        .ifPresent(v ->
            v.entries(MAX_LIST)
                .forEach((name, entry) -> {
                  entry.key().text(PropertyNames.EXPECTED, PropertyNames::valid);
                  parameters.add(name);
                  parameter(entry.value()).ifPresent(p -> read.put(name, p));
                }));
    return new Trigger.Force(read);
  }

  private static Optional<Parameter> parameter(Value value) {
    Optional<Fields> fields = value.fields("a parameter");
    if (fields.isEmpty()) {
      return Optional.empty();
    }
    try (Fields f = fields.get()) {
      String type = f.get("type").flatMap(v -> v.oneOf(TYPES)).orElse("string");
      boolean required = f.get("required").flatMap(Value::truth).orElse(false);
      List<String> choices =
          f.get("choices").map(v -> v.list(MAX_LIST, Value::text)).orElse(List.of());
      if (type.equals("choice") && choices.isEmpty()) {
        value.error("expected choices in a parameter of type choice, but found none");
      }
      if (!type.equals("choice")) {
        f.key("choices")
            .ifPresent(k -> k.error("choices: expected only in a parameter of type choice"));
      }
      Optional<String> preset = f.get("default").flatMap(v -> preset(v, type, choices));
      return Optional.of(new Parameter(type, required, preset, choices));
    }
  }

  private static Optional<String> preset(Value value, String type, List<String> choices) {
    return switch (type) {
      case "integer" -> value.text("a whole number", t -> t.matches("-?[0-9]{1,18}"));
      case "boolean" -> value.truth().map(t -> Boolean.toString(t));
      case "choice" -> value.text("one of the choices", choices::contains);
      default -> value.text();
    };
  }
}
