package dev.ahjo.persistence;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.stream.Stream;

/** A new folder for what is measured or served by hand; it goes, with all in it, when closed. */
public record PassingFolder(Path path) implements AutoCloseable {
  /** Makes it where the system keeps what passes. */
  public static PassingFolder make(String prefix) throws IOException {
    return new PassingFolder(Files.createTempDirectory(prefix));
  }

  @Override
  public void close() throws IOException {
    delete(path);
  }

  /** Deletes a folder and all in it. */
  public static void delete(Path folder) throws IOException {
    try (Stream<Path> all = Files.walk(folder)) {
      for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(path);
      }
    }
  }
}
