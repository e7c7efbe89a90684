package dev.ahjo.cli;

/** No answer from the node: it is down, restarting, or elsewhere. Asking again may help. */
public final class Unreachable extends CommandFailed {
  private static final long serialVersionUID = 1;

  public Unreachable(String message, Throwable cause) {
    super(Exit.UNREACHABLE, message, cause);
  }
}
