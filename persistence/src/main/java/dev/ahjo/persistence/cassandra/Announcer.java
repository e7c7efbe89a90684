package dev.ahjo.persistence.cassandra;

import com.datastax.oss.driver.api.core.CqlSession;
import com.datastax.oss.driver.api.core.DriverException;
import com.datastax.oss.driver.api.core.cql.PreparedStatement;
import com.datastax.oss.driver.api.core.cql.Row;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A node's own log of the rows that it has stored, from which the {@link Scribe} learns what
 * belongs into the feed. A row is acknowledged to its entity only once it stands here too. Thus
 * nothing that anyone could have seen is missing from the logs, and a cause is always readable
 * before its effect begins.
 *
 * <p>One batch is under way at a time, and the next gathers meanwhile; so the batches of a log have
 * no gaps, and its stamps ascend.
 */
final class Announcer implements AutoCloseable {
  /** All logs of a farm stand in one partition: there are as many as nodes. */
  static final int FARM = 0;

  private static final Logger LOG = LoggerFactory.getLogger(Announcer.class);

  private static final int MAX_BATCH = 500;

  /** Announcements that wait; each holds up an entity, so more mean that something is broken. */
  private static final int MAX_WAITING = 50_000;

  /** After so long the entity hears of a failure, and starts again from what is stored. */
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private static final Duration AGAIN = Duration.ofMillis(200);

  private final CqlSession session;
  private final String keyspace;
  private final CausalClock clock;
  private final Runnable announced;
  private final String name;
  private final PreparedStatement insert;
  private final PreparedStatement end;

  private record Entry(
      String entity, long sequenceNr, long stamp, CompletableFuture<Void> stored) {}

  // Guarded by this object.
  private final Deque<Entry> waiting = new ArrayDeque<>();
  private boolean flying;
  private boolean closed;
  private long next;

  private Announcer(
      CqlSession session, String keyspace, String name, CausalClock clock, Runnable announced) {
    this.session = session;
    this.keyspace = keyspace;
    this.clock = clock;
    this.announced = announced;
    this.name = name;
    this.insert =
        session.prepare(
            "INSERT INTO "
                + keyspace
                + ".announcement (name, chunk, n, entities, numbers, stamps) VALUES (?, ?, ?, ?, ?,"
                + " ?) USING TIMESTAMP 1");
    this.end =
        session.prepare(
            "UPDATE "
                + keyspace
                + ".announcer SET ended = true WHERE farm = ? AND name = ? IF EXISTS");
  }

  /**
   * Begins a log.
   *
   * @param node the node's name, unique in the farm
   * @param announced called after each batch: there is something for the scribe
   * @throws IOException when the log can't be registered
   */
  static Announcer open(
      CqlSession session, String keyspace, String node, CausalClock clock, Runnable announced)
      throws IOException {
    try {
      var announcer =
          new Announcer(session, keyspace, node + "/" + UUID.randomUUID(), clock, announced);
      session.execute(
          session
              .prepare(
                  "INSERT INTO "
                      + keyspace
                      + ".announcer (farm, name, done) VALUES (?, ?, 0) IF NOT EXISTS")
              .bind(FARM, announcer.name)
              // Its name is nobody else's, so that another server may be asked while one hangs.
              .setIdempotent(true));
      return announcer;
    } catch (DriverException failed) {
      throw CassandraSessions.failed("The node's log of announcements can't be begun", failed);
    }
  }

  /**
   * Ends the logs that former processes of this node have left. Not before it is known that none of
   * them lives: what it would write there nobody would read.
   */
  void endFormer() {
    String node = name.substring(0, name.lastIndexOf('/') + 1);
    for (Row row :
        session.execute("SELECT name FROM " + keyspace + ".announcer WHERE farm = " + FARM)) {
      String known = String.valueOf(row.getString("name"));
      if (known.startsWith(node) && !known.equals(name)) {
        session.execute(end.bind(FARM, known));
      }
    }
  }

  /**
   * Writes down that the entity's rows up to {@code sequenceNr} are stored.
   *
   * @return fails when that did not come to be within {@link #PATIENCE}
   */
  CompletableFuture<Void> announce(String entity, long sequenceNr) {
    var stored = new CompletableFuture<Void>();
    synchronized (this) {
      if (closed || waiting.size() >= MAX_WAITING) {
        return CompletableFuture.failedFuture(
            new IllegalStateException(
                closed
                    ? "The journal is closed"
                    : "Expected at most " + MAX_WAITING + " announcements to wait"));
      }
      waiting.add(new Entry(entity, sequenceNr, clock.next(), stored));
      if (!flying) {
        flying = true;
        send(batch());
      }
    }
    return stored.orTimeout(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
  }

  private List<Entry> batch() {
    List<Entry> batch = new ArrayList<>();
    while (batch.size() < MAX_BATCH && !waiting.isEmpty()) {
      batch.add(waiting.remove());
    }
    return batch;
  }

  private void send(List<Entry> batch) {
    session
        .executeAsync(
            insert
                .bind(
                    name,
                    next / FactTables.BATCHES_OF_CHUNK,
                    next,
                    batch.stream().map(Entry::entity).toList(),
                    batch.stream().map(Entry::sequenceNr).toList(),
                    batch.stream().map(Entry::stamp).toList())
                .setIdempotent(true))
        .whenComplete((done, failed) -> {
          if (failed == null) {
            sent(batch);
          } else {
            failed(batch, failed);
          }
        });
  }

  private void sent(List<Entry> batch) {
    List<Entry> after;
    synchronized (this) {
      next++;
      after = batch();
      flying = !after.isEmpty();
      if (flying) {
        send(after);
      }
    }
    batch.forEach(entry -> entry.stored().complete(null));
    announced.run();
  }

  /** The same batch at the same place, until it stands there: a log must have no gaps. */
  private void failed(List<Entry> batch, Throwable failed) {
    synchronized (this) {
      if (closed) {
        batch.forEach(entry -> entry.stored().completeExceptionally(failed));
        return;
      }
    }
    LOG.warn("Announcements can't be written, tried again: {}", failed.toString());
    CompletableFuture.delayedExecutor(AGAIN.toMillis(), TimeUnit.MILLISECONDS)
        .execute(() -> {
          synchronized (this) {
            send(batch);
          }
        });
  }

  /** Ends the log: the scribe forgets it once it has read it whole. */
  @Override
  public void close() {
    synchronized (this) {
      closed = true;
    }
    try {
      session.execute(end.bind(FARM, name));
    } catch (RuntimeException failed) {
      // The node's next start ends it.
      LOG.info("The log of announcements {} stays open: {}", name, failed.toString());
    }
  }
}
