package dev.ahjo.cli.up;

import dev.ahjo.cli.CommandFailed;
import dev.ahjo.cli.Exit;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import org.jspecify.annotations.Nullable;

/**
 * Where {@code up} keeps everything: {@code node} (journal, logs), {@code agent} (the worker's
 * own), {@code log} (what both say), {@code example}. One {@code up} at a time.
 */
public final class UpFolder implements AutoCloseable {
  private final Path root;
  private final FileChannel channel;

  private UpFolder(Path root, FileChannel channel) {
    this.root = root;
    this.channel = channel;
  }

  /**
   * Takes the folder, making it where it is not there; wrong use when another {@code up} has it.
   */
  public static UpFolder take(Path folder) {
    Path root = folder.toAbsolutePath().normalize();
    try {
      Files.createDirectories(root.resolve("log"));
      Path file = root.resolve("up.lock");
      FileChannel channel =
          FileChannel.open(
              file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
      if (tryLock(channel) == null) {
        String owner = Files.readString(file).strip();
        channel.close();
        throw new CommandFailed(
            Exit.USAGE,
            "The data folder "
                + root
                + " is in use by another `ahjo up`"
                + (owner.isEmpty() ? "" : " (process " + owner + ")")
                + ": stop that one, or name another folder with --data");
      }
      channel.truncate(0);
      channel.write(
          ByteBuffer.wrap(
              Long.toString(ProcessHandle.current().pid()).getBytes(StandardCharsets.US_ASCII)));
      return new UpFolder(root, channel);
    } catch (IOException e) {
      throw new CommandFailed(
          Exit.USAGE, "The data folder " + root + " can't be written: " + e.getMessage(), e);
    }
  }

  private static @Nullable FileLock tryLock(FileChannel channel) throws IOException {
    try {
      return channel.tryLock();
    } catch (OverlappingFileLockException sameProcess) {
      return null;
    }
  }

  public Path root() {
    return root;
  }

  public Path resolve(String name) {
    return root.resolve(name);
  }

  /** Writes a file that only its owner may read, where the system knows owners. */
  static void writeSecret(Path file, String text) throws IOException {
    Files.deleteIfExists(file);
    if (file.getFileSystem().supportedFileAttributeViews().contains("posix")) {
      Files.createFile(
          file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    }
    Files.writeString(file, text);
  }

  @Override
  public void close() {
    try {
      // Closing the channel gives up the lock.
      channel.close();
    } catch (IOException e) {
      throw new java.io.UncheckedIOException("Could not give up " + root.resolve("up.lock"), e);
    }
  }
}
