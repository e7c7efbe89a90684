package dev.ahjo.persistence.log;

import dev.ahjo.core.id.BuildKey;
import dev.ahjo.core.log.StreamKey;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * Streams as rows of a database that several nodes write. A row's key says which bytes it holds:
 * offset and length. Two writers that send the same bytes cut differently write different rows,
 * never over each other's. Every write here may be done twice.
 *
 * <p>All of it throws {@link Unavailable}.
 */
interface StreamRows {
  /** Uncompressed bytes of a stream whose chunks are found and removed together. */
  long PART = 1 << 20;

  /** Streams are pruned by when they began, in steps of so many seconds. */
  long SLOT_SECONDS = 600;

  /** The database can't be reached, or refuses. */
  final class Unavailable extends RuntimeException {
    private static final long serialVersionUID = 1;

    Unavailable(Throwable why) {
      super(why.getMessage(), why);
    }
  }

  /** A stored chunk. */
  record Stored(long at, int length, boolean last, byte[] zstd) {
    long end() {
      return at + length;
    }
  }

  /**
   * What is known of a stream.
   *
   * @param size so many of its bytes are surely stored; there may be more
   * @param bytes the same as they are stored, compressed
   * @param slot when it began
   * @param at when this was written
   */
  record Known(StreamKey stream, long size, long bytes, boolean closed, long slot, Instant at) {}

  /** What a slot knows of a stream's build. */
  record InSlot(BuildKey build, long bytes) {}

  static long slotOf(Instant at) {
    return Math.floorDiv(at.getEpochSecond(), SLOT_SECONDS);
  }

  /** After this nothing new begins in the slot. */
  static Instant endOf(long slot) {
    return Instant.ofEpochSecond((slot + 1) * SLOT_SECONDS);
  }

  /** What the database is called in messages. */
  String place();

  /** Stores a chunk; when it returns, the chunk is safe. */
  void put(StreamKey stream, Stored chunk);

  /** Chunks of {@code part} that begin at {@code from} or later, before {@code to}, in order. */
  List<Stored> from(StreamKey stream, long part, long from, long to);

  /** Chunks that begin before {@code place} and go beyond it, in order. */
  List<Stored> reaching(StreamKey stream, long place);

  /** When the last chunk of that part was written. */
  Optional<Instant> lastWritten(StreamKey stream, long part);

  void deletePart(StreamKey stream, long part);

  /** Notes how far a stream is. Whoever knows of more wins, in whatever order the notes arrive. */
  void note(Known known);

  Optional<Known> known(StreamKey stream);

  List<Known> known(BuildKey build);

  boolean pruned(BuildKey build);

  void markPruned(BuildKey build, Instant at);

  void forget(Known known);

  /** From now on the slot is among {@link #slots}. */
  void open(long slot);

  /** Those in use, the oldest first. */
  List<Long> slots();

  /** One for each stream; those of a build follow each other. */
  Iterable<InSlot> inSlot(long slot);

  void forgetSlot(long slot);
}
