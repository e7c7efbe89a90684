package dev.ahjo.cli;

/** Ends a command with a message for people and an exit code; never a bug. */
public class CommandFailed extends RuntimeException {
  private static final long serialVersionUID = 1;
  private final Exit exit;

  public CommandFailed(Exit exit, String message) {
    super(message);
    this.exit = exit;
  }

  public CommandFailed(Exit exit, String message, Throwable cause) {
    super(message, cause);
    this.exit = exit;
  }

  public Exit exit() {
    return exit;
  }

  /** The message; every failure has one. */
  public String text() {
    String message = getMessage();
    return message == null ? toString() : message;
  }
}
