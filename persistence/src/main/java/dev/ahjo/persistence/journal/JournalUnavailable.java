package dev.ahjo.persistence.journal;

/** The journal can't be written or read now; nothing of what was asked for has been stored. */
public final class JournalUnavailable extends RuntimeException {
  private static final long serialVersionUID = 1;

  JournalUnavailable(String why) {
    super("The journal is not available: " + why);
  }

  JournalUnavailable(String why, Throwable cause) {
    super("The journal is not available: " + why, cause);
  }
}
