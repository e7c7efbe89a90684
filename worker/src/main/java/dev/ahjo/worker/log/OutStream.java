package dev.ahjo.worker.log;

import com.github.luben.zstd.Zstd;
import dev.ahjo.core.log.Chunk;
import dev.ahjo.core.log.StreamKey;
import dev.ahjo.core.worker.Protocol.Append;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One stream on its way from its spool file to the gate, while the file grows. It sends a bounded
 * number of chunks ahead of what the store has acknowledged, and goes back to that point when a new
 * session begins, when the store wants an earlier byte, or when nothing is heard for long. Sending
 * bytes again is harmless: the store takes only what it does not have.
 */
public final class OutStream {
  /** Chunks that one stream may have on their way. */
  static final int WINDOW = 16;

  private static final Logger LOG = LoggerFactory.getLogger(OutStream.class);
  private static final int LEVEL = 1;
  private static final long GAP = Duration.ofMillis(300).toNanos();
  private static final long BUSY_PAUSE = Duration.ofMillis(500).toNanos();
  private static final long PLACE_WAIT = Duration.ofMillis(100).toNanos();

  private final StreamKey key;
  private final Path file;
  private final Uplink uplink;
  private final long resend;
  private final long limit;
  private final Consumer<OutStream> whenClosed;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final ArrayDeque<Long> onTheWay = new ArrayDeque<>();

  private long session;
  private long stored;
  private long sent;
  private long size = -1;
  private boolean lastSent;
  private boolean unsure;
  private long heardAt = System.nanoTime();
  private long quietUntil = System.nanoTime();
  private boolean gap;
  private long progressAt = System.nanoTime();
  private boolean over;

  /**
   * @param unsure whether the store may have a part already, sent before the agent was started
   *     again
   * @param limit bytes that are sent at most, however large the file grows
   * @param resend after which silence to send again
   * @param whenClosed called once, when the store has all of it for good
   */
  public OutStream(
      StreamKey key,
      Path file,
      Uplink uplink,
      boolean unsure,
      long limit,
      Duration resend,
      Consumer<OutStream> whenClosed) {
    this.key = key;
    this.file = file;
    this.uplink = uplink;
    this.unsure = unsure;
    this.limit = limit;
    this.resend = resend.toNanos();
    this.whenClosed = whenClosed;
  }

  public void start() {
    Thread.ofVirtual().name("stream " + key.build() + " " + key.name()).start(this::run);
  }

  public StreamKey key() {
    return key;
  }

  public Path file() {
    return file;
  }

