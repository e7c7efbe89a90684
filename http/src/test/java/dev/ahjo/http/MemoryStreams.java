package dev.ahjo.http;

import dev.ahjo.core.id.BuildKey;
import dev.ahjo.core.log.Chunk;
import dev.ahjo.core.log.StreamKey;
import dev.ahjo.core.port.StreamStore;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;

/** Logs and artifacts in memory; the test writes what an agent would send. */
final class MemoryStreams implements StreamStore {
  private record Kept(byte[] bytes, boolean closed) {}

  private final Map<StreamKey, Kept> streams = new HashMap<>();
  private final Map<StreamKey, List<Runnable>> followers = new HashMap<>();

  /** Meets whoever asks what there is. */
  volatile Runnable trouble = () -> {};

  void write(StreamKey key, byte[] more, boolean last) {
    List<Runnable> tell;
    synchronized (this) {
      Kept kept = streams.get(key);
      byte[] before = kept == null ? new byte[0] : kept.bytes();
      byte[] after = Arrays.copyOf(before, before.length + more.length);
      System.arraycopy(more, 0, after, before.length, more.length);
      streams.put(key, new Kept(after, last));
      tell = List.copyOf(followers.getOrDefault(key, List.of()));
    }
    tell.forEach(Runnable::run);
  }

  synchronized int followers() {
    return followers.values().stream().mapToInt(List::size).sum();
  }

  @Override
  public Appended append(Chunk chunk) {
    throw new UnsupportedOperationException("the test writes by itself");
  }

  @Override
  public synchronized Optional<Extent> extent(StreamKey stream) {
    trouble.run();
    return Optional.ofNullable(streams.get(stream))
        .map(k -> new Extent(k.bytes().length, k.closed()));
  }

  @Override
  public synchronized byte[] read(StreamKey stream, long offset, int max) {
    byte[] bytes = Objects.requireNonNull(streams.get(stream)).bytes();
    int from = (int) Math.min(offset, bytes.length);
    // Fewer than asked for, as a store that reads chunk by chunk would give.
    return Arrays.copyOfRange(bytes, from, Math.min(bytes.length, from + Math.min(max, 100_000)));
  }

  @Override
  public synchronized List<StreamKey> streams(BuildKey build) {
    trouble.run();
    return streams.keySet().stream().filter(k -> k.build().equals(build)).toList();
  }

  @Override
  public synchronized Subscription follow(StreamKey stream, Runnable grown) {
    followers.computeIfAbsent(stream, _ -> new CopyOnWriteArrayList<>()).add(grown);
    return () -> {
      synchronized (this) {
        followers.getOrDefault(stream, List.of()).remove(grown);
      }
    };
  }
}
