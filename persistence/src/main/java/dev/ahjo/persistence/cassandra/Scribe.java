package dev.ahjo.persistence.cassandra;

import dev.ahjo.persistence.cassandra.AnnouncerLogs.Announcement;
import dev.ahjo.persistence.formats.FactSerializer;
import dev.ahjo.persistence.journal.Row;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes all facts of the farm into the {@link Feed}, each exactly once, an entity's in their
 * order, and no effect before its cause. One runs in the whole farm; but should there be two, as
 * after a split, the feed's conditional appends let only one go on at a time, and the other takes
 * up from where the feed then ends.
 *
 * <p>All that it knows can be found again: whatever fails, it begins anew from what is stored.
 */
final class Scribe implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Scribe.class);

  /** How long it waits for news before it looks by itself; a lost wake-up costs no more. */
  private static final Duration LOOKS = Duration.ofMillis(500);

  private static final Duration SAVES = Duration.ofSeconds(1);
  private static final Duration FIRST_PAUSE = Duration.ofMillis(200);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(5);

  /** A row that was announced and is not in the journal is waited for so long, and then missed. */
  private static final Duration MISSED_AFTER = Duration.ofSeconds(30);

  /** Announcements of one round. */
  private static final int MAX_TAKEN = 500;

  private static final int MAX_ROWS_OF_ENTITY = 200;

  /**
   * A round of fewer announcements is followed by a rest, so that the next is worth its dozen of
   * messages; after one of more, the logs are read on while it is fed.
   */
  private static final int MANY = 100;

  private static final Duration REST = Duration.ofMillis(20);

  private final FactStore store;
  private final Feed feed;
  private final LongConsumer grown;
  private final Thread thread;
  private final Semaphore news = new Semaphore(1);
  private final CountDownLatch closing = new CountDownLatch(1);
  private final AtomicLong missed = new AtomicLong();
  private volatile @Nullable String trouble;

  /** Of all logs of announcements, and of those read until the last beginning. */
  private volatile long holes;

  private long holesBefore;

  private Reached reached;
  private AnnouncerLogs logs;
  private CompletableFuture<Void> saving = CompletableFuture.completedFuture(null);
  private long end;
  private long marked;
  private long nextSave = System.nanoTime();

  private Scribe(FactStore store, LongConsumer grown) {
    this.store = store;
    this.feed = store.feed();
    this.reached = new Reached(feed);
    this.logs = new AnnouncerLogs(store.logs());
    this.grown = grown;
    this.thread = Thread.ofPlatform().name("ahjo-scribe").daemon().unstarted(this::run);
  }

  /**
   * Starts it.
   *
   * @param grown told the feed's last number after each append, on the scribe's own thread
   */
  static Scribe start(FactStore store, LongConsumer grown) {
    var scribe = new Scribe(store, grown);
    scribe.thread.start();
    return scribe;
  }

  /** There may be something new. */
  void wake() {
    if (news.availablePermits() == 0) {
      news.release();
    }
  }

  /** Why the feed stands still, if it does: for health pages. */
  Optional<String> trouble() {
    return Optional.ofNullable(trouble);
  }

  /** Rows that were announced and could not be found, and lost announcements. */
  long missed() {
    return missed.get() + holes;
  }

  private void run() {
    boolean ready = false;
    Duration pause = FIRST_PAUSE;
    while (closing.getCount() > 0) {
      try {
        if (!ready) {
          resume();
          ready = true;
        }
        boolean moved = write();
        save();
        trouble = logs.trouble().orElse(null);
        pause = FIRST_PAUSE;
        if (!moved) {
          await();
        }
      } catch (Overtaken another) {
        LOG.info("Another scribe has written behind {}; this one takes up after it", end);
        ready = false;
        sleep(FIRST_PAUSE); // Two that take turns at every append would both be slow.
      } catch (RuntimeException | Error failed) {
        // Even an error: were the thread to end, the feed would stand still and look alive.
        ready = false;
        said(failed, pause);
        sleep(pause);
        Duration twice = pause.multipliedBy(2);
        pause = twice.compareTo(LONGEST_PAUSE) < 0 ? twice : LONGEST_PAUSE;
      }
    }
  }

  private void await() {
    try {
      boolean told = news.tryAcquire(LOOKS.toMillis(), TimeUnit.MILLISECONDS);
      if (told) {
        news.drainPermits();
      }
    } catch (InterruptedException nobodyShould) {
      LOG.warn("The scribe was interrupted", nobodyShould);
    }
  }

  private void said(Throwable failed, Duration pause) {
    String why = String.valueOf(JournalRows.cause(failed));
    if (why.equals(trouble)) {
      LOG.warn("The feed still stands, next try in {}: {}", pause, why);
    } else {
      LOG.error("The feed of facts stands still, next try in {}", pause, failed);
    }
    trouble = why;
  }

  private void sleep(Duration time) {
    try {
      var unused = closing.await(time.toNanos(), TimeUnit.NANOSECONDS);
    } catch (InterruptedException nobodyShould) {
      LOG.warn("The scribe was interrupted", nobodyShould);
    }
  }

  /** Finds where the feed ends, and notes what whoever wrote before has left unnoted. */
  private void resume() {
    reached = new Reached(feed);
    saving = CompletableFuture.completedFuture(null);
    holesBefore = holes;
    logs = new AnnouncerLogs(store.logs());
    marked = feed.mark();
    end = feed.settledEnd(marked);
    long at = marked;
    while (at < end) {
      List<Feed.Placed> rows = feed.after(at, 500);
      if (rows.isEmpty()) {
        throw new IllegalStateException(
            "The feed ends at " + end + ", but nothing can be read behind " + at);
      }
      rows.forEach(reached::fed);
      at = rows.getLast().number();
    }
    grown.accept(end);
    if (end > 0) {
      LOG.info("The feed of facts goes on behind {}", end);
    }
  }

  /**
   * One round: reads the logs, and feeds what is sure to come next.
   *
   * @return whether another round has something to do at once
   */
  private boolean write() {
    boolean read = logs.read();
    holes = holesBefore + logs.holes();
    List<Announcement> taken = new ArrayList<>();
    while (taken.size() < MAX_TAKEN) {
      Optional<Announcement> next = logs.next();
      if (next.isEmpty()) {
        break;
      }
      taken.add(next.get());
    }
    if (taken.size() >= MANY) {
      logs.readAhead();
      feed(taken);
    } else if (!taken.isEmpty()) {
      feed(taken);
      sleep(REST);
    }
    return read || logs.waiting();
  }

  private void feed(List<Announcement> taken) {
    long since = System.nanoTime();
    List<Announcement> left = lacking(taken);
    while (!left.isEmpty()) {
      int written = append(left);
      List<Announcement> still = lacking(left);
      if (written == 0 && !still.isEmpty()) {
        miss(still, since);
        still = lacking(still);
      }
      left = still;
    }
  }

  /** Those whose rows are not in the feed yet. */
  private List<Announcement> lacking(List<Announcement> announced) {
    reached.learn(announced.stream().map(Announcement::entity).toList());
    return announced.stream().filter(each -> reached(each) < each.sequenceNr()).toList();
  }

  private long reached(Announcement of) {
    return reached.of(of.entity());
  }

  /** Appends what the journal has of them, in their order; answers how many rows that were. */
  private int append(List<Announcement> announced) {
    Map<String, Long> upTo = new LinkedHashMap<>();
    announced.forEach(each -> upTo.merge(each.entity(), each.sequenceNr(), Math::max));
    Map<String, CompletableFuture<List<Row>>> reading = new HashMap<>();
    upTo.forEach((entity, to) ->
        reading.put(
            entity, store.rows().list(entity, reached.of(entity) + 1, to, MAX_ROWS_OF_ENTITY)));
    Map<String, Deque<Row>> rows = new HashMap<>();
    reading.forEach((entity, read) -> rows.put(entity, contiguous(entity, read.join())));
    List<Feed.Item> batch = new ArrayList<>();
    Map<String, Long> last = new HashMap<>();
    int bytes = 0;
    int written = 0;
    for (Announcement each : announced) {
      Deque<Row> of = rows.getOrDefault(each.entity(), new ArrayDeque<>());
      while (!of.isEmpty() && of.element().sequenceNr() <= each.sequenceNr()) {
        Row row = of.remove();
        if (batch.size() >= Math.min(Feed.MAX_APPEND, Feed.room(end))
            || (!batch.isEmpty() && bytes + row.payload().length > Feed.MAX_APPEND_BYTES)) {
          written += flush(batch);
          bytes = 0;
        }
        batch.add(
            new Feed.Item(row.persistenceId(), row.sequenceNr(), row.manifest(), row.payload()));
        bytes += row.payload().length;
        last.put(each.entity(), row.sequenceNr());
      }
      if (each.sequenceNr() > last.getOrDefault(each.entity(), reached(each))) {
        // The rest of this one comes first: what follows may depend on it. Rows beyond its own
        // number are no such rest; later announcements of the round bring them.
        break;
      }
    }
    return written + flush(batch);
  }

  private Deque<Row> contiguous(String entity, List<Row> rows) {
    Deque<Row> of = new ArrayDeque<>();
    long expected = reached.of(entity) + 1;
    for (Row row : rows) {
      if (row.sequenceNr() != expected) {
        break;
      }
      if (row.serializer() != FactSerializer.ID) {
        throw new IllegalStateException(
            "Expected facts, but found a record of serializer "
                + row.serializer()
                + " at "
                + entity);
      }
      of.add(row);
      expected++;
    }
    return of;
  }

  private int flush(List<Feed.Item> batch) {
    if (batch.isEmpty()) {
      return 0;
    }
    if (!feed.append(end, batch)) {
      throw new Overtaken();
    }
    int count = batch.size();
    for (Feed.Item item : batch) {
      end++;
      reached.fed(new Feed.Placed(end, item));
    }
    batch.clear();
    grown.accept(end);
    return count;
  }

  /** Nothing is passed over in silence, and nothing holds up the whole farm for ever. */
  private void miss(List<Announcement> lacking, long since) {
    Announcement first = lacking.getFirst();
    if (System.nanoTime() - since < MISSED_AFTER.toNanos()) {
      trouble = "Waits for record #" + (reached(first) + 1) + " of " + first.entity();
      sleep(FIRST_PAUSE);
      if (closing.getCount() == 0) {
        throw new IllegalStateException("closing");
      }
      return;
    }
    missed.incrementAndGet();
    LOG.error(
        "{} has announced its record #{}, but the journal has no record #{}; it is missing from the"
            + " feed",
        first.entity(),
        first.sequenceNr(),
        reached(first) + 1);
    reached.passOver(first.entity());
  }

  /** Notes how far it is, now and then: a successor reads on from there. */
  private void save() {
    boolean full = reached.unnoted() >= Reached.MAX_UNNOTED;
    if (!full && (!saving.isDone() || System.nanoTime() - nextSave < 0)) {
      return;
    }
    saving.join();
    logs.forgetEnded();
    nextSave = System.nanoTime() + SAVES.toNanos();
    long to = end;
    CompletableFuture<Void> noted = reached.note();
    if (to > marked) {
      marked = to;
      noted = noted.thenCompose(done -> feed.setMark(to));
    }
    saving = CompletableFuture.allOf(noted, logs.save());
  }

  /** Another scribe has gone on from where this one stands. */
  static final class Overtaken extends RuntimeException {
    private static final long serialVersionUID = 1;
  }

  /** Ends it after the append in hand. */
  @Override
  public void close() {
    closing.countDown();
    news.release();
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException again) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
