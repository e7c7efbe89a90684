package dev.ahjo.persistence.status;

import java.io.IOException;
import java.io.UncheckedIOException;

/** The read tables can't be read or written at the moment; it may work later. */
public final class StatusUnavailable extends UncheckedIOException {
  private static final long serialVersionUID = 1;

  StatusUnavailable(String what, Throwable why) {
    super(
        what + ": " + why.getMessage(), why instanceof IOException io ? io : new IOException(why));
  }

  StatusUnavailable(String what) {
    super(what, new IOException(what));
  }
}
