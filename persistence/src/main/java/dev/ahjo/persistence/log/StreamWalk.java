package dev.ahjo.persistence.log;

import dev.ahjo.core.log.StreamKey;
import dev.ahjo.persistence.log.StreamRows.Known;
import dev.ahjo.persistence.log.StreamRows.Stored;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.List;

/**
 * Walks along the chunks of a stream from one byte on, as long as they follow each other without a
 * gap. Where chunks overlap, their bytes are the same, and those that come first are taken.
 */
final class StreamWalk {
  private final StreamRows rows;
  private final StreamKey stream;
  private long place;
  private long bytes;
  private boolean closed;

  /** At byte {@code place}, of which it must be known that all before it are stored. */
  StreamWalk(StreamRows rows, StreamKey stream, long place) {
    this.rows = rows;
    this.stream = stream;
    this.place = place;
  }

  /** What to do with a chunk, of which the bytes before {@code from} are known already. */
  private interface Visit {
    void chunk(Stored chunk, int from) throws IOException;
  }

  /** What is surely stored, and what has come since. */
  static Known toEnd(StreamRows rows, Known known) throws IOException {
    if (known.closed()) {
      return known;
    }
    var walk = new StreamWalk(rows, known.stream(), known.size());
    walk.walk(Long.MAX_VALUE, (chunk, _) -> walk.bytes += chunk.zstd().length);
    return new Known(
        known.stream(),
        walk.place,
        known.bytes() + walk.bytes,
        walk.closed,
        known.slot(),
        known.at());
  }

  /** Up to {@code max} bytes from here on. */
  byte[] read(int max) throws IOException {
    long until = place > Long.MAX_VALUE - max ? Long.MAX_VALUE : place + max;
    var out = new ByteArrayOutputStream(Math.min(max, 1 << 16));
    walk(
        until,
        (chunk, from) -> {
          byte[] raw = new byte[chunk.length()];
          if (!Frame.decompresses(chunk.zstd(), 0, chunk.zstd().length, raw)) {
            throw new IOException(
                "The chunk of %d bytes at %d of %s is damaged"
                    .formatted(chunk.length(), chunk.at(), stream));
          }
          out.write(raw, from, Math.min(raw.length - from, max - out.size()));
        });
    return out.toByteArray();
  }

  private void walk(long until, Visit visit) throws IOException {
    while (place < until && !closed) {
      long part = place / StreamRows.PART;
      along(rows.from(stream, part, place, until), until, visit);
      if (place >= until || closed || place / StreamRows.PART != part) {
        continue;
      }
      // The end, or the midst of a chunk that began earlier.
      long here = place;
      along(rows.reaching(stream, here), until, visit);
      if (place == here) {
        return;
      }
    }
  }

  private void along(List<Stored> chunks, long until, Visit visit) throws IOException {
    for (Stored chunk : chunks) {
      if (chunk.at() > place || place >= until || closed) {
        return;
      }
      if (chunk.end() > place) {
        visit.chunk(chunk, (int) (place - chunk.at()));
        place = chunk.end();
      }
      closed = chunk.last() && chunk.end() == place;
    }
  }
}
