package dev.ahjo.config.project;

/** Words for what several readers expect. */
final class Expected {
  static final String NAME =
      "a name of letters, digits and . _ + - (first a letter or digit, at most 100)";

  private Expected() {}
}
