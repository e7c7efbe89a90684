package dev.ahjo.persistence;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * A node's folder, taken by one process at a time. The file {@code format-version} says which
 * version of its layout it has; one that a newer version of Ahjo wrote is refused untouched.
 */
public final class DataFolder implements AutoCloseable {
  /** Raised when an older version of Ahjo could no longer read what this one writes. */
  public static final int FORMAT = 1;

  private static final String VERSION_FILE = "format-version";
  private static final String LOCK_FILE = "in-use";

  private final Path path;
  private final FileChannel channel;
  private final FileLock lock;

  private DataFolder(Path path, FileChannel channel, FileLock lock) {
    this.path = path;
    this.channel = channel;
    this.lock = lock;
  }

  /**
   * Takes the folder, and makes it if there is none.
   *
   * @throws DataFolderInUse when a process, this one included, has it open
   * @throws DataFolderTooNew when a newer version of Ahjo wrote it
   * @throws IOException when it can't be read or written
   */
  public static DataFolder open(Path folder) throws IOException {
    Path path = Files.createDirectories(folder).toRealPath();
    FileChannel channel =
        FileChannel.open(
            path.resolve(LOCK_FILE),
            StandardOpenOption.CREATE,
            StandardOpenOption.READ,
            StandardOpenOption.WRITE);
    try {
      FileLock lock = lock(path, channel);
      checkVersion(path);
      channel.truncate(0);
      channel.write(
          ByteBuffer.wrap((ProcessHandle.current().pid() + "\n").getBytes(StandardCharsets.UTF_8)));
      return new DataFolder(path, channel, lock);
    } catch (IOException | RuntimeException refused) {
      channel.close();
      throw refused;
    }
  }

  private static FileLock lock(Path path, FileChannel channel) throws IOException {
    @Nullable FileLock lock;
    try {
      lock = channel.tryLock();
    } catch (OverlappingFileLockException ours) {
      throw new DataFolderInUse(path, "this very process");
    }
    if (lock == null) {
      String owner = Files.readString(path.resolve(LOCK_FILE)).strip();
      throw new DataFolderInUse(path, owner.isEmpty() ? "another process" : "process " + owner);
    }
    return lock;
  }

  private static void checkVersion(Path path) throws IOException {
    Path file = path.resolve(VERSION_FILE);
    String text;
    try {
      text = Files.readString(file).strip();
    } catch (NoSuchFileException fresh) {
      Path draft = path.resolve(VERSION_FILE + ".new");
      Files.writeString(draft, FORMAT + "\n");
      try (FileChannel written = FileChannel.open(draft, StandardOpenOption.WRITE)) {
        written.force(true);
      }
      Files.move(draft, file, StandardCopyOption.ATOMIC_MOVE);
      forceEntries(path);
      return;
    }
    int version;
    try {
      version = Integer.parseInt(text);
    } catch (NumberFormatException unreadable) {
      throw new IOException(
          "Expected a number in " + file + ", but found '" + text + "'", unreadable);
    }
    if (version > FORMAT) {
      throw new DataFolderTooNew(path, version);
    }
  }

  /** Forces the names in a folder to disk: a new file whose name is lost is a lost file. */
  public static void forceEntries(Path folder) throws IOException {
    if (System.getProperty("os.name", "").toLowerCase(Locale.ROOT).startsWith("windows")) {
      return; // Windows opens no folder as a file, and journals its names by itself
    }
    try (FileChannel entries = FileChannel.open(folder, StandardOpenOption.READ)) {
      entries.force(true);
    }
  }

  public Path path() {
    return path;
  }

  /** Gives the folder back. */
  @Override
  public void close() throws IOException {
    try (channel) {
      if (lock.isValid()) {
        lock.release();
      }
    }
  }

  /** The folder is open elsewhere. */
  public static final class DataFolderInUse extends IOException {
    private static final long serialVersionUID = 1;

    DataFolderInUse(Path folder, String by) {
      super("The data folder " + folder + " is in use by " + by);
    }
  }

  /** The folder was written by a newer version. */
  public static final class DataFolderTooNew extends IOException {
    private static final long serialVersionUID = 1;

    DataFolderTooNew(Path folder, int version) {
      super(
          "The data folder %s has format %d, but this version of Ahjo reads formats up to %d: use a newer Ahjo or another folder"
              .formatted(folder, version, FORMAT));
    }
  }
}
