package dev.ahjo.worker;

import dev.ahjo.core.id.BuildKey;
import dev.ahjo.worker.process.ProcessTree;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * An agent's disk: {@code lock}, {@code instance}, {@code builds/BUILD}, {@code damaged/BUILD},
 * {@code work/…}.
 */
final class DataFolder implements AutoCloseable {
  private static final String VERSION = "1";
  private static final String DAMAGED = "damaged";

  private final Path root;
  private final FileChannel lockFile;
  private final FileLock lock;
  private final String instance;

  private DataFolder(Path root, FileChannel lockFile, FileLock lock, String instance) {
    this.root = root;
    this.lockFile = lockFile;
    this.lock = lock;
    this.instance = instance;
  }

  /**
   * Takes the folder, making it if it is not there.
   *
   * @throws IOException naming the folder, also when another agent has it
   */
  static DataFolder open(Path folder) throws IOException {
    Path root = folder.toAbsolutePath().normalize();
    Files.createDirectories(root.resolve("builds"));
    Files.createDirectories(root.resolve("work"));
    Path lockPath = root.resolve("lock");
    FileChannel channel =
        FileChannel.open(lockPath, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    FileLock lock = tryLock(channel);
    if (lock == null) {
      channel.close();
      throw new IOException(
          "Expected the data folder " + root + " to be free, but another agent runs on it");
    }
    try {
      checkVersion(root);
      ownersOnly(root.resolve("builds"));
    } catch (IOException e) {
      channel.close();
      throw e;
    }
    Path id = root.resolve("instance");
    if (Files.notExists(id)) {
      write(id, (UUID.randomUUID() + "\n").getBytes(StandardCharsets.US_ASCII));
    }
    return new DataFolder(root, channel, lock, Files.readString(id).strip());
  }

  private static void checkVersion(Path root) throws IOException {
    Path file = root.resolve("version");
    if (Files.notExists(file)) {
      write(file, (VERSION + "\n").getBytes(StandardCharsets.US_ASCII));
    }
    String found = Files.readString(file).strip();
    if (!found.equals(VERSION)) {
      throw new IOException(
          "Expected the data folder "
              + root
              + " in layout "
              + VERSION
              + ", but found "
              + found
              + ": it is another version's of the agent");
    }
  }

  /** Plans and logs may hold what only the agent's user should read. */
  private static void ownersOnly(Path folder) throws IOException {
    if (folder.getFileSystem().supportedFileAttributeViews().contains("posix")) {
      Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwx------"));
    }
  }

  private static @Nullable FileLock tryLock(FileChannel channel) throws IOException {
    try {
      return channel.tryLock();
    } catch (OverlappingFileLockException sameProcess) {
      return null;
    }
  }

  /** Made once; tells a reconnect of this agent from a second worker of its name. */
  String instance() {
    return instance;
  }

  Path work() {
    return root.resolve("work");
  }

  Path build(BuildKey build) {
    return root.resolve("builds").resolve(folder(build));
  }

  private static String folder(BuildKey build) {
    return build.builder().project() + "@" + build.builder().builder() + "@" + build.number();
  }

  /** Whether what was kept of the build could not be read. */
  boolean isSetAside(BuildKey build) {
    return Files.exists(root.resolve(DAMAGED).resolve(folder(build)));
  }

  /** What the marks of all processes of a build's steps begin with; a step's index follows. */
  String mark(BuildKey build) {
    return mark(build.toString());
  }

  private String mark(String build) {
    return instance + "/" + build + ":";
  }

  /**
   * The folders of builds whose plan was kept. Halves of what was being made or removed go away,
   * with what still runs of them: nobody else would know it, and the next build might meet it.
   *
   * @param grace between TERM and KILL
   */
  List<Path> kept(Duration grace) throws IOException, InterruptedException {
    var kept = new ArrayList<Path>();
    try (Stream<Path> folders = Files.list(root.resolve("builds"))) {
      for (Path folder : folders.sorted().toList()) {
        if (Files.exists(folder.resolve(HeldBuild.PLAN))) {
          kept.add(folder);
        } else {
          endAll(folder, grace);
          remove(folder);
        }
      }
    }
    return kept;
  }

  /** Ends what runs of a build, and moves its folder to {@code damaged} for a person to look at. */
  void setAside(Path folder, Duration grace) throws IOException, InterruptedException {
    endAll(folder, grace);
    Path damaged = root.resolve(DAMAGED).resolve(folder.getFileName());
    remove(damaged);
    Files.createDirectories(damaged.getParent());
    Files.move(folder, damaged, StandardCopyOption.ATOMIC_MOVE);
  }

  /** The processes of a build that is known by its folder's name alone. */
  private void endAll(Path folder, Duration grace) throws InterruptedException {
    String[] words = folder.getFileName().toString().split("@");
    if (words.length == 3) {
      ProcessTree.leftBy(mark(words[0] + "/" + words[1] + "#" + words[2])).end(grace);
    }
  }

  /** Writes a file so that after any crash it is there whole or not at all. */
  static void write(Path file, byte[] bytes) throws IOException {
    Path half = file.resolveSibling(file.getFileName() + ".half");
    try (FileChannel channel =
        FileChannel.open(
            half,
            StandardOpenOption.CREATE,
            StandardOpenOption.TRUNCATE_EXISTING,
            StandardOpenOption.WRITE)) {
      ByteBuffer buffer = ByteBuffer.wrap(bytes);
      while (buffer.hasRemaining()) {
        channel.write(buffer);
      }
      channel.force(true);
    }
    Files.move(half, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    force(file.toAbsolutePath().getParent());
  }

  /** Forces a folder's entries to disk where the system can. */
  static void force(@Nullable Path folder) {
    if (folder == null) {
      return;
    }
    try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
      channel.force(true);
    } catch (IOException notOnThisSystem) {
      // Windows can't open a folder; it forces entries with the file
    }
  }

  /** Removes a folder with all that is in it, also what a build made unwritable. */
  static void remove(Path folder) throws IOException {
    if (!Files.exists(folder, LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    Files.walkFileTree(
        folder,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult preVisitDirectory(Path dir, BasicFileAttributes attributes) {
            makeWritable(dir);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            Files.deleteIfExists(file);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFileFailed(Path file, IOException failure)
              throws IOException {
            if (failure instanceof NoSuchFileException) {
              return FileVisitResult.CONTINUE;
            }
            throw failure;
          }

          @Override
          public FileVisitResult postVisitDirectory(Path dir, @Nullable IOException failure)
              throws IOException {
            if (failure != null) {
              throw failure;
            }
            Files.deleteIfExists(dir);
            return FileVisitResult.CONTINUE;
          }
        });
  }

  private static void makeWritable(Path dir) {
    try {
      if (!Files.isWritable(dir) || !Files.isExecutable(dir)) {
        Set<PosixFilePermission> all = EnumSet.copyOf(Files.getPosixFilePermissions(dir));
        all.addAll(
            Set.of(
                PosixFilePermission.OWNER_READ,
                PosixFilePermission.OWNER_WRITE,
                PosixFilePermission.OWNER_EXECUTE));
        Files.setPosixFilePermissions(dir, all);
      }
    } catch (IOException | UnsupportedOperationException notOurs) {
      // the removal itself will say what can't be removed
    }
  }

  @Override
  public void close() {
    try {
      lock.release();
      lockFile.close();
    } catch (IOException e) {
      throw new java.io.UncheckedIOException("Could not give up " + root.resolve("lock"), e);
    }
  }
}
