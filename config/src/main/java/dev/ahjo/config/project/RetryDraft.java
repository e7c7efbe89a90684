package dev.ahjo.config.project;

import dev.ahjo.config.yaml.Fields;
import dev.ahjo.config.yaml.Shown;
import dev.ahjo.config.yaml.Value;
import dev.ahjo.core.id.Names;
import dev.ahjo.core.project.RetryPolicy;
import dev.ahjo.core.project.RetryPolicy.Rule;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * {@code retry:} as written; what is not given comes from the defaults. Rules stand beside the one
 * for checkouts, which a rule of the same name replaces.
 *
 * @param steps the step names that rules mention, to be checked when all steps are known
 */
record RetryDraft(
    Optional<Integer> limit,
    Optional<Amounts.Range> backoff,
    Optional<List<Rule>> rules,
    List<Value> steps) {
  static final RetryDraft NONE =
      new RetryDraft(Optional.empty(), Optional.empty(), Optional.empty(), List.of());

  private static final int MAX_LIMIT = 100;
  private static final int MAX_RULES = 100;
  private static final Pattern SIGNAL = Pattern.compile("[A-Z][A-Z0-9+-]{1,15}");

  static RetryDraft read(Value value) {
    List<Value> steps = new ArrayList<>();
    Optional<Fields> fields = value.fields("retry");
    if (fields.isEmpty()) {
      return NONE;
    }
    try (Fields retry = fields.get()) {
      return new RetryDraft(
          retry
              .get("limit")
              .map(v -> v.integer(1, MAX_LIMIT))
              .filter(n -> n.isPresent())
              .map(n -> n.getAsInt()),
          retry.get("backoff").flatMap(Amounts::range),
          retry.get("rules").map(v -> rules(v, steps)),
          steps);
    }
  }

  RetryDraft or(RetryDraft other) {
    return new RetryDraft(
        limit.or(other::limit), backoff.or(other::backoff), rules.or(other::rules), steps);
  }

  RetryPolicy policy() {
    var standard = RetryPolicy.DEFAULT;
    Map<String, Rule> byName = new LinkedHashMap<>();
    standard.rules().forEach(r -> byName.put(r.name(), r));
    rules.orElse(List.of()).forEach(r -> byName.put(r.name(), r));
    return new RetryPolicy(
        limit.orElse(standard.limit()),
        backoff.map(Amounts.Range::first).orElse(standard.firstBackoff()),
        backoff.map(Amounts.Range::last).orElse(standard.maxBackoff()),
        List.copyOf(byName.values()));
  }

  private static List<Rule> rules(Value value, List<Value> steps) {
    Set<String> taken = new HashSet<>();
    return value.list(MAX_RULES, v -> rule(v, taken, steps));
  }

  private static Optional<Rule> rule(Value value, Set<String> taken, List<Value> mentioned) {
    Optional<Fields> fields = value.fields("a retry rule");
    if (fields.isEmpty()) {
      return Optional.empty();
    }
    try (Fields rule = fields.get()) {
      Optional<String> name =
          rule.require("name").flatMap(v -> v.text(Expected.NAME, Names::valid));
      name.filter(n -> !taken.add(n))
          .ifPresent(n -> value.error("the rule " + Shown.quoted(n) + " stands twice"));
      Optional<Value> steps = rule.get("steps");
      steps.filter(Value::isList).ifPresent(v -> mentioned.addAll(v.list(StepReader.MAX_STEPS)));
      Set<String> stepNames =
          Set.copyOf(steps.map(v -> v.list(StepReader.MAX_STEPS, Value::text)).orElse(List.of()));
      Set<Integer> codes =
          Set.copyOf(
              rule.get("exit_codes").map(v -> v.list(256, RetryDraft::exitCode)).orElse(List.of()));
      Set<String> signals =
          Set.copyOf(
              rule.get("signals").map(v -> v.list(64, RetryDraft::signal)).orElse(List.of()));
      Optional<Value> output = rule.get("output");
      if (steps.isEmpty()
          && rule.get("exit_codes").isEmpty()
          && rule.get("signals").isEmpty()
          && output.isEmpty()) {
        value.error(
            "expected steps, exit_codes, signals or output in a retry rule, but found none: it"
                + " would match every failure");
      }
      Optional<String> pattern = output.flatMap(StepReader::regex);
      return name.map(n -> new Rule(n, stepNames, codes, signals, pattern));
    }
  }

  /** Negative ones are Windows's, where a code has 32 bits. */
  private static Optional<Integer> exitCode(Value value) {
    return value.parsed(
        "an exit code other than 0",
        text -> {
          try {
            return Optional.of(Integer.valueOf(text)).filter(n -> n != 0);
          } catch (NumberFormatException notANumber) {
            return Optional.empty();
          }
        });
  }

  private static Optional<String> signal(Value value) {
    return value.parsed(
        "the name of a signal such as KILL",
        text ->
            Optional.of(text.startsWith("SIG") ? text.substring(3) : text)
                .filter(SIGNAL.asMatchPredicate()));
  }
}
