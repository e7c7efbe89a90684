package dev.ahjo.http.log;

import dev.ahjo.core.log.StreamKey;
import dev.ahjo.core.port.StreamStore;
import dev.ahjo.core.port.StreamStore.Subscription;
import dev.ahjo.core.status.StatusStore;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.apache.pekko.util.ByteString;

/**
 * Reads a stream as it grows, until it is closed. It asks the store only when its reader wants more
 * and the store has said that there is more, so a slow reader costs nobody anything. A build that
 * was lost may never close its streams: once it has ended and nothing more comes for a while, that
 * is the end.
 */
final class Follower implements AutoCloseable {
  /** Bytes of an ended build may still be on their way for so long. */
  private static final Duration LINGER = Duration.ofSeconds(5);

  private static final int PIECE = 64 * 1024;

  private final StreamStore store;
  private final StreamKey stream;
  private final Subscription growth;
  private final Subscription ending;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition news = lock.newCondition();
  private long told;
  private boolean over;
  private boolean closed;
  private long offset;

  /** From byte {@code offset} on, which may lie beyond the end of what there is yet. */
  Follower(StreamStore store, StatusStore status, Endings endings, StreamKey stream, long offset) {
    this.store = store;
    this.stream = stream;
    this.offset = offset;
    this.growth = store.follow(stream, this::grown);
    this.ending = endings.watch(stream.build(), this::ended);
    // Looked at after the watch began: an end in between is seen by one or the other.
    if (status.build(stream.build()).filter(b -> b.state().equals("finished")).isPresent()) {
      ended();
    }
  }

  private void grown() {
    tell(() -> told++);
  }

  private void ended() {
    tell(() -> {
      over = true;
      told++;
    });
  }

  private void tell(Runnable change) {
    lock.lock();
    try {
      change.run();
      news.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** The next bytes, once there are any; empty at the end. Called by one thread at a time. */
  Optional<ByteString> next() throws IOException, InterruptedException {
    while (true) {
      long seen = told();
      var extent = store.extent(stream);
      if (extent.isPresent() && offset < extent.get().size()) {
        byte[] bytes = store.read(stream, offset, PIECE);
        if (bytes.length > 0) {
          offset += bytes.length;
          return Optional.of(ByteString.fromArrayUnsafe(bytes));
        }
      } else if (extent.isPresent() && extent.get().closed()) {
        return Optional.empty();
      }
      if (!awaitNews(seen)) {
        return Optional.empty();
      }
    }
  }

  private long told() {
    lock.lock();
    try {
      return told;
    } finally {
      lock.unlock();
    }
  }

  /** False when nothing more is to be expected. */
  private boolean awaitNews(long seen) throws InterruptedException {
    lock.lock();
    try {
      long left = LINGER.toNanos();
      while (told == seen && !closed) {
        if (!over) {
          news.await();
        } else if (left <= 0) {
          return false;
        } else {
          left = news.awaitNanos(left);
        }
      }
      return !closed;
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void close() {
    growth.close();
    ending.close();
    tell(() -> closed = true);
  }
}
