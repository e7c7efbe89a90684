package dev.ahjo.worker;

import dev.ahjo.core.worker.Protocol.Goodbye;
import dev.ahjo.core.worker.Protocol.Hello;
import dev.ahjo.core.worker.Protocol.Ping;
import dev.ahjo.core.worker.Protocol.Rejected;
import dev.ahjo.core.worker.Protocol.ToAgent;
import dev.ahjo.core.worker.Protocol.ToGate;
import dev.ahjo.core.worker.Protocol.Welcome;
import dev.ahjo.worker.log.Uplink;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The agent's session with the gate: says Hello until it is welcome, keeps the session alive, and
 * begins again when nothing is heard for too long. Builds never wait for it.
 */
final class Connection implements Uplink, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Connection.class);

  /** Messages from the gate that wait; more are lost, as on the way, and come again. */
  private static final int INBOX = 10_000;

  /** Chunks of all streams on their way: 6 MiB, and a gate takes 8 of one agent at once. */
  private static final int WINDOW = 48;

  private static final Duration TICK = Duration.ofMillis(500);

  /** As many times a silence as a gate may take to answer a Hello that it has heard. */
  private static final int TURN = 6;

  /** Different reasons that are told while there is no session. */
  private static final int MAX_TOLD = 20;

  /** What the link has to tell. */
  private sealed interface News {
    record Heard(ToAgent message) implements News {}

    record Broken(String why) implements News {}
  }

  /** What a connection is for. Calls come from the connection's one thread, and must not wait. */
  interface Client {
    Hello hello();

    /** A session is open, perhaps in place of another. */
    void welcome(Welcome welcome);

    /** Any message but those that are about the session itself. */
    void message(ToAgent message);

    /** Time for repetitions. */
    void tick();

    /** The gate will not have this agent, now or later. The connection has ended. */
    void refused(String reason);
  }

  private final Link link;
  private final Client client;
  private final AgentSettings.Timing timing;
  private final BlockingQueue<News> inbox = new ArrayBlockingQueue<>(INBOX);
  private final Semaphore window = new Semaphore(WINDOW);
  private final Thread thread;
  private volatile long session;
  private volatile long saidAt = System.nanoTime();
  private volatile boolean closed;
  private long sessions;
  private long heardAt = System.nanoTime();
  private long helloAt = System.nanoTime();

  /** Whether a Hello was said since there was a session, and when the last one was. */
  private boolean asked;

  private long askedAt = System.nanoTime();
  private long tickAt = System.nanoTime();
  private long openedAt;
  private Duration backoff;

  /** Why no gate takes this agent, as far as people were told since the last session. */
  private final Set<String> told = new HashSet<>();

  Connection(Link link, Client client, AgentSettings.Timing timing) {
    this.link = link;
    this.client = client;
    this.timing = timing;
    this.backoff = timing.firstBackoff();
    this.thread = Thread.ofVirtual().name("connection").unstarted(this::run);
  }

  void open() {
    link.receive(message -> take(new News.Heard(message)));
    link.whenBroken(why -> take(new News.Broken(why)));
    thread.start();
  }

  private void take(News news) {
    if (!inbox.offer(news)) {
      LOG.warn("Lost a message of the gate: {} wait already", INBOX);
    }
  }

  @Override
  public long session() {
    return session;
  }

  @Override
  public void send(ToGate message) {
    if (session != 0) {
      saidAt = System.nanoTime();
      link.send(message);
    }
  }

  @Override
  public Semaphore window() {
    return window;
  }

  private void run() {
    try {
      while (!closed) {
        News news = inbox.poll(untilNext(System.nanoTime()), TimeUnit.NANOSECONDS);
        try {
          round(news, System.nanoTime());
        } catch (RuntimeException failed) {
          // whatever it is, a worker that stops trying to come back is lost without a word
          if (!closed) {
            LOG.error("The connection failed, beginning again", failed);
          }
          session = 0;
          asked = false;
          helloAt = System.nanoTime() + jittered(timing.maxBackoff());
        }
      }
    } catch (InterruptedException end) {
      LOG.debug("The connection ends");
    }
  }

  private void round(@Nullable News news, long now) {
    switch (news) {
      case News.Heard(ToAgent message) -> {
        heardAt = now;
        hear(message, now);
      }
      case News.Broken(String why) -> broken(why, now);
      case null -> {}
    }
    if (!closed) {
      keepUp(now);
    }
  }

  private long untilNext(long now) {
    long next =
        session == 0
            ? helloAt
            : Math.min(
                tickAt,
                Math.min(
                    saidAt + timing.heartbeat().toNanos(), heardAt + timing.silence().toNanos()));
    return Math.max(0, next - now);
  }

  private void keepUp(long now) {
    if (session == 0) {
      if (now - helloAt >= 0) {
        link.resolve();
        helloAt = now + Math.max(jittered(backoff), link.patience().toNanos());
        backoff = min(backoff.multipliedBy(2), timing.maxBackoff());
        link.send(client.hello());
        asked = true;
        askedAt = now;
      }
      return;
    }
    if (now - heardAt >= timing.silence().toNanos()) {
      lost("nothing heard for " + timing.silence().toSeconds() + " s", now);
      return;
    }
    if (now - saidAt >= timing.heartbeat().toNanos()) {
      send(new Ping());
    }
    if (now - tickAt >= 0) {
      tickAt = now + TICK.toNanos();
      if (now - heardAt > timing.silence().dividedBy(2).toNanos()) {
        link.probe();
      }
      client.tick();
    }
  }

  /** Half of it is chance, so that a thousand agents do not come back in one moment. */
  private static long jittered(Duration backoff) {
    long nanos = backoff.toNanos();
    return nanos / 2 + ThreadLocalRandom.current().nextLong(Math.max(1, nanos / 2));
  }

  private static Duration min(Duration a, Duration b) {
    return a.compareTo(b) < 0 ? a : b;
  }

  private void hear(ToAgent message, long now) {
    switch (message) {
      case Welcome welcome -> {
        LOG.info("Session {} is open", welcome.session());
        told.clear();
        openedAt = now;
        session = ++sessions;
        client.welcome(welcome);
      }
      case Rejected(String reason, boolean retry) -> {
        if (retry) {
          if (session != 0) {
            lost(reason, now);
          } else {
            tellOnce("The gate does not take this agent now, trying again", reason);
            helloAt = now + jittered(backoff);
          }
        } else {
          session = 0;
          closed = true;
          client.refused(reason);
        }
      }
      case Ping _ -> {
        // Not if it belongs to the session before: answered, that one would live on at its gate,
        // and
        // no other ever begin.
        if (session == 0 && asked) {
          // The Hello was heard; its answer waits for the worker's turn, or was lost on the way.
          long atLast = askedAt + timing.silence().multipliedBy(TURN).toNanos();
          helloAt = Math.min(now + timing.silence().toNanos(), atLast);
          link.send(new Ping());
        }
      }
      case ToAgent other -> {
        // of an earlier session: what it acknowledges may be lost again
        if (session != 0) {
          client.message(other);
        }
      }
    }
  }

  private void broken(String why, long now) {
    if (session != 0) {
      lost(why, now);
    } else {
      tellOnce("No gate takes this agent yet, trying again", why);
      helloAt = now + jittered(backoff);
    }
  }

  private void tellOnce(String what, String why) {
    if (told.size() < MAX_TOLD && told.add(why)) {
      LOG.warn("{}: {}", what, why);
    }
  }

  private void lost(String why, long now) {
    LOG.warn("Lost the gate ({}); builds go on", why);
    session = 0;
    asked = false;
    // Who loses one session after the other does so ever more slowly.
    if (now - openedAt >= timing.silence().toNanos()) {
      backoff = timing.firstBackoff();
    }
    helloAt = now + jittered(backoff);
  }

  /** Says goodbye; what runs goes on under its supervisors. */
  @Override
  public void close() {
    send(new Goodbye());
    closed = true;
    session = 0;
    @Nullable Thread self = Thread.currentThread();
    if (self != thread) {
      thread.interrupt();
    }
    link.close();
  }
}
