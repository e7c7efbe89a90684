package dev.ahjo.persistence.log;

import com.github.luben.zstd.Zstd;
import dev.ahjo.core.id.BuildKey;
import dev.ahjo.core.log.Chunk;
import dev.ahjo.core.log.StreamKey;
import dev.ahjo.core.port.StreamStore;
import dev.ahjo.persistence.PassingFolder;
import dev.ahjo.persistence.cassandra.server.CassandraRing;
import dev.ahjo.persistence.cassandra.server.TestKeyspace;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Measures appends of full chunks, and reading them back: {@code StreamStoreBenchmark [cassandra]}.
 */
final class StreamStoreBenchmark {
  private static final AtomicInteger ROUNDS = new AtomicInteger();

  private StreamStoreBenchmark() {}

  public static void main(String[] args) throws Exception {
    if (args.length > 0 && args[0].equals("cassandra")) {
      try (CassandraRing ring = CassandraRing.start("127.0.1.", 1, 1024);
          var keyspace = TestKeyspace.durable(ring, CassandraStreamStore::schema);
          var store =
              CassandraStreamStore.open(
                  keyspace.session(), keyspace.name(), new Followers(), Instant::now)) {
        measure(store, 800, 1);
        measure(store, 800, 1);
        measure(store, 400, 8);
        measure(store, 400, 8);
      }
      return;
    }
    try (var root = PassingFolder.make("streams-benchmark");
        var store = FileStreamStore.open(root.path(), folder -> Long.MAX_VALUE)) {
      for (int round = 1; round <= 4; round++) {
        measure(store, 3200, 1);
      }
    }
  }

  /** Appends full chunks to a few streams side by side, and reads them back likewise. */
  private static void measure(StreamStore store, int chunks, int streams) throws Exception {
    byte[] raw = raw();
    byte[] zstd = Zstd.compress(raw);
    int round = ROUNDS.incrementAndGet();
    long start = System.nanoTime();
    sideBySide(
        streams,
        stream -> {
          for (int i = 0; i < chunks; i++) {
            var answer =
                store.append(
                    new Chunk(
                        key(round, stream),
                        (long) i * raw.length,
                        raw.length,
                        zstd,
                        i == chunks - 1));
            if (answer instanceof StreamStore.Appended.Busy busy) {
              throw new IOException(busy.reason());
            }
          }
        });
    long written = System.nanoTime();
    sideBySide(
        streams,
        stream -> {
          long read = 0;
          while (read < (long) chunks * raw.length) {
            read += store.read(key(round, stream), read, 1 << 20).length;
          }
        });
    long end = System.nanoTime();
    double megabytes = streams * chunks * (double) raw.length / 1e6;
    System.out.printf(
        "%d streams, %.0f MB (a chunk of %d in %d): written %.0f MB/s, read %.0f MB/s%n",
        streams,
        megabytes,
        raw.length,
        zstd.length,
        megabytes / ((written - start) / 1e9),
        megabytes / ((end - written) / 1e9));
  }

  private static StreamKey key(int round, int stream) {
    return new StreamKey(BuildKey.parse("a/b#" + round), stream, StreamKey.Kind.LOG, "stdio");
  }

  private interface Work {
    void on(int stream) throws Exception;
  }

  private static void sideBySide(int streams, Work work) throws Exception {
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<?>> all = new ArrayList<>();
      for (int i = 0; i < streams; i++) {
        int stream = i;
        all.add(
            threads.submit(() -> {
              work.on(stream);
              return stream;
            }));
      }
      for (Future<?> each : all) {
        each.get();
      }
    }
  }

  private static byte[] raw() {
    var text = new StringBuilder();
    for (int i = 0; text.length() < Chunk.MAX_LENGTH; i++) {
      text.append("gcc -O2 -c -o obj/")
          .append(i * 7919 % 10007)
          .append(".o src/")
          .append(i)
          .append(".c\n");
    }
    return text.substring(0, Chunk.MAX_LENGTH).getBytes(StandardCharsets.US_ASCII);
  }
}
