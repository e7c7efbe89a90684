package dev.ahjo.core.property;

import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Text with holes: {@code make -j${properties.jobs}}. Parsed once, when the project file is read;
 * filled on the worker, when the step runs, so that a step sees what earlier steps have set.
 */
public record Template(List<Part> parts) {
  /** The longest name between the braces, in characters. */
  public static final int MAX_NAME = 200;

  /** Possessive: a group that could give back costs a frame of the stack for each repetition. */
  private static final Pattern NAME =
      Pattern.compile("[A-Za-z_][A-Za-z0-9_-]*+(?:\\.[A-Za-z0-9_][A-Za-z0-9_+-]*+)*+");

  /** A stretch of a template. */
  public sealed interface Part {
    /** Stands for itself. */
    record Text(String text) implements Part {}

    /** {@code ${name}}, where name is dotted: {@code properties.cflags}, {@code branch}. */
    record Hole(String name) implements Part {}
  }

  public Template {
    parts = List.copyOf(parts);
  }

  public static Template of(String text) {
    return text.isEmpty() ? new Template(List.of()) : new Template(List.of(new Part.Text(text)));
  }

  /**
   * Reads {@code ${name}} holes; {@code $$} followed by a brace stands for a plain dollar, every
   * other dollar (as in {@code $HOME} and {@code $(cmd)}) for itself.
   *
   * @throws IllegalArgumentException with the column from 0 when a hole is not closed, is empty, or
   *     its name is longer than {@link #MAX_NAME}
   */
  public static Template parse(String source) {
    var parts = new java.util.ArrayList<Part>();
    var text = new StringBuilder();
    int at = 0;
    while (at < source.length()) {
      if (source.startsWith("$${", at)) {
        text.append("${");
        at += 3;
      } else if (source.startsWith("${", at)) {
        int end = source.indexOf('}', at);
        String name = end < 0 ? "" : source.substring(at + 2, end).strip();
        if (name.length() > MAX_NAME) {
          throw new IllegalArgumentException(
              "column %d: expected a name of at most %d characters, but found %d"
                  .formatted(at, MAX_NAME, name.length()));
        }
        if (!NAME.matcher(name).matches()) {
          throw new IllegalArgumentException(
              "column " + at + ": expected a name and a closing brace after ${");
        }
        if (!text.isEmpty()) {
          parts.add(new Part.Text(text.toString()));
          text.setLength(0);
        }
        parts.add(new Part.Hole(name));
        at = end + 1;
      } else {
        text.append(source.charAt(at++));
      }
    }
    if (!text.isEmpty()) {
      parts.add(new Part.Text(text.toString()));
    }
    return new Template(parts);
  }

  /** The names of all holes, in order. */
  public Stream<String> names() {
    return parts.stream()
        .flatMap(p -> p instanceof Part.Hole h ? Stream.of(h.name()) : Stream.of());
  }

  /**
   * The text with every hole filled.
   *
   * @throws UnknownName when {@code values} has nothing for a hole
   */
  public String fill(Function<String, Optional<String>> values) {
    return parts.stream()
        .map(part ->
            switch (part) {
              case Part.Text t -> t.text();
              case Part.Hole h ->
                  values.apply(h.name()).orElseThrow(() -> new UnknownName(h.name()));
            })
        .collect(Collectors.joining());
  }

  /** As it stands in the project file. */
  @Override
  public String toString() {
    return parts.stream()
        .map(part ->
            switch (part) {
              case Part.Text t -> t.text().replace("${", "$${");
              case Part.Hole h -> "${" + h.name() + "}";
            })
        .collect(Collectors.joining());
  }

  /** A hole for which there is no value. */
  public static final class UnknownName extends RuntimeException {
    private static final long serialVersionUID = 1;
    private final String name;

    UnknownName(String name) {
      super("Unknown name ${" + name + "}");
      this.name = name;
    }

    public String name() {
      return name;
    }
  }
}
