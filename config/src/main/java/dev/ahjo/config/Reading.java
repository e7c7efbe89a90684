package dev.ahjo.config;

import java.util.List;

/** What became of a file: its meaning, or everything that is wrong with it at once. */
public sealed interface Reading<T> {
  /** All problems, in the order of the file; only warnings if it is valid. */
  List<Problem> problems();

  /** The file is good; {@code problems} are warnings. */
  record Valid<T>(T value, List<Problem> problems) implements Reading<T> {
    public Valid {
      problems = List.copyOf(problems);
    }
  }

  /** The file means nothing; {@code problems} holds at least one error, and the warnings. */
  record Invalid<T>(List<Problem> problems) implements Reading<T> {
    public Invalid {
      problems = List.copyOf(problems);
    }
  }
}
