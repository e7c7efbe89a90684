package dev.ahjo.persistence.log;

import com.github.luben.zstd.Zstd;
import dev.ahjo.core.id.BuildKey;
import dev.ahjo.core.log.Chunk;
import dev.ahjo.core.log.StreamKey;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;

/** Measures appends of full chunks to one stream, and reading them back. Run its main. */
final class StreamStoreBenchmark {
  private StreamStoreBenchmark() {}

  public static void main(String[] args) throws Exception {
    var root = Files.createTempDirectory("streams-benchmark");
    var text = new StringBuilder();
    for (int i = 0; text.length() < Chunk.MAX_LENGTH; i++) {
      text.append("gcc -O2 -c -o obj/")
          .append(i * 7919 % 10007)
          .append(".o src/")
          .append(i)
          .append(".c\n");
    }
    byte[] raw = text.substring(0, Chunk.MAX_LENGTH).getBytes(StandardCharsets.US_ASCII);
    byte[] zstd = Zstd.compress(raw);
    try (var store = FileStreamStore.open(root, folder -> Long.MAX_VALUE)) {
      for (int round = 1; round <= 4; round++) {
        var stream = new StreamKey(BuildKey.parse("a/b#" + round), 0, StreamKey.Kind.LOG, "stdio");
        int chunks = 3200;
        long start = System.nanoTime();
        for (int i = 0; i < chunks; i++) {
          store.append(new Chunk(stream, (long) i * raw.length, raw.length, zstd, i == chunks - 1));
        }
        long written = System.nanoTime();
        long read = 0;
        while (read < (long) chunks * raw.length) {
          read += store.read(stream, read, 1 << 20).length;
        }
        long end = System.nanoTime();
        double megabytes = chunks * (double) raw.length / 1e6;
        System.out.printf(
            "%.0f MB (a chunk of %d in %d): written %.0f MB/s, read %.0f MB/s%n",
            megabytes,
            raw.length,
            zstd.length,
            megabytes / ((written - start) / 1e9),
            megabytes / ((end - written) / 1e9));
      }
    }
  }
}
