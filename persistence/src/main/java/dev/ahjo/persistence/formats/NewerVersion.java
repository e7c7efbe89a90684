package dev.ahjo.persistence.formats;

import java.io.IOException;

/** A row that is sound but was written by a newer version than this one, which can't read it. */
public final class NewerVersion extends IOException {
  private static final long serialVersionUID = 1;

  NewerVersion(String message, Throwable cause) {
    super(message, cause);
  }

  NewerVersion(String message) {
    super(message);
  }
}
