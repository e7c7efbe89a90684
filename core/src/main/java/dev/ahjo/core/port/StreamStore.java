package dev.ahjo.core.port;

import dev.ahjo.core.id.BuildKey;
import dev.ahjo.core.log.Chunk;
import dev.ahjo.core.log.StreamKey;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/**
 * Keeps logs and artifacts. Calls may block on a disk; callers are on threads that may wait. Safe
 * for use by many threads; appends to one stream come from one caller at a time.
 */
public interface StreamStore {
  /**
   * Appends what the stream does not have yet; a chunk that begins beyond its end changes nothing.
   *
   * @throws IllegalArgumentException when the chunk's frame does not hold what the chunk says
   */
  Appended append(Chunk chunk);

  /** Empty if nothing of it was ever stored, or its build has been pruned. */
  Optional<Extent> extent(StreamKey stream);

  /**
   * Up to {@code max} bytes from {@code offset} on, uncompressed; empty at the end.
   *
   * @throws IOException if the store can't be read
   */
  byte[] read(StreamKey stream, long offset, int max) throws IOException;

  /** Whether the build had streams that were removed for their age or size. */
  default boolean pruned(BuildKey build) {
    return false;
  }

  /** All streams of a build. */
  List<StreamKey> streams(BuildKey build);

  /** Calls {@code grown} after every append to the stream, from any thread, until closed. */
  Subscription follow(StreamKey stream, Runnable grown);

  /** What became of an append. */
  sealed interface Appended {
    /**
     * @param offset the stream's end now
     * @param safe whether everything up to there is forced to disk
     * @param closed whether the last chunk is in
     */
    record Stored(long offset, boolean safe, boolean closed) implements Appended {}

    /** Nothing stored: no room, or the disk fails. It may work later. */
    record Busy(String reason) implements Appended {}
  }

  /** The size of a stream in bytes, and whether it has ended. */
  record Extent(long size, boolean closed) {}

  /** Ends with {@link #close}; closing twice is harmless. */
  interface Subscription extends AutoCloseable {
    @Override
    void close();
  }
}
