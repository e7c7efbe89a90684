package dev.ahjo.cli;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Wakes those who wait for news of a node: one connection of server-sent events, opened again after
 * the last event when it breaks. What an event says is not looked at; whoever is woken asks the
 * node.
 */
public final class Events implements AutoCloseable {
  /** A node that sends nothing is asked again after this long: a lost event only costs time. */
  public static final Duration AT_LEAST = Duration.ofSeconds(3);

  private static final Duration REOPEN = Duration.ofMillis(500);

  private final Client client;
  private final String path;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition news = lock.newCondition();
  private final Thread reader;
  private long count;
  private volatile boolean closed;
  private volatile @Nullable InputStream open;

  /** Follows the events of {@code path}, such as {@code /api/v1/events?project=p}. */
  public Events(Client client, String path) {
    this.client = client;
    this.path = path;
    this.reader = Thread.ofVirtual().name("events").start(this::read);
  }

  /** How many events came so far: remember it, ask the node, then await what came since. */
  public long count() {
    lock.lock();
    try {
      return count;
    } finally {
      lock.unlock();
    }
  }

  /** Returns once more than {@code seen} events have come, or after {@link #AT_LEAST}. */
  public void await(long seen) {
    lock.lock();
    try {
      long left = AT_LEAST.toNanos();
      while (count <= seen && left > 0) {
        left = news.awaitNanos(left);
      }
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
      throw new CommandFailed(Exit.CANCELLED, "Interrupted", stopped);
    } finally {
      lock.unlock();
    }
  }

  private void read() {
    String last = "";
    while (!closed) {
      try (InputStream body = client.events(path, last);
          BufferedReader lines =
              new BufferedReader(new InputStreamReader(body, StandardCharsets.UTF_8))) {
        open = body;
        if (closed) {
          return;
        }
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
          if (line.startsWith("id:")) {
            last = line.substring(3).strip();
          } else if (line.startsWith("data:")) {
            tell();
          }
        }
      } catch (IOException | Unreachable broken) {
        // the node restarts; those who wait ask it themselves meanwhile
      } catch (CommandFailed refused) {
        return;
      }
      tell();
      try {
        TimeUnit.NANOSECONDS.sleep(REOPEN.toNanos());
      } catch (InterruptedException stopped) {
        return;
      }
    }
  }

  private void tell() {
    lock.lock();
    try {
      count++;
      news.signalAll();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void close() {
    closed = true;
    reader.interrupt();
    InputStream body = open;
    if (body != null) {
      try {
        body.close();
      } catch (IOException already) {
        // it was broken, and is closed now
      }
    }
  }
}
