package dev.ahjo.persistence.log;

import com.github.luben.zstd.Zstd;
import dev.ahjo.core.id.BuildKey;
import dev.ahjo.core.log.Chunk;
import dev.ahjo.core.log.StreamKey;
import dev.ahjo.core.port.StreamStore;
import dev.ahjo.persistence.log.StreamRows.Known;
import dev.ahjo.persistence.log.StreamRows.Stored;
import dev.ahjo.persistence.log.StreamRows.Unavailable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Streams in a database, written and read by any node: {@link StreamRows} says what is where.
 *
 * <p>A chunk is taken only when all bytes before it are stored, so there are never gaps; and no
 * writer can write over another's row, so a chunk that is late on its way from another node changes
 * nothing, whoever writes meanwhile. What is answered as stored is safe.
 */
public final class SharedStreamStore implements StreamStore, AutoCloseable {
  /** Streams whose ends are remembered between two appends. */
  static final int MAX_REMEMBERED = 10_000;

  /** So often a stream's size is noted. Who looks for its end reads what came since. */
  static final long NOTE_EVERY = 256 << 10;

  private static final Logger LOG = LoggerFactory.getLogger(SharedStreamStore.class);

  private final StreamRows rows;
  private final InstantSource clock;
  private final StreamWatch watch;

