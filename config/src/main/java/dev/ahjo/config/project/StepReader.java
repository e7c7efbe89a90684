package dev.ahjo.config.project;

import dev.ahjo.config.project.StepDraft.Limits;
import dev.ahjo.config.yaml.Fields;
import dev.ahjo.config.yaml.Shown;
import dev.ahjo.config.yaml.Value;
import dev.ahjo.core.project.StepDefinition.GitMode;
import dev.ahjo.core.project.StepDefinition.Kind;
import dev.ahjo.core.project.StepDefinition.OnFailure;
import dev.ahjo.core.property.Condition;
import dev.ahjo.core.property.Template;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/** Reads the steps of a builder. */
final class StepReader {
  static final int MAX_STEPS = 500;
  private static final int MAX_ARGUMENTS = 1000;
  private static final int MAX_NAME = 100;
  private static final int MAX_DEPTH = 1_000_000;
  private static final long MAX_OUTPUT = 1_000_000_000_000L;

  private static final List<String> KINDS = List.of("git", "run", "upload", "download");

  /** What only steps of one kind have. */
  private static final Map<String, String> OWNERS =
      Map.of(
          "mode", "git",
          "submodules", "git",
          "depth", "git",
          "set", "run",
          "tests", "run",
          "warnings", "run",
          "from", "download");

  private static final Map<String, OnFailure> ON_FAILURE = new LinkedHashMap<>();
  private static final Map<String, GitMode> MODES = new LinkedHashMap<>();

  static {
    ON_FAILURE.put("stop", OnFailure.STOP);
    ON_FAILURE.put("continue", OnFailure.CONTINUE);
    ON_FAILURE.put("warn", OnFailure.WARN);
    ON_FAILURE.put("ignore", OnFailure.IGNORE);
    MODES.put("incremental", GitMode.INCREMENTAL);
    MODES.put("clean", GitMode.CLEAN);
    MODES.put("clobber", GitMode.CLOBBER);
  }

  private final Set<String> repositories;

  StepReader(Set<String> repositories) {
    this.repositories = repositories;
  }

  /** The steps, each with a name of its own. */
  List<StepDraft> steps(Value value) {
    List<Value> elements = value.list(MAX_STEPS);
    if (value.isEmptyList()) {
      value.error("steps: expected at least one step, but found an empty list");
    }
    List<Fields> all = elements.stream().flatMap(e -> e.fields("a step").stream()).toList();
    Set<String> taken = new HashSet<>();
    List<Optional<String>> given = new ArrayList<>();
    for (Fields fields : all) {
      given.add(fields.get("name").flatMap(name -> name(name, taken)));
    }
    List<StepDraft> steps = new ArrayList<>();
    for (int i = 0; i < all.size(); i++) {
      try (Fields fields = all.get(i)) {
        steps.addAll(step(fields, given.get(i), taken).stream().toList());
      }
    }
    return steps;
  }

  private static Optional<String> name(Value value, Set<String> taken) {
    Optional<String> name =
        value.text(
            "a step name of at most " + MAX_NAME + " visible characters", StepReader::isName);
    if (name.isPresent() && !taken.add(name.get())) {
      value.error(
          "expected a name of its own for each step, but found "
              + Shown.quoted(name.get())
              + " twice");
    }
    return name;
  }

  private static boolean isName(String name) {
    return !name.isEmpty()
        && name.equals(name.strip())
        && name.length() <= MAX_NAME
        && name.codePoints().noneMatch(Character::isISOControl);
  }

  private Optional<StepDraft> step(Fields fields, Optional<String> given, Set<String> taken) {
    List<Use> uses = new ArrayList<>();
    Optional<Condition> when = fields.get("if").flatMap(v -> ConditionParser.parse(v, uses::add));
    boolean always = fields.get("always").flatMap(Value::truth).orElse(false);
    OnFailure onFailure =
        fields.get("on_failure").flatMap(v -> v.oneOf(ON_FAILURE)).orElse(OnFailure.STOP);
    Map<String, Template> env =
        fields.get("env").map(v -> Templates.env(v, uses::add)).orElse(Map.of());
    Optional<Template> workdir = fields.get("workdir").flatMap(v -> Templates.path(v, uses::add));
    Limits limits = limits(fields);
    List<String> kinds = KINDS.stream().filter(k -> fields.get(k).isPresent()).toList();
    if (kinds.size() != 1) {
      String found = kinds.isEmpty() ? "none of them" : String.join(" and ", kinds);
      fields
          .at()
          .error("expected one of git, run, upload or download in a step, but found " + found);
      OWNERS.keySet().forEach(fields::get);
      return Optional.empty();
    }
    foreignKeys(fields, kinds.getFirst());
    Optional<Written> from = fields.get("from").flatMap(Written::read);
    Optional<Kind> kind = kind(fields, kinds.getFirst(), uses::add);
    if (kind.isEmpty()) {
      return Optional.empty();
    }
    String name = given.orElseGet(() -> defaultName(kind.get(), taken));
    return Optional.of(
        new StepDraft(
            fields.at(),
            name,
            kind.get(),
            when.orElse(Condition.ALWAYS),
            always,
            onFailure,
            env,
            workdir,
            limits,
            uses,
            from));
  }

