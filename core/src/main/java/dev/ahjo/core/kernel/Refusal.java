package dev.ahjo.core.kernel;

/** Why a command changed nothing. A value: refusing is an ordinary answer, not an error of ours. */
public sealed interface Refusal {
  /** For people: what was expected and what was found. */
  String text();

  /** The thing spoken to does not exist. */
  record NotFound(String what, String id) implements Refusal {
    @Override
    public String text() {
      return "There is no " + what + " '" + id + "'";
    }
  }

  /** The thing exists, but is not in a state that allows the command. */
  record Conflict(String expected, String found) implements Refusal {
    @Override
    public String text() {
      return "Expected " + expected + ", but found " + found;
    }
  }

  /** A part of the command itself is wrong; {@code field} says which. */
  record Invalid(String field, String problem) implements Refusal {
    @Override
    public String text() {
      return field + ": " + problem;
    }
  }

  /** The speaker belongs to an attempt, a session or a version that has been superseded. */
  record Superseded(String what, String by) implements Refusal {
    @Override
    public String text() {
      return what + " has been superseded by " + by;
    }
  }

  /** A named limit is reached; later the same command may pass. */
  record LimitReached(String limit, long value) implements Refusal {
    @Override
    public String text() {
      return "The limit " + limit + " = " + value + " is reached";
    }
  }
}
