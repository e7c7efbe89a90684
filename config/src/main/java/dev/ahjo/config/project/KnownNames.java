package dev.ahjo.config.project;

import dev.ahjo.config.yaml.Shown;
import dev.ahjo.core.step.Scope;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/** The names that a text of one builder may use, and what to say of another. */
final class KnownNames {
  /** Not known before a build is on its worker, so a builder's {@code if} cannot ask for them. */
  private static final Set<String> OF_THE_BUILD = Set.of("number", "build", "worker");

  private static final List<String> OF_A_STAMP = List.of("branch", "revision", "url");

  private final Set<String> properties;
  private final Set<String> matrix;
  private final Set<String> repositories;
  private final Set<String> later;

  /**
   * @param properties declared in the file
   * @param matrix keys
   * @param repositories by name, each with a stamp
   * @param later the properties that steps will set, sooner or later
   */
  KnownNames(
      Set<String> properties, Set<String> matrix, Set<String> repositories, Set<String> later) {
    this.properties = new HashSet<>(properties);
    this.matrix = matrix;
    this.repositories = repositories;
    this.later = later;
  }

  /** From here on, a step has set the property. */
  void set(String property) {
    properties.add(property);
  }

  /** What is wrong with {@code name}, if anything. */
  Optional<String> complaint(String name) {
    return known(name) ? Optional.empty() : Optional.of(explain(name));
  }

  private boolean known(String name) {
    int dot = name.indexOf('.');
    String rest = name.substring(dot + 1);
    return switch (dot < 0 ? "" : name.substring(0, dot)) {
      case "" -> Scope.FIXED.contains(name);
      case "properties" -> properties.contains(rest);
      case "matrix" -> matrix.contains(rest);
      case "stamps" -> {
        int last = rest.lastIndexOf('.');
        yield last > 0
            && repositories.contains(rest.substring(0, last))
            && OF_A_STAMP.contains(rest.substring(last + 1));
      }
      default -> false;
    };
  }

  /** As {@link #complaint}, before the build has a number and a worker. */
  Optional<String> complaintBeforeBuild(String name) {
    return OF_THE_BUILD.contains(name)
        ? Optional.of("'" + name + "' is not known before the build starts")
        : complaint(name);
  }

  private String explain(String name) {
    String unknown = "unknown name " + Shown.quoted(name);
    if (name.startsWith("properties.") && later.contains(name.substring("properties.".length()))) {
      return unknown + ": only a later step sets it";
    }
    Set<String> names = names();
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

  private Set<String> names() {
    Set<String> names = new TreeSet<>(Scope.FIXED);
    properties.forEach(p -> names.add("properties." + p));
    matrix.forEach(m -> names.add("matrix." + m));
    repositories.forEach(r -> OF_A_STAMP.forEach(part -> names.add("stamps." + r + "." + part)));
    return names;
  }
}
