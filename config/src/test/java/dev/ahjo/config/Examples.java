package dev.ahjo.config;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;

/** The example files that reader, schema and fuzzer share. */
final class Examples {
  /** Good files; between them they have every key of the format. */
  static final List<String> GOOD = List.of("libxml2.yaml", "everything.yaml", "smallest.json");

  private Examples() {}

  static String text(String name) {
    return resource("/projects/" + name);
  }

  static String resource(String path) {
    try (var in = Objects.requireNonNull(Examples.class.getResourceAsStream(path))) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