  /** In the order of their last use; guarded by itself. */
  private final LinkedHashMap<StreamKey, Writing> writing =
      new LinkedHashMap<>(64, 0.75f, true) {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<StreamKey, Writing> eldest) {
          // One in use may go, too: what it knows is looked up again.
          return size() > MAX_REMEMBERED;
        }
      };

  private volatile long openedSlot = -1;

  /** Told once: an outage has thousands of agents ask again every moment. */
  private volatile boolean away;

  /** What this node knows of a stream that it writes; guarded by itself. */
  private static final class Writing {
    private boolean looked;
    private boolean pruned;
    private @Nullable Known noted;
    private long size;
    private long bytes;
    private boolean closed;
  }

  /**
   * @param growth brings the news of what other nodes have stored
   */
  SharedStreamStore(StreamRows rows, Growth growth, InstantSource clock) {
    this.rows = rows;
    this.clock = clock;
    this.watch = new StreamWatch(growth, this::extent);
  }

  @Override
  public Appended append(Chunk chunk) {
    byte[] raw = FileStreamStore.verified(chunk);
    Writing stream;
    synchronized (writing) {
      stream = writing.computeIfAbsent(chunk.stream(), _ -> new Writing());
    }
    Appended.Stored answer;
    try {
      synchronized (stream) {
        boolean done = false;
        try {
          answer = append(stream, chunk, raw);
          done = true;
        } finally {
          // After a failure only the database knows what is there.
          stream.looked = done;
        }
      }
    } catch (Unavailable | IllegalStateException | IOException refused) {
      if (!away) {
        LOG.warn("{} and maybe others can't be stored: {}", chunk.stream(), refused.toString());
        away = true;
      }
      return new Appended.Busy(rows.place() + ": " + refused.getMessage());
    }
    if (away) {
      LOG.info("Streams can be stored again");
      away = false;
    }
    watch.grown(chunk.stream(), answer);
    return answer;
  }

  private Appended.Stored append(Writing stream, Chunk chunk, byte[] raw) throws IOException {
    if (!stream.looked) {
      look(stream, chunk.stream());
    } else if (chunk.offset() > stream.size && !stream.closed) {
      // The agent has come back from another node, which may have taken what is between.
      look(stream, chunk.stream());
    }
    if (stream.pruned) {
      // Late, and for nobody: its build was old enough to go.
      return new Appended.Stored(chunk.end(), true, chunk.last());
    }
    boolean adds = chunk.end() > stream.size || (chunk.last() && chunk.end() == stream.size);
    if (!stream.closed && chunk.offset() <= stream.size && adds) {
      begin(stream, chunk.stream());
      int known = (int) (stream.size - chunk.offset());
      byte[] rest = known == 0 ? raw : Arrays.copyOfRange(raw, known, raw.length);
      byte[] zstd = rest.length == 0 ? rest : known == 0 ? chunk.zstd() : Zstd.compress(rest);
      rows.put(chunk.stream(), new Stored(stream.size, rest.length, chunk.last(), zstd));
      stream.size += rest.length;
      stream.bytes += zstd.length;
      stream.closed = chunk.last();
      note(stream, chunk.stream());
    }
    return new Appended.Stored(stream.size, true, stream.closed);
  }

  /** Finds out how far the stream is, whoever wrote it. */
  private void look(Writing stream, StreamKey key) throws IOException {
    Optional<Known> known = rows.known(key);
    stream.noted = known.orElse(null);
    stream.pruned = known.isEmpty() && rows.pruned(key.build());
    if (known.isPresent()) {
      Known now = StreamWalk.toEnd(rows, known.get());
      stream.size = now.size();
      stream.bytes = now.bytes();
      stream.closed = now.closed();
    }
    stream.looked = true;
  }

  /** Nothing is stored that pruning could not find. */
  private void begin(Writing stream, StreamKey key) throws IOException {
    if (stream.noted == null) {
      Instant now = clock.instant();
      long slot = StreamRows.slotOf(now);
      if (slot != openedSlot) {
        rows.open(slot);
        openedSlot = slot;
      }
      var begun = new Known(key, 0, 0, false, slot, now);
      rows.note(begun);
      stream.noted = begun;
    }
  }

  private void note(Writing stream, StreamKey key) {
    Known noted = stream.noted;
    if (noted != null && (stream.closed || stream.size - noted.size() >= NOTE_EVERY)) {
      var now =
          new Known(key, stream.size, stream.bytes, stream.closed, noted.slot(), clock.instant());
      try {
        rows.note(now);
        stream.noted = now;
      } catch (Unavailable late) {
        // The bytes are safe; whoever looks for the end walks a little further.
        LOG.debug("How far {} is could not be noted: {}", key, late.toString());
      }
    }
  }

  /**
   * {@inheritDoc}
   *
   * @throws UncheckedIOException when the database can't tell
   */
  @Override
  public Optional<Extent> extent(StreamKey stream) {
    try {
      Optional<Known> known = rows.known(stream);
      if (known.isEmpty()) {
        return Optional.empty();
      }
      Known now = StreamWalk.toEnd(rows, known.get());
      return Optional.of(new Extent(now.size(), now.closed()));
    } catch (Unavailable | IOException failed) {
      throw unreadable("The end of " + stream, failed);
    }
  }

  private UncheckedIOException unreadable(String what, Exception why) {
    return new UncheckedIOException(
        new IOException(
            what + " can't be read from " + rows.place() + ": " + why.getMessage(), why));
  }

  @Override
  public byte[] read(StreamKey stream, long offset, int max) throws IOException {
    if (offset < 0 || max < 0) {
      throw new IllegalArgumentException("Expected a range, but found " + offset + "+" + max);
    }
    try {
      return new StreamWalk(rows, stream, offset).read(max);
    } catch (Unavailable failed) {
      throw new IOException(
          stream + " can't be read from " + rows.place() + ": " + failed.getMessage(), failed);
    }
  }

  /**
   * {@inheritDoc}
   *
   * @throws UncheckedIOException when the database can't tell
   */
  @Override
  public List<StreamKey> streams(BuildKey build) {
    try {
      return rows.known(build).stream().map(Known::stream).sorted(FileStreamStore.ORDER).toList();
    } catch (Unavailable failed) {
      throw unreadable("The streams of " + build, failed);
    }
  }

  /**
   * {@inheritDoc}
   *
   * @throws UncheckedIOException when the database can't tell
   */
  @Override
  public boolean pruned(BuildKey build) {
    try {
      return rows.pruned(build);
    } catch (Unavailable failed) {
      throw unreadable("Whether " + build + " was pruned", failed);
    }
  }

  @Override
  public Subscription follow(StreamKey stream, Runnable grown) {
    return watch.follow(stream, grown);
  }

  /**
   * Removes the streams of builds last written to before {@code now - maxAge}, then of the oldest
   * until the rest takes at most {@code maxTotalBytes}, without replicas. A mark stays for each
   * build. Builds written to in the last ten minutes are not removed for their size, nor in the
   * last day if one of their streams is not closed. Any node may do it, also several at once.
   *
   * @throws IOException when the database can't be read or written; what was removed until then is
   *     gone
   */
  public Pruned prune(Duration maxAge, long maxTotalBytes, Instant now) throws IOException {
    try {
      return new StreamPruning(rows, maxAge, maxTotalBytes, now).prune();
    } catch (Unavailable failed) {
      throw new IOException("Logs can't be pruned: " + failed.getMessage(), failed);
    }
  }

  /** Tells followers no more. */
  @Override
  public void close() {
    watch.close();
  }
}
