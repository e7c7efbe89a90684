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

  /**
   * @throws Enough when nobody would read more; {@link Document#read} ends there
   */
  void add(int line, int column, String message, Severity severity) {
    errors |= severity == Severity.ERROR;
    var problem = new Problem(file, line, column, Shown.oneLine(message), severity);
    if (!seen.add(problem)) {
      return;
    }
    found.add(problem);
    if (found.size() == LIMIT) {
      errors = true;
      String end = "expected fewer problems; only " + LIMIT + " are told";
      found.add(new Problem(file, line, column, end, Severity.ERROR));
      throw new Enough();
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

  /** Ends the reading of a file that is wrong all over: what is told of each mistake has a cost. */
  static final class Enough extends RuntimeException {
    private static final long serialVersionUID = 1;

    Enough() {
      super("Enough problems", null, false, false);
    }
  }
}
