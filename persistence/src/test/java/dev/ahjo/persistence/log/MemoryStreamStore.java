package dev.ahjo.persistence.log;

import dev.ahjo.core.id.BuildKey;
import dev.ahjo.core.log.Chunk;
import dev.ahjo.core.log.StreamKey;
import dev.ahjo.core.port.StreamStore;
import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

/** The contract in its plainest form. */
final class MemoryStreamStore implements StreamStore {
  private final Map<StreamKey, ByteArrayOutputStream> streams = new HashMap<>();
  private final Set<StreamKey> closed = new HashSet<>();
  private final Map<StreamKey, CopyOnWriteArrayList<Runnable>> followers =
      new ConcurrentHashMap<>();

  @Override
  public Appended append(Chunk chunk) {
    byte[] raw = FileStreamStore.verified(chunk);
    Appended.Stored stored = add(chunk, raw);
    for (Runnable follower : followers.getOrDefault(chunk.stream(), new CopyOnWriteArrayList<>())) {
      try {
        follower.run();
      } catch (RuntimeException careless) {
        continue;
      }
    }
    return stored;
  }

  private synchronized Appended.Stored add(Chunk chunk, byte[] raw) {
    var stream = streams.computeIfAbsent(chunk.stream(), key -> new ByteArrayOutputStream());
    long known = stream.size() - chunk.offset();
    if (!closed.contains(chunk.stream()) && known >= 0 && known <= raw.length) {
      stream.write(raw, (int) known, raw.length - (int) known);
      if (chunk.last()) {
        closed.add(chunk.stream());
      }
    }
    return new Appended.Stored(stream.size(), true, closed.contains(chunk.stream()));
  }

  @Override
  public synchronized Optional<Extent> extent(StreamKey stream) {
    return Optional.ofNullable(streams.get(stream))
        .map(bytes -> new Extent(bytes.size(), closed.contains(stream)));
  }

  @Override
  public synchronized byte[] read(StreamKey stream, long offset, int max) {
    var bytes = streams.get(stream);
    if (bytes == null || offset >= bytes.size()) {
      return new byte[0];
    }
    int from = (int) offset;
    return Arrays.copyOfRange(bytes.toByteArray(), from, Math.min(bytes.size(), from + max));
  }

  @Override
  public synchronized List<StreamKey> streams(BuildKey build) {
    return streams.keySet().stream()
        .filter(s -> s.build().equals(build))
        .sorted(
            Comparator.comparingInt(StreamKey::step)
                .thenComparing(StreamKey::kind)
                .thenComparing(StreamKey::name))
        .toList();
  }

  @Override
  public Subscription follow(StreamKey stream, Runnable grown) {
    followers.computeIfAbsent(stream, key -> new CopyOnWriteArrayList<>()).add(grown);
    return () -> followers.getOrDefault(stream, new CopyOnWriteArrayList<>()).remove(grown);
  }
}
