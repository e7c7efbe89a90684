package dev.ahjo.config.project;

import java.util.regex.Pattern;

/** What properties, matrix keys and parameters may be called: one part of a {@code ${…}} name. */
final class PropertyNames {
  static final String EXPECTED =
      "a name of letters, digits, _ and - (first a letter or _, at most 100)";

  private static final Pattern SHAPE = Pattern.compile("[A-Za-z_][A-Za-z0-9_-]{0,99}");

  private PropertyNames() {}

  static boolean valid(String name) {
    return SHAPE.matcher(name).matches();
  }
}
