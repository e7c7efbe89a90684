package dev.ahjo.config.yaml;

import dev.ahjo.config.Problem;
import dev.ahjo.config.Problem.Severity;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** The problems of one file, as they are found. The same one is kept once. */
public final class Problems {
  /** Nobody reads more; a hostile file could make millions. */
  static final int LIMIT = 500;

  private final String file;
  private final List<Problem> found = new ArrayList<>();
  private final Set<Problem> seen = new HashSet<>();
  private boolean errors;

  public Problems(String file) {
    this.file = file;
  }

  void add(int line, int column, String message, Severity severity) {
    errors |= severity == Severity.ERROR;
    var problem = new Problem(file, line, column, Shown.oneLine(message), severity);
    if (found.size() < LIMIT && seen.add(problem)) {
      found.add(problem);
      if (found.size() == LIMIT) {
        found.add(
            new Problem(
                file, line, column, "more problems follow; only " + LIMIT + " are told", severity));
      }
    }
  }

  /** Whether anything found forbids the use of the file. */
  public boolean errors() {
    return errors;
  }

  /** What was found, in the order of the file. */
  public List<Problem> inFileOrder() {
    return found.stream().sorted(Problem.IN_FILE_ORDER).toList();
  }
}
