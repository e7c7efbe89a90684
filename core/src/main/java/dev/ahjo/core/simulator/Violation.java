package dev.ahjo.core.simulator;

/** Something that must never be so has come about; ends the history. */
public final class Violation extends RuntimeException {
  private static final long serialVersionUID = 1;
  private final String rule;

  Violation(String rule, String found) {
    super(rule + ": " + found);
    this.rule = rule;
  }

  Violation(String rule, String found, Throwable cause) {
    super(rule + ": " + found, cause);
    this.rule = rule;
  }

  /** The name of what was violated; the same for the same kind of fault. */
  public String rule() {
    return rule;
  }
}
