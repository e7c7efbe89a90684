package dev.ahjo.config.project;

import dev.ahjo.config.yaml.Shown;
import dev.ahjo.core.step.Scope;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/** The names that a text of one builder may use, and what to say of another. */
final class KnownNames {
  /** Not known before a build is on its worker, so a builder's {@code if} cannot ask for them. */
  private static final Set<String> OF_THE_BUILD = Set.of("number", "build", "worker");

  private final Set<String> names = new TreeSet<>();
  private final Set<String> later;

  /**
   * @param properties declared in the file
   * @param matrix keys
   * @param repositories by name, each with a stamp
   * @param sets what steps will set, sooner or later
   */
  KnownNames(
      Set<String> properties, Set<String> matrix, Set<String> repositories, Set<String> sets) {
    names.addAll(Scope.FIXED);
    properties.forEach(p -> names.add("properties." + p));
    matrix.forEach(m -> names.add("matrix." + m));
    for (String repository : repositories) {
      for (String part : Set.of("branch", "revision", "url")) {
        names.add("stamps." + repository + "." + part);
      }
    }
    later = new HashSet<>();
    sets.forEach(s -> later.add("properties." + s));
  }

  /** From here on, a step has set the property. */
  void set(String property) {
    names.add("properties." + property);
  }

  /** What is wrong with {@code name}, if anything. */
  Optional<String> complaint(String name) {
    return names.contains(name) ? Optional.empty() : Optional.of(explain(name));
  }

  /** As {@link #complaint}, before the build has a number and a worker. */
  Optional<String> complaintBeforeBuild(String name) {
    return OF_THE_BUILD.contains(name)
        ? Optional.of("'" + name + "' is not known before the build starts")
        : complaint(name);
  }

  private String explain(String name) {
    String unknown = "unknown name " + Shown.quoted(name);
    if (later.contains(name)) {
      return unknown + ": only a later step sets it";
    }
    Optional<String> near =
        names.stream()
            .filter(n -> n.equals("properties." + name) || n.equals("matrix." + name))
            .findFirst()
            .or(() -> Shown.near(name, names));
    if (near.isPresent()) {
      return unknown + "; did you mean '" + near.get() + "'?";
    }
    if (name.startsWith("properties.")) {
      return unknown + "; declare it under properties, or let an earlier step set it";
    }
    if (name.matches("[A-Z][A-Z0-9_]*")) {
      return unknown + "; for a variable of the shell write $" + name;
    }
    return unknown
        + "; known are "
        + String.join(", ", names.stream().limit(12).toList())
        + (names.size() > 12 ? ", …" : "");
  }
}
