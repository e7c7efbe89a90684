package dev.ahjo.core.project;

import java.util.Locale;

/** How a step or a build ended, worst first: the build's result is the worst of its steps'. */
public enum Result {
  CANCELLED,
  /** Transient: what was lost is tried again. */
  RETRY,
  /** The orchestrator's or the worker's own fault. */
  EXCEPTION,
  FAILURE,
  WARNINGS,
  SUCCESS,
  SKIPPED;

  public Result worse(Result other) {
    return ordinal() <= other.ordinal() ? this : other;
  }

  /** Whether what needed this may go on. */
  public boolean good() {
    return compareTo(WARNINGS) >= 0;
  }

  /** As it stands in JSON: {@code success}. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }
}