  /** The file may have grown, or a session has begun: look again. */
  public void look() {
    lock.lock();
    try {
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** The stream is this long, and ends there, whatever the file does. */
  public void end(long finalSize) {
    lock.lock();
    try {
      size = finalSize;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Whoever wrote it has gone without a word of its end: what is there is all. */
  public void endWhereItIs() {
    lock.lock();
    try {
      if (size < 0) {
        size = available();
        changed.signalAll();
      }
    } finally {
      lock.unlock();
    }
  }

  /** The store has all before {@code offset}, and if {@code closed} the stream's end too. */
  public void stored(long offset, boolean closed) {
    lock.lock();
    try {
      if (over) {
        return;
      }
      heardAt = System.nanoTime();
      unsure = false;
      if (closed) {
        finish();
      } else if (offset > stored) {
        advance(offset);
        if (size >= 0 && offset > size) {
          // A power cut took from the file what had been sent: what the store has is all there is.
          size = offset;
          rewind();
        }
      } else if (offset < stored) {
        // the store lost what it had not forced
        stored = offset;
        rewind();
      } else if (sent > offset) {
        // a chunk was lost on the way, or one that was sent twice has arrived twice: time will tell
        gap = true;
      }
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    if (closed) {
      whenClosed.accept(this);
    }
  }

  private void advance(long offset) {
    stored = offset;
    gap = false;
    progressAt = System.nanoTime();
    if (sent < offset) {
      sent = offset;
    }
    while (!onTheWay.isEmpty() && onTheWay.getFirst() <= offset) {
      onTheWay.removeFirst();
      uplink.window().release();
    }
  }

  /** The store can't take more now: wait, then go on from {@code offset}. */
  public void busy(long offset) {
    lock.lock();
    try {
      if (!over) {
        heardAt = System.nanoTime();
        quietUntil = heardAt + BUSY_PAUSE;
        stored = offset;
        rewind();
        changed.signalAll();
      }
    } finally {
      lock.unlock();
    }
  }

  /** Nobody wants it any more. */
  public void abandon() {
    lock.lock();
    try {
      finish();
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  private void finish() {
    over = true;
    uplink.window().release(onTheWay.size());
    onTheWay.clear();
  }

  private void rewind() {
    sent = stored;
    lastSent = false;
    gap = false;
    progressAt = System.nanoTime();
    uplink.window().release(onTheWay.size());
    onTheWay.clear();
  }

  private void run() {
    try {
      while (awaitWork()) {
        // A place may be held by a stream that waits here too, for acknowledgements that died with
        // their session: each must come back to see the next one.
        if (!uplink.window().tryAcquire(PLACE_WAIT, TimeUnit.NANOSECONDS)) {
          continue;
        }
        Chunk chunk = take();
        if (chunk != null) {
          uplink.send(new Append(chunk));
        }
      }
    } catch (InterruptedException stop) {
      abandon();
    }
  }

  /** Waits until there is something to send; false when the stream is over. */
  private boolean awaitWork() throws InterruptedException {
    lock.lock();
    try {
      while (!over) {
        long now = System.nanoTime();
        if (uplink.session() != session) {
          session = uplink.session();
          heardAt = now;
          rewind();
        }
        long wait = resend;
        if (session == 0) {
          wait = Long.MAX_VALUE;
        } else if (quietUntil - now > 0) {
          wait = quietUntil - now;
        } else {
          boolean waiting = sent > stored || lastSent;
          long patience = gap ? Math.min(progressAt + GAP, heardAt + resend) : heardAt + resend;
          if (waiting && now - patience >= 0) {
            heardAt = now;
            rewind();
          }
          if (ready()) {
            return true;
          }
          wait = waiting ? Math.max(1, patience - now) : Long.MAX_VALUE;
        }
        if (wait == Long.MAX_VALUE) {
          changed.await();
        } else {
          changed.awaitNanos(wait);
        }
      }
      return false;
    } finally {
      lock.unlock();
    }
  }

  private boolean ready() {
    // a store that has been sent a part of it before is asked with one chunk where it stands
    int window = unsure ? 1 : WINDOW;
    return !lastSent && onTheWay.size() < window && (size >= 0 || sent < available());
  }

  private long available() {
    if (size >= 0) {
      return size;
    }
    try {
      return Math.min(Files.size(file), limit);
    } catch (IOException notYet) {
      return 0;
    }
  }

  /**
   * The next chunk, with its place in the window; gives the place back if there is none after all.
   */
  private @Nullable Chunk take() throws InterruptedException {
    long from;
    int length;
    lock.lock();
    try {
      if (over || session == 0 || uplink.session() != session || !ready()) {
        uplink.window().release();
        return null;
      }
      from = sent;
      length = (int) Math.min(Chunk.MAX_LENGTH, available() - from);
    } finally {
      lock.unlock();
    }
    byte[] bytes = read(from, length);
    byte[] zstd = Zstd.compress(bytes, LEVEL);
    lock.lock();
    try {
      if (over || sent != from || bytes.length < length && size < 0) {
        uplink.window().release();
        return null;
      }
      if (onTheWay.isEmpty()) {
        heardAt = System.nanoTime();
      }
      if (bytes.length < length) {
        LOG.error(
            "{} of {} lost its end: {} is shorter than it was", key.name(), key.build(), file);
        size = from + bytes.length;
      }
      boolean last = from + bytes.length == size;
      sent = from + bytes.length;
      lastSent = last;
      onTheWay.add(sent);
      return new Chunk(key, from, bytes.length, zstd, last);
    } finally {
      lock.unlock();
    }
  }

  private byte[] read(long from, int length) throws InterruptedException {
    while (length > 0) {
      try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
        ByteBuffer buffer = ByteBuffer.allocate(length);
        while (buffer.hasRemaining()) {
          int n = channel.read(buffer, from + buffer.position());
          if (n < 0) {
            break;
          }
        }
        return Arrays.copyOf(buffer.array(), buffer.position());
      } catch (NoSuchFileException gone) {
        return new byte[0];
      } catch (IOException e) {
        LOG.error("Could not read {}, trying again: {}", file, e.toString());
        Thread.sleep(1000);
      }
    }
    return new byte[0];
  }
}
