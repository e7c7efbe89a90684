package dev.ahjo.cli;

/** What the command's exit code tells a script. */
public enum Exit {
  /** Done; what was waited for succeeded. */
  DONE(0),
  /** The build failed, or a checked file is wrong. */
  FAILED(1),
  /** Wrong use: an unknown option, a name that does not exist, a refused input. */
  USAGE(2),
  /** What was waited for was cancelled, or shelved for a person. */
  CANCELLED(3),
  /** The node could not be reached, could not answer, or does not allow it. */
  UNREACHABLE(4),
  /** A node that its cluster has lost: start it again. What sysexits.h calls EX_TEMPFAIL. */
  LOST(75),
  /** Whoever read the output has gone: what a shell tells of a program that SIGPIPE ended. */
  UNREAD(141);

  private final int code;

  Exit(int code) {
    this.code = code;
  }

  public int code() {
    return code;
  }
}