  static Limits limits(Fields fields) {
    return new Limits(
        fields.get("timeout").flatMap(Amounts::duration),
        fields.get("max_time").flatMap(Amounts::duration),
        fields.get("max_output").flatMap(v -> Amounts.size(v, MAX_OUTPUT)));
  }

  private static void foreignKeys(Fields fields, String kind) {
    OWNERS.forEach((key, owner) -> {
      if (!owner.equals(kind)) {
        fields
            .key(key)
            .ifPresent(at ->
                at.error(
                    "the key '"
                        + key
                        + "' belongs to a "
                        + owner
                        + " step, but found it in a "
                        + kind
                        + " step"));
      }
    });
  }

  private Optional<Kind> kind(Fields fields, String kind, Consumer<Use> uses) {
    Value value = fields.get(kind).orElseThrow();
    return switch (kind) {
      case "git" -> git(fields, value);
      case "run" -> run(fields, value, uses);
      case "upload" -> Templates.path(value, uses).map(Kind.Upload::new);
      default -> {
        Optional<Value> from = fields.require("from");
        yield Templates.path(value, uses)
            .filter(_ -> from.isPresent())
            .map(files -> new Kind.Download("", files));
      }
    };
  }

  private Optional<Kind> git(Fields fields, Value value) {
    GitMode mode = fields.get("mode").flatMap(v -> v.oneOf(MODES)).orElse(GitMode.INCREMENTAL);
    boolean submodules = fields.get("submodules").flatMap(Value::truth).orElse(false);
    Optional<Integer> depth =
        fields
            .get("depth")
            .map(v -> v.integer(1, MAX_DEPTH))
            .filter(n -> n.isPresent())
            .map(n -> n.getAsInt());
    Optional<String> repository = value.text("the name of a repository");
    if (repository.isPresent() && !repositories.contains(repository.get())) {
      String near = Shown.nearest(repository.get(), repositories);
      value.error(
          "git: unknown repository "
              + Shown.quoted(repository.get())
              + (near.isEmpty() ? known(repositories) : near));
    }
    return repository.map(r -> new Kind.Git(r, mode, submodules, depth));
  }

  private static String known(Set<String> repositories) {
    return repositories.isEmpty()
        ? "; the file names none under repositories"
        : "; known are " + String.join(", ", repositories);
  }

  private static Optional<Kind> run(Fields fields, Value value, Consumer<Use> uses) {
    Optional<String> set =
        fields.get("set").flatMap(v -> v.text(PropertyNames.EXPECTED, PropertyNames::valid));
    Optional<Template> tests = fields.get("tests").flatMap(v -> Templates.path(v, uses));
    Optional<String> warnings = fields.get("warnings").flatMap(StepReader::regex);
    boolean shell = !value.isList();
    List<Template> command =
        shell
            ? Templates.template(value, uses).stream().toList()
            : value.list(MAX_ARGUMENTS, v -> Templates.template(v, uses));
    if (shell ? blank(command) : value.isEmptyList()) {
      value.error("run: expected a command, but found " + value.found());
    }
    return Optional.of(new Kind.Run(command, shell, set, tests, warnings));
  }

  private static boolean blank(List<Template> command) {
    return command.size() == 1 && command.getFirst().toString().isBlank();
  }

  /** A regular expression, or a word that stands for one. */
  static Optional<String> regex(Value value) {
    Optional<String> text = value.text("a regular expression", t -> t.length() <= 1000);
    if (text.isEmpty()) {
      return Optional.empty();
    }
    try {
      Pattern.compile(text.get());
      return text;
    } catch (PatternSyntaxException e) {
      value.error(
          Math.max(0, e.getIndex()),
          value.label() + ": expected a regular expression, but found " + e.getDescription());
      return Optional.empty();
    }
  }

  /** {@code git}, or what a command does: its first word, then its first two, then numbered. */
  private static String defaultName(Kind kind, Set<String> taken) {
    List<String> words =
        switch (kind) {
          case Kind.Git _ -> List.of("git");
          case Kind.Upload _ -> List.of("upload");
          case Kind.Download _ -> List.of("download");
          case Kind.Run run -> commandWords(run);
        };
    if (taken.add(words.getFirst())) {
      return words.getFirst();
    }
    String name = String.join(" ", words);
    if (words.size() > 1 && taken.add(name)) {
      return name;
    }
    for (int n = 2; ; n++) {
      String numbered = name + " " + n;
      if (taken.add(numbered)) {
        return numbered;
      }
    }
  }

  private static final Pattern TAME_WORD = Pattern.compile("[A-Za-z0-9._/+-]{1,40}");

  /**
   * One or two words, without folders, variables set on the way, and anything that needs a shell.
   */
  private static List<String> commandWords(Kind.Run run) {
    String line = String.join(" ", run.command().stream().map(Template::toString).toList()).strip();
    List<String> words = new ArrayList<>();
    for (String word : line.split("\\s+", 20)) {
      if (words.isEmpty() && word.matches("[A-Za-z_][A-Za-z0-9_]*=.*")) {
        continue;
      }
      if (!TAME_WORD.matcher(word).matches() || words.size() == 2) {
        break;
      }
      words.add(words.isEmpty() ? word.substring(word.lastIndexOf('/') + 1) : word);
    }
    return words.isEmpty() || words.getFirst().isEmpty() ? List.of("run") : words;
  }
}
