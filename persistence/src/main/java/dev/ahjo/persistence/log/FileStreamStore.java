package dev.ahjo.persistence.log;

import com.github.luben.zstd.Zstd;
import dev.ahjo.core.id.BuildKey;
import dev.ahjo.core.id.BuilderKey;
import dev.ahjo.core.log.Chunk;
import dev.ahjo.core.log.StreamKey;
import dev.ahjo.core.port.StreamStore;
import dev.ahjo.persistence.DataFolder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Streams as files below {@code logs} in the data folder: {@link StreamFile} says what is in one,
 * {@link StreamPaths} where it is. A bounded number of them is open at a time.
 *
 * <p>A stream is forced at its end and every {@link StreamFile#FORCE_EVERY} bytes; only then is its
 * agent told that it is safe. What a power cut takes from between, the agent still has.
 */
public final class FileStreamStore implements StreamStore, AutoCloseable {
  /** Files open at once. */
  static final int MAX_OPEN = 256;

  /** Room on the disk below which nothing is stored. */
  static final long MIN_FREE_BYTES = 64L << 20;

  /** A build that was written to within this time is never pruned for its size. */
  static final Duration QUIET = Duration.ofMinutes(10);

  /** In which a build's streams are listed. */
  static final Comparator<StreamKey> ORDER =
      Comparator.comparingInt(StreamKey::step)
          .thenComparing(StreamKey::kind)
          .thenComparing(StreamKey::name);

  private static final String PRUNED = "pruned";
  private static final Logger LOG = LoggerFactory.getLogger(FileStreamStore.class);

  private final Path root;
  private final FreeSpace freeSpace;

  /** In the order of their last use; guarded by itself. */
  private final LinkedHashMap<StreamKey, Open> open = new LinkedHashMap<>(64, 0.75f, true);

  private final Followers followers = new Followers();
  private final Set<BuilderKey> forcedBuilders = ConcurrentHashMap.newKeySet();

  /** How much room the disk of a folder has. */
  interface FreeSpace {
    long bytes(Path folder) throws IOException;
  }

  /** A file and how many use it now: only one that nobody uses may be closed. */
  private static final class Open {
    private @Nullable StreamFile file;
    private int users;
  }

  private FileStreamStore(Path root, FreeSpace freeSpace) {
    this.root = root;
    this.freeSpace = freeSpace;
  }

  /**
   * @throws IOException when the folder can't be made
   */
  public static FileStreamStore open(DataFolder data) throws IOException {
    return open(data.path().resolve("logs"), folder -> Files.getFileStore(folder).getUsableSpace());
  }

  static FileStreamStore open(Path root, FreeSpace freeSpace) throws IOException {
    return new FileStreamStore(Files.createDirectories(root), freeSpace);
  }

  /**
   * @throws IllegalArgumentException when the chunk's frame is damaged or does not hold the bytes
   *     that it says
   */
  @Override
  public Appended append(Chunk chunk) {
    byte[] raw = verified(chunk);
    StreamKey stream = chunk.stream();
    Appended answer;
    try {
      if (pruned(stream.build())) {
        // Late, and for nobody: its build was old enough to go.
        return new Appended.Stored(chunk.end(), true, chunk.last());
      }
      long free = freeSpace.bytes(root);
      if (free < MIN_FREE_BYTES) {
        return new Appended.Busy(
            "the disk of %s has %d MiB left, less than %d"
                .formatted(root, free >> 20, MIN_FREE_BYTES >> 20));
      }
      answer = using(stream, true, file -> append(file, chunk, raw));
    } catch (IOException failed) {
      LOG.warn("{} can't be stored at {}: {}", stream, root, failed.toString());
      return new Appended.Busy(failed.toString());
    }
    followers.grown(stream);
    return answer;
  }

  /**
   * The bytes of the chunk.
   *
   * @throws IllegalArgumentException when its frame does not hold what it says
   */
  static byte[] verified(Chunk chunk) {
    if (chunk.length() < 0 || chunk.length() > Chunk.MAX_LENGTH || chunk.offset() < 0) {
      throw new IllegalArgumentException(
          "Expected a chunk of up to %d bytes, but found %d at %d of %s"
              .formatted(Chunk.MAX_LENGTH, chunk.length(), chunk.offset(), chunk.stream()));
    }
    byte[] raw = new byte[chunk.length()];
    byte[] zstd = chunk.zstd();
    if (zstd.length > Frame.MAX_STORED) {
      throw new IllegalArgumentException(
          "Expected a chunk's frame of at most %d bytes, but found %d at %d of %s"
              .formatted(Frame.MAX_STORED, zstd.length, chunk.offset(), chunk.stream()));
    }
    if (raw.length > 0 && !Frame.decompresses(zstd, 0, zstd.length, raw)) {
      throw new IllegalArgumentException(
          "The chunk at %d of %s does not hold the %d bytes that it says"
              .formatted(chunk.offset(), chunk.stream(), chunk.length()));
    }
    // A skippable frame before or behind would store as much as it likes for no byte of the log.
    if (raw.length > 0 && Zstd.findFrameCompressedSize(zstd) != zstd.length) {
      throw new IllegalArgumentException(
          "Expected one Zstandard frame and nothing else in the chunk at %d of %s"
              .formatted(chunk.offset(), chunk.stream()));
    }
    return raw;
  }

  private static Appended append(StreamFile file, Chunk chunk, byte[] raw) throws IOException {
    synchronized (file) {
      file.mend();
      long end = file.size();
      boolean adds = chunk.end() > end || (chunk.last() && chunk.end() == end);
      if (!file.closed() && chunk.offset() <= end && adds) {
        int known = (int) (end - chunk.offset());
        if (known == 0) {
          file.append(raw.length, raw.length == 0 ? new byte[0] : chunk.zstd(), chunk.last());
        } else {
          // An agent that began anew cuts its spool elsewhere than before.
          byte[] rest = Arrays.copyOfRange(raw, known, raw.length);
          file.append(rest.length, rest.length == 0 ? rest : Zstd.compress(rest), chunk.last());
        }
      }
      return new Appended.Stored(file.size(), file.safe(), file.closed());
    }
  }

  /**
   * {@inheritDoc}
   *
   * @throws UncheckedIOException when the disk can't tell
   */
  @Override
  public Optional<Extent> extent(StreamKey stream) {
    try {
      return pruned(stream.build())
          ? Optional.empty()
          : Optional.of(using(stream, false, file -> new Extent(file.size(), file.closed())));
    } catch (NoSuchFileException | StreamFile.NoStream none) {
      return Optional.empty();
    } catch (IOException failed) {
      throw new UncheckedIOException(stream + " can't be opened: " + failed, failed);
    }
  }

  @Override
  public byte[] read(StreamKey stream, long offset, int max) throws IOException {
    if (offset < 0 || max < 0) {
      throw new IllegalArgumentException("Expected a range, but found " + offset + "+" + max);
    }
    try {
      return using(stream, false, file -> file.read(offset, max));
    } catch (NoSuchFileException none) {
      return new byte[0];
    }
  }

  /**
   * {@inheritDoc}
   *
   * @throws UncheckedIOException when the disk can't tell
   */
  @Override
  public List<StreamKey> streams(BuildKey build) {
    List<StreamKey> streams = new ArrayList<>();
    if (pruned(build)) {
      return streams;
    }
    try (Stream<Path> files = Files.list(StreamPaths.folder(root, build))) {
      for (Path file : files.toList()) {
        var told = StreamPaths.tell(String.valueOf(file.getFileName()));
        if (told.isPresent()) {
          try {
            streams.add(
                new StreamKey(build, told.get().step(), told.get().kind(), StreamFile.name(file)));
          } catch (StreamFile.NoStream torn) {
            LOG.debug("{} holds nothing yet", file);
          }
        }
      }
    } catch (NoSuchFileException none) {
      return streams;
    } catch (IOException failed) {
      throw new UncheckedIOException("The streams of " + build + " can't be listed", failed);
    }
    streams.sort(ORDER);
    return streams;
  }

  @Override
  public boolean pruned(BuildKey build) {
    return Files.exists(StreamPaths.folder(root, build).resolve(PRUNED));
  }

  @Override
  public Subscription follow(StreamKey stream, Runnable grown) {
    return followers.follow(stream, grown);
  }

  private interface Use<T> {
    T of(StreamFile file) throws IOException;
  }

  private <T> T using(StreamKey stream, boolean create, Use<T> use) throws IOException {
    Open entry;
    synchronized (open) {
      entry = open.computeIfAbsent(stream, key -> new Open());
      entry.users++;
    }
    try {
      StreamFile file;
      synchronized (entry) {
        file = entry.file;
        if (file == null) {
          file = file(stream, create);
          entry.file = file;
        }
      }
      return use.of(file);
    } finally {
      List<Open> idle = new ArrayList<>();
      synchronized (open) {
        entry.users--;
        if (entry.file == null && entry.users == 0) {
          open.remove(stream, entry);
        }
        evict(idle);
      }
      for (Open each : idle) {
        close(each);
      }
    }
  }

  /** Takes the longest unused out of the map, until it is within its bound. */
  private void evict(List<Open> idle) {
    var oldest = open.entrySet().iterator();
    while (open.size() > MAX_OPEN && oldest.hasNext()) {
      Open candidate = oldest.next().getValue();
      if (candidate.users == 0) {
        oldest.remove();
        idle.add(candidate);
      }
    }
  }

  private static void close(Open entry) {
    StreamFile file = entry.file;
    if (file != null) {
      try {
        file.close();
      } catch (IOException failed) {
        LOG.warn("A stream's file could not be closed", failed);
      }
    }
  }

  private StreamFile file(StreamKey stream, boolean create) throws IOException {
    Path path = StreamPaths.file(root, stream);
    if (!create) {
      return StreamFile.open(path);
    }
    try {
      return StreamFile.open(path);
    } catch (NoSuchFileException none) {
      makeFolder(stream.build());
    } catch (StreamFile.NoStream torn) {
      Files.delete(path);
    }
    try {
      return StreamFile.create(path, stream.name());
    } catch (FileAlreadyExistsException raced) {
      return StreamFile.open(path);
    }
  }

  private void makeFolder(BuildKey build) throws IOException {
    Path folder = StreamPaths.folder(root, build);
    if (!Files.isDirectory(folder)) {
      Files.createDirectories(folder);
      Path builder = StreamFile.parent(folder);
      DataFolder.forceEntries(builder);
      if (forcedBuilders.add(build.builder())) {
        DataFolder.forceEntries(StreamFile.parent(builder));
        DataFolder.forceEntries(root);
      }
    }
  }

  private record Candidate(BuildKey build, Path folder, long bytes, Instant last) {}

  /**
   * Removes the streams of builds last written to before {@code now - maxAge}, then of the oldest
   * until the rest takes at most {@code maxTotalBytes} on disk. A mark stays in each build's
   * folder, so that readers can be told that there was something. Builds written to in the last ten
   * minutes stay in any case.
   *
   * @throws IOException when the folders can't be read; what was removed until then is gone
   */
  public Pruned prune(Duration maxAge, long maxTotalBytes, Instant now) throws IOException {
    List<Candidate> builds = new ArrayList<>();
    for (Path project : folders(root)) {
      for (Path builder : folders(project)) {
        for (Path folder : folders(builder)) {
          if (!Files.exists(folder.resolve(PRUNED))) {
            candidate(folder).ifPresent(builds::add);
          }
        }
      }
    }
    builds.sort(Comparator.comparing(Candidate::last));
    long total = builds.stream().mapToLong(Candidate::bytes).sum();
    int removed = 0;
    long bytes = 0;
    for (Candidate build : builds) {
      boolean old = build.last().isBefore(now.minus(maxAge));
      boolean tooMuch = total > maxTotalBytes && build.last().isBefore(now.minus(QUIET));
      if (old || tooMuch) {
        remove(build, now);
        total -= build.bytes();
        bytes += build.bytes();
        removed++;
      }
    }
    return new Pruned(removed, bytes);
  }

  private static List<Path> folders(Path of) throws IOException {
    try (Stream<Path> all = Files.list(of)) {
      return all.filter(Files::isDirectory).toList();
    }
  }

  private static Optional<Candidate> candidate(Path folder) throws IOException {
    Path builder = StreamFile.parent(folder);
    BuildKey build;
    try {
      build =
          BuildKey.parse(
              StreamFile.parent(builder).getFileName()
                  + "/"
                  + builder.getFileName()
                  + "#"
                  + folder.getFileName());
    } catch (IllegalArgumentException foreign) {
      return Optional.empty();
    }
    long bytes = 0;
    Instant last = Files.getLastModifiedTime(folder).toInstant();
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.toList()) {
        bytes += Files.size(file);
        Instant written = Files.getLastModifiedTime(file).toInstant();
        last = written.isAfter(last) ? written : last;
      }
    }
    return Optional.of(new Candidate(build, folder, bytes, last));
  }

  private void remove(Candidate build, Instant now) throws IOException {
    Files.writeString(
        build.folder().resolve(PRUNED), "%s %d bytes%n".formatted(now, build.bytes()));
    List<Open> closing = new ArrayList<>();
    synchronized (open) {
      open.entrySet()
          .removeIf(entry -> {
            boolean gone = entry.getKey().build().equals(build.build());
            if (gone && entry.getValue().users == 0) {
              closing.add(entry.getValue());
            }
            return gone && entry.getValue().users == 0;
          });
    }
    closing.forEach(FileStreamStore::close);
    try (Stream<Path> files = Files.list(build.folder())) {
      for (Path file : files.toList()) {
        if (!file.endsWith(PRUNED)) {
          Files.deleteIfExists(file);
        }
      }
    }
  }

  /** Forces and closes what is open. */
  @Override
  public void close() {
    List<Open> all;
    synchronized (open) {
      all = List.copyOf(open.values());
      open.clear();
    }
    all.forEach(FileStreamStore::close);
  }
}
