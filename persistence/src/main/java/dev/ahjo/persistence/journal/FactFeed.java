package dev.ahjo.persistence.journal;

import dev.ahjo.core.kernel.EntityRef;
import dev.ahjo.core.kernel.EntityType;
import dev.ahjo.core.kernel.Fact;
import dev.ahjo.persistence.formats.FactFormat;
import dev.ahjo.persistence.formats.FactSerializer;
import dev.ahjo.persistence.formats.Recorded;
import java.io.IOException;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * All facts of the farm in the order in which they were stored, from any place on, and then as they
 * come. The place of a row is its number in the journal; whoever keeps the last place beside what
 * it made of the facts, in one transaction, has each fact exactly once.
 *
 * <p>There is no waiting for gaps here, as other journals need it: a single writer numbers the rows
 * and commits them in that order, so a number that can be read means that all lower ones can be,
 * too.
 */
public final class FactFeed implements AutoCloseable {
  /** Rows in one batch, at most. */
  public static final int BATCH = 500;

  /** The writer tells of every commit; this is for the day when that is broken. */
  private static final Duration SAFETY_POLL = Duration.ofSeconds(1);

  private static final long RETRY_MILLIS = 1_000;
  private static final Logger LOG = LoggerFactory.getLogger(FactFeed.class);

  /**
   * One row of the journal.
   *
   * @param place in the journal, growing
   * @param sequenceNr of the entity's rows, from 1
   */
  public record Item(long place, EntityRef entity, long sequenceNr, Instant at, List<Fact> facts) {}

  /** What is done with the facts. */
  public interface Consumer {
    /**
     * Takes the next rows, in order. One that throws is given the same rows again, a second later.
     *
     * @param upTo everything up to this place has been handed over with these rows, rows of others
     *     included: the place to go on from
     */
    void take(List<Item> rows, long upTo) throws Exception;
  }

  private final EmbeddedJournal journal;
  private final Consumer consumer;
  private final Semaphore grown = new Semaphore(0);
  private final AutoCloseable subscription;
  private final Thread thread;
  private final AtomicLong unreadable = new AtomicLong();
  private volatile long place;
  private volatile boolean closed;

  private FactFeed(EmbeddedJournal journal, String name, long from, Consumer consumer) {
    this.journal = journal;
    this.consumer = consumer;
    this.place = from;
    this.subscription = journal.onAppend(this::poke);
    this.thread = Thread.ofPlatform().name("ahjo-feed-" + name).daemon().unstarted(this::run);
  }

  /**
   * Hands all rows after the place {@code from} to {@code consumer}, on a thread of the feed's own,
   * until closed. The journal must stay open as long.
   *
   * @param from 0 for all
   */
  public static FactFeed follow(
      EmbeddedJournal journal, String name, long from, Consumer consumer) {
    var feed = new FactFeed(journal, name, from, consumer);
    feed.thread.start();
    return feed;
  }

  /** The last place that the consumer has taken. */
  public long place() {
    return place;
  }

  /** Rows that could not be read and were passed over, each told in the log. */
  public long unreadable() {
    return unreadable.get();
  }

  private void poke() {
    // One waiting signal is enough.
    if (grown.availablePermits() == 0) {
      grown.release();
    }
  }

  private void run() {
    while (!closed) {
      try {
        List<JournalTables.Placed> rows = journal.after(place, BATCH);
        if (rows.isEmpty()) {
          await(SAFETY_POLL.toMillis());
          continue;
        }
        long upTo = rows.getLast().ordering();
        consumer.take(items(rows), upTo);
        place = upTo;
      } catch (InterruptedException stopped) {
        return;
      } catch (Exception failed) {
        if (closed) {
          return;
        }
        LOG.error(
            "{} can't go on after place {}, and tries again", thread.getName(), place, failed);
        try {
          TimeUnit.MILLISECONDS.sleep(RETRY_MILLIS);
        } catch (InterruptedException stopped) {
          return;
        }
      }
    }
  }

  private void await(long millis) throws InterruptedException {
    if (grown.tryAcquire(millis, TimeUnit.MILLISECONDS)) {
      grown.drainPermits();
    }
  }

  private List<Item> items(List<JournalTables.Placed> rows) {
    List<Item> items = new ArrayList<>(rows.size());
    for (JournalTables.Placed placed : rows) {
      Row row = placed.row();
      if (row.serializer() != FactSerializer.ID) {
        continue; // Pekko's own: which entities a shard remembers
      }
      try {
        Recorded recorded = FactFormat.CURRENT.read(row.payload(), row.manifest());
        items.add(
            new Item(
                placed.ordering(),
                entity(row.persistenceId()),
                row.sequenceNr(),
                recorded.at(),
                recorded.facts()));
      } catch (IOException | IllegalArgumentException damaged) {
        // Its entity refuses to start, which is where it must be mended; readers of all others go
        // on.
        unreadable.incrementAndGet();
        LOG.error(
            "The journal's record {} #{} at place {} can't be read and is passed over",
            row.persistenceId(),
            row.sequenceNr(),
            placed.ordering(),
            damaged);
      }
    }
    return items;
  }

  /** The entity of a persistence id, {@code request|01j…}. */
  static EntityRef entity(String persistenceId) {
    int bar = persistenceId.indexOf('|');
    for (EntityType type : EntityType.values()) {
      if (bar > 0 && type.label().contentEquals(persistenceId.subSequence(0, bar))) {
        return new EntityRef(type, persistenceId.substring(bar + 1));
      }
    }
    throw new IllegalArgumentException("'" + persistenceId + "' names no entity");
  }

  /** Ends after the rows under way. */
  @Override
  public void close() {
    closed = true;
    try {
      subscription.close();
      // No interrupt: it would close the journal's file under everyone else.
      grown.release();
      thread.join(Duration.ofSeconds(10));
    } catch (Exception interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /**
   * All rows of one entity, or what is left of them from a number on: for replays and histories.
   *
   * @throws IOException when one can't be read
   */
  public static List<Item> of(EmbeddedJournal journal, EntityRef entity, long from)
      throws IOException {
    String id = entity.type().label() + "|" + entity.id();
    List<Item> items = new ArrayList<>();
    try {
      long next = from;
      while (true) {
        long first = next;
        List<Row> rows =
            journal.reading(
                database -> JournalTables.records(database, id, first, Long.MAX_VALUE, BATCH));
        for (Row row : rows) {
          Recorded recorded = FactFormat.CURRENT.read(row.payload(), row.manifest());
          items.add(new Item(0, entity, row.sequenceNr(), recorded.at(), recorded.facts()));
        }
        if (rows.size() < BATCH) {
          return items;
        }
        next = rows.getLast().sequenceNr() + 1;
      }
    } catch (SQLException failed) {
      throw new IOException("The journal can't be read: " + failed.getMessage(), failed);
    }
  }
}
