package dev.ahjo.config;

import java.util.Comparator;

/**
 * What is wrong with a file, and where.
 *
 * @param file as the caller named it
 * @param line from 1
 * @param column in characters, from 1
 * @param message what was expected and what was found; one line
 */
public record Problem(String file, int line, int column, String message, Severity severity) {
  /** In the order of the file; errors before warnings of the same place. */
  public static final Comparator<Problem> IN_FILE_ORDER =
      Comparator.comparingInt(Problem::line)
          .thenComparingInt(Problem::column)
          .thenComparing(Problem::severity);

  /** Whether the file can be used in spite of it. */
  public enum Severity {
    ERROR,
    WARNING
  }

  /** As compilers write it, so that editors find the place. */
  @Override
  public String toString() {
    String kind = severity == Severity.WARNING ? "warning: " : "";
    return file + ":" + line + ":" + column + ": " + kind + message;
  }
}
