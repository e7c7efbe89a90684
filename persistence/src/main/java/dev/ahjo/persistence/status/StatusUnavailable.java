package dev.ahjo.persistence.status;

/** The read tables can't be read or written at the moment; it may work later. */
public final class StatusUnavailable extends RuntimeException {
  private static final long serialVersionUID = 1;

  StatusUnavailable(String what, Throwable why) {
    super(what + ": " + why.getMessage(), why);
  }

  StatusUnavailable(String what) {
    super(what);
  }
}
