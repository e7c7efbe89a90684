package dev.ahjo.config.project;

import dev.ahjo.config.yaml.Value;
import dev.ahjo.core.property.Template;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Texts with {@code ${…}} holes; every hole is handed on to be checked against the scope. */
final class Templates {
  /**
   * Where a hole or an escaped one begins, and what follows if it is a good one. Possessive: a
   * group that could give back costs a frame of the stack for each repetition.
   */
  private static final Pattern HOLE =
      Pattern.compile(
          "(\\$\\$\\{)|\\$\\{(\\s*+("
              + "[A-Za-z_][A-Za-z0-9_-]*+(?:\\.[A-Za-z0-9_][A-Za-z0-9_+-]*+)*+)\\s*+})?");

  /** The name of an environment variable that every system takes. */
  private static final Pattern VARIABLE = Pattern.compile("[A-Za-z_][A-Za-z0-9_]*");

  private static final int MAX_VARIABLES = 500;

  private Templates() {}

  static Optional<Template> template(Value value, Consumer<Use> uses) {
    return value.text().flatMap(text -> template(value, text, uses));
  }

  private static Optional<Template> template(Value value, String text, Consumer<Use> uses) {
    boolean good = true;
    Matcher hole = HOLE.matcher(text);
    while (hole.find()) {
      if (hole.group(1) != null) {
        continue;
      }
      if (hole.group(3) == null) {
        value.error(
            hole.start(),
            value.label() + ": expected a name and a closing brace after ${ (a plain ${ is $${)");
        good = false;
      } else if (hole.group(3).length() > Template.MAX_NAME) {
        value.error(
            hole.start(3),
            "%s: expected a name of at most %d characters, but found %d"
                .formatted(value.label(), Template.MAX_NAME, hole.group(3).length()));
        good = false;
      } else {
        uses.accept(new Use(value, hole.start(3), hole.group(3)));
      }
    }
    return good ? Optional.of(Template.parse(text)) : Optional.empty();
  }

  /** A glob or folder that stays within the build's folder, as far as its plain text tells. */
  static Optional<Template> path(Value value, Consumer<Use> uses) {
    Optional<String> text = value.text("a path within the build's folder");
    if (text.isEmpty()) {
      return Optional.empty();
    }
    String path = text.get();
    boolean leaves = List.of(path.split("[/\\\\]", -1)).contains("..");
    if (path.isBlank() || leaves || path.matches("(?s)[/\\\\].*|[A-Za-z]:.*")) {
      value.error(
          value.label()
              + ": expected a path within the build's folder, but found "
              + value.found());
      return Optional.empty();
    }
    return template(value, path, uses);
  }

  /** Environment variables. */
  static Map<String, Template> env(Value value, Consumer<Use> uses) {
    Map<String, Template> env = new LinkedHashMap<>();
    value
        .entries(MAX_VARIABLES)
        .forEach((name, entry) -> {
          if (!VARIABLE.matcher(name).matches()) {
            entry
                .key()
                .error(
                    "expected the name of a variable (letters, digits and _), but found "
                        + entry.key().found());
          }
          template(entry.value(), uses).ifPresent(t -> env.put(name, t));
        });
    return env;
  }
}
