package dev.ahjo.cluster;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A file of tokens that is read again when it has changed, so that somebody can be let in or shut
 * out without a new start. It is read when two looks have found the same time and size, so never
 * half written; one that can't be read is told once, and what was in force stays so.
 *
 * @param <T> what is made of the file
 */
final class TokenFile<T> implements AutoCloseable {
  /** Twice this and a little is how long a change may take: less than ten seconds. */
  static final Duration LOOK = Duration.ofSeconds(4);

  private static final Logger LOG = LoggerFactory.getLogger(TokenFile.class);

  /** Makes something of the file. */
  @FunctionalInterface
  interface Reader<T> {
    /**
     * @throws IOException naming the file and the line that is at fault
     */
    T read(Path file) throws IOException;
  }

  /** By which a file is known to be another one than before. */
  private record Stamp(FileTime written, long size, Optional<Object> key) {}

  private final Path file;
  private final Reader<T> reader;
  private final ScheduledExecutorService looks =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().name("ahjo-tokens").daemon().factory());

  private volatile T tokens;
  private @Nullable Stamp taken;
  private @Nullable Stamp seen;
  private @Nullable Stamp refused;
  private boolean missing;

  private TokenFile(Path file, Reader<T> reader) throws IOException {
    this.file = file;
    this.reader = reader;
    this.taken = stamp(file);
    this.seen = taken;
    this.tokens = reader.read(file);
  }

  /**
   * Reads the file for the first time, and looks at it from then on.
   *
   * @throws IOException naming the file that is at fault
   */
  static <T> TokenFile<T> open(Path file, Reader<T> reader, Duration every) throws IOException {
    var opened = new TokenFile<>(file, reader);
    var unused =
        opened.looks.scheduleWithFixedDelay(
            opened::look, every.toMillis(), every.toMillis(), TimeUnit.MILLISECONDS);
    return opened;
  }

  /** What is in force now. */
  T tokens() {
    return tokens;
  }

  private void look() {
    try {
      Stamp now = stamp(file);
      missing = false;
      boolean settled = now.equals(seen);
      seen = now;
      if (settled && !now.equals(taken)) {
        take(now);
      }
    } catch (IOException | RuntimeException unreadable) {
      if (!missing) {
        missing = true;
        LOG.error(
            "The tokens in {} can't be looked at: {}. Those that were read stay in force",
            file,
            unreadable.toString());
      }
    }
  }

  private void take(Stamp now) throws IOException {
    T read;
    try {
      if (now.size() == 0) {
        // Of a full disk, or a program that has not written yet: nobody is shut out by that.
        throw new IOException(file + ": expected at least one token, but the file is empty");
      }
      read = reader.read(file);
    } catch (IOException broken) {
      // Tried again at each look, since what kept it from being read may pass; told once.
      if (!now.equals(refused)) {
        LOG.error(
            "The tokens in {} were changed, but: {}. The old ones stay in force",
            file,
            broken.getMessage());
      }
      refused = now;
      return;
    }
    if (now.equals(stamp(file))) {
      tokens = read;
      taken = now;
      refused = null;
      LOG.info("The tokens in {} were changed and are in force", file);
    }
  }

  private static Stamp stamp(Path file) throws IOException {
    try {
      var now = Files.readAttributes(file, BasicFileAttributes.class);
      return new Stamp(now.lastModifiedTime(), now.size(), Optional.ofNullable(now.fileKey()));
    } catch (NoSuchFileException absent) {
      throw new IOException(file + ": expected a file of tokens, but there is none", absent);
    }
  }

  @Override
  public void close() {
    looks.shutdownNow();
  }
}
