package dev.ahjo.cli;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Where a long-running verb tells what it does. Chosen before the first log line, since the logging
 * library reads its configuration then.
 */
public final class LogFile {
  private LogFile() {}

  /** To {@code file}, in at most 5 files of 10 MB; or to the error output when there is none. */
  public static void use(@Nullable Path file) {
    if (file == null) {
      System.setProperty("logback.configurationFile", "logback-console.xml");
    } else {
      System.setProperty("ahjo.log.file", file.toAbsolutePath().normalize().toString());
      System.setProperty("logback.configurationFile", "logback-file.xml");
    }
  }
}
