package dev.ahjo.cluster.worker;

import com.github.luben.zstd.Zstd;
import dev.ahjo.core.id.BuildKey;
import dev.ahjo.core.log.Chunk;
import dev.ahjo.core.log.StreamKey;
import dev.ahjo.core.port.StreamStore;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;

/** Streams in memory; its disk may be full, or stuck for some of them. */
public final class MemoryStreams implements StreamStore {
  private final Map<StreamKey, ByteArrayOutputStream> bytes = new ConcurrentHashMap<>();
  private final Set<StreamKey> closed = ConcurrentHashMap.newKeySet();
  final Map<StreamKey, CountDownLatch> stuck = new ConcurrentHashMap<>();
  final AtomicInteger appends = new AtomicInteger();
  volatile boolean full;
  volatile CountDownLatch reading = new CountDownLatch(0);

  @Override
  public Appended append(Chunk chunk) {
    appends.incrementAndGet();
    CountDownLatch latch = stuck.get(chunk.stream());
    if (latch != null) {
      try {
        latch.await();
      } catch (InterruptedException stop) {
        return new Appended.Busy("interrupted");
      }
    }
    if (full) {
      return new Appended.Busy("disk full");
    }
    ByteArrayOutputStream out =
        bytes.computeIfAbsent(chunk.stream(), _ -> new ByteArrayOutputStream());
    synchronized (out) {
      long skip = out.size() - chunk.offset();
      if (skip >= 0 && skip <= chunk.length()) {
        byte[] plain = Zstd.decompress(chunk.zstd(), chunk.length());
        out.write(plain, (int) skip, plain.length - (int) skip);
        if (chunk.last()) {
          closed.add(chunk.stream());
        }
      }
      return new Appended.Stored(out.size(), true, closed.contains(chunk.stream()));
    }
  }

  byte[] all(StreamKey stream) {
    ByteArrayOutputStream out = bytes.get(stream);
    return out == null ? new byte[0] : out.toByteArray();
  }

  @Override
  public Optional<Extent> extent(StreamKey stream) {
    return Optional.ofNullable(bytes.get(stream))
        .map(out -> new Extent(out.size(), closed.contains(stream)));
  }

  @Override
  public byte[] read(StreamKey stream, long offset, int max) throws IOException {
    try {
      reading.await();
    } catch (InterruptedException stop) {
      throw new IOException(stop);
    }
    byte[] all = all(stream);
    int from = (int) Math.min(offset, all.length);
    return Arrays.copyOfRange(all, from, Math.min(all.length, from + max));
  }

  @Override
  public List<StreamKey> streams(BuildKey build) {
    return bytes.keySet().stream().filter(s -> s.build().equals(build)).toList();
  }

  @Override
  public Subscription follow(StreamKey stream, Runnable grown) {
    return () -> {};
  }
}
