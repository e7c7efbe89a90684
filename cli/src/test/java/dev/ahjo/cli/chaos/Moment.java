package dev.ahjo.cli.chaos;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The clock of histories: the same for Java and for shells, and not to be set by anybody. */
final class Moment {
  private static final long AHEAD = uptime() - System.nanoTime();

  private Moment() {}

  /** Nanoseconds since this machine was started. */
  static long now() {
    return System.nanoTime() + AHEAD;
  }

  /** As steps read it. */
  private static long uptime() {
    try {
      String seconds = Files.readString(Path.of("/proc/uptime")).split(" ", -1)[0];
      return Long.parseLong(seconds.replace(".", "")) * 10_000_000L;
    } catch (IOException elsewhere) {
      return System.nanoTime();
    }
  }
}
