package dev.ahjo.config.project;

import dev.ahjo.config.yaml.Shown;
import dev.ahjo.config.yaml.Value;
import dev.ahjo.core.property.Template;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A name in the file that may have {@code ${matrix.X}} holes; they are filled when the matrix is
 * spread.
 */
record Written(Value at, Template template) {
  /** Reads it; a hole of another kind is told, for nothing else is known that early. */
  static Optional<Written> read(Value value) {
    List<Use> uses = new ArrayList<>();
    Optional<Template> template = Templates.template(value, uses::add);
    for (Use use : uses) {
      if (!use.name().startsWith("matrix.")) {
        value.error(
            use.index(),
            value.label()
                + ": expected only ${matrix.…} here, but found "
                + Shown.quoted("${" + use.name() + "}"));
        return Optional.empty();
      }
    }
    return template.map(t -> new Written(value, t));
  }

  /** The text for one cell; empty, and told, when the matrix has no such key. */
  Optional<String> in(Map<String, String> cell) {
    try {
      return Optional.of(
          template.fill(name -> Optional.ofNullable(cell.get(name.substring("matrix.".length())))));
    } catch (Template.UnknownName unknown) {
      List<String> known = cell.keySet().stream().map(k -> "matrix." + k).sorted().toList();
      at.error(
          at.label()
              + ": unknown name "
              + Shown.quoted(unknown.name())
              + (known.isEmpty()
                  ? "; this builder has no matrix"
                  : Shown.nearest(unknown.name(), known)));
      return Optional.empty();
    }
  }
}
