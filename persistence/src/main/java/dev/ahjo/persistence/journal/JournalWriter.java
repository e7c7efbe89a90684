package dev.ahjo.persistence.journal;

import dev.ahjo.persistence.journal.JournalDatabase.Pen;
import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongConsumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one thread of this process that appends to the journal. It takes all that waits, inserts it
 * as one batch and commits once: the disk is forced per batch, not per record, and while it is, the
 * next batch gathers.
 *
 * <p>While the database can't be written, appends wait; what has waited longer than {@link
 * #PATIENCE} is refused, and its entity, which has acknowledged nothing, begins anew from what is
 * stored. (What deletes, and snapshots, which are tried once, ask for no room.)
 */
final class JournalWriter implements AutoCloseable {
  /**
   * How long an append may wait, in all, for a disk that is full or fails: well within the time
   * after which Pekko calls it failed and what were stored then would be stored behind the entity.
   */
  static final Duration PATIENCE = Duration.ofSeconds(20);

  /** Appends that may wait at once. An entity has at most one, so this bounds the busy entities. */
  static final int MAX_WAITING = 100_000;

  private static final int MAX_BATCH_ROWS = 2_000;
  private static final long MAX_BATCH_BYTES = 4L << 20;
  private static final long RETRY_MILLIS = 250;
  private static final long IDLE_MILLIS = 500;

  /** A large batch leaves as many dead pages as several small ones. */
  private static final int ROWS_LIKE_A_COMMIT = 20;

  /** Commits between two portions of compaction. */
  private static final int TIDY_EVERY = 128;

  private static final String DUPLICATE_KEY = "23505";
  private static final Logger LOG = LoggerFactory.getLogger(JournalWriter.class);

  /** What waits for the thread. */
  private sealed interface Job {
    CompletableFuture<Void> done();

    /** Records of one entity, all of them or none; {@code offered} by the clock for waiting. */
    record Append(List<Row> rows, long offered, CompletableFuture<Void> done) implements Job {}

    /** Something else that changes the tables. */
    record Change(Statement statement, CompletableFuture<Void> done) implements Job {}

    record Stop(CompletableFuture<Void> done) implements Job {}
  }

  /** A change of the tables. */
  interface Statement {
    void on(Connection database) throws SQLException;
  }

  /** A batch of so many rows says that more are on their way. */
  private static final int BUSY_ROWS = 8;

  /** How long a busy writer waits for them: a commit costs the same for eight rows or eighty. */
  private static final Duration GATHER = Duration.ofMillis(2);

  private final JournalDatabase store;
  private final LongConsumer appended;
  private final LongSupplier nanos;
  private final BlockingQueue<Job> waiting = new ArrayBlockingQueue<>(MAX_WAITING);
  private final CountDownLatch ended = new CountDownLatch(1);
  private volatile boolean closed;
  private volatile @Nullable String trouble;

  // Of the thread alone.
  private @Nullable Pen pen;
  private int untidy;
  private int lastBatch;

  /**
   * @param appended told the number of the last record after each commit; must be quick
   */
  JournalWriter(JournalDatabase store, LongConsumer appended) throws SQLException {
    this(store, appended, System::nanoTime);
  }

  /**
   * @param nanos a clock for waiting
   */
  JournalWriter(JournalDatabase store, LongConsumer appended, LongSupplier nanos)
      throws SQLException {
    this.store = store;
    this.appended = appended;
    this.nanos = nanos;
    open();
    Thread.ofPlatform().name("ahjo-journal-writer").daemon().start(this::run);
  }

  /**
   * Completes once {@code rows} are forced to disk. When it fails, only the journal knows whether a
   * commit whose answer was lost has stored them all the same; it is to be read again.
   */
  CompletableFuture<Void> append(List<Row> rows) {
    return offer(new Job.Append(rows, nanos.getAsLong(), new CompletableFuture<>()));
  }

  CompletableFuture<Void> change(Statement statement) {
    return offer(new Job.Change(statement, new CompletableFuture<>()));
  }

  /** Why nothing can be written now, if so. */
  Optional<String> trouble() {
    return Optional.ofNullable(trouble);
  }

  private CompletableFuture<Void> offer(Job job) {
    if (closed) {
      job.done().completeExceptionally(atEnd());
    } else if (!waiting.offer(job)) {
      job.done()
          .completeExceptionally(
              new JournalUnavailable("more than " + MAX_WAITING + " appends wait for the disk"));
    } else if (ended.getCount() == 0) {
      // The thread ended in between, and may not have seen it.
      job.done().completeExceptionally(atEnd());
    }
    return job.done();
  }

  private JournalUnavailable atEnd() {
    String why = trouble;
    return new JournalUnavailable(why == null ? "the journal is closed" : why);
  }

  private void run() {
    List<Job> inHand = new ArrayList<>();
    try {
      boolean more = true;
      while (more) {
        try {
          more = round(inHand);
        } catch (InterruptedException stopped) {
          throw stopped;
        } catch (Throwable bug) {
          // Even out of memory the thread must go on: entities wait for it, and none would be told.
          recover(inHand, bug);
          more = inHand.stream().noneMatch(Job.Stop.class::isInstance);
        }
        inHand.clear();
      }
    } catch (InterruptedException stopped) {
      end("its writer was interrupted and has ended", stopped);
    } catch (Throwable bug) {
      end("its writer has ended: " + bug, bug);
    } finally {
      closed = true;
      disconnect();
      inHand.forEach(job -> job.done().completeExceptionally(atEnd()));
      for (Job late : waiting) {
        late.done().completeExceptionally(atEnd());
      }
      ended.countDown();
    }
  }

  /** Does what waits, or tidies; false when told to stop. */
  private boolean round(List<Job> inHand) throws InterruptedException {
    Job next = waiting.poll(IDLE_MILLIS, TimeUnit.MILLISECONDS);
    if (next == null) {
      tidy();
      return true;
    }
    inHand.add(next);
    if (next instanceof Job.Append && lastBatch >= BUSY_ROWS) {
      LockSupport.parkNanos(GATHER.toNanos());
    }
    List<Job.Append> batch = new ArrayList<>();
    int rows = 0;
    long bytes = 0;
    while (next instanceof Job.Append append) {
      batch.add(append);
      rows += append.rows().size();
      for (Row row : append.rows()) {
        bytes += row.payload().length;
      }
      next = rows < MAX_BATCH_ROWS && bytes < MAX_BATCH_BYTES ? waiting.poll() : null;
      if (next != null) {
        inHand.add(next);
      }
    }
    lastBatch = rows;
    if (!batch.isEmpty()) {
      commit(batch);
      if (untidy >= TIDY_EVERY) {
        tidy();
      }
    }
    if (next instanceof Job.Change change) {
      change(change);
    }
    return !(next instanceof Job.Stop);
  }

  /** Fails what was in hand, of which nobody knows what is stored; what comes is tried anew. */
  private void recover(List<Job> inHand, Throwable bug) {
    String why = "its writer failed: " + bug;
    trouble = why;
    LOG.error("The journal's writer failed; {} jobs fail with it", inHand.size(), bug);
    for (Job job : inHand) {
      job.done().completeExceptionally(new JournalUnavailable(why, bug));
    }
    disconnect();
  }

  private void end(String why, Throwable bug) {
    trouble = why;
    LOG.error("The journal is not written any more: {}", why, bug);
  }

  private void commit(List<Job.Append> all) throws InterruptedException {
    List<Job.Append> batch = all;
    @Nullable Exception failure = null;
    while (true) {
      batch = inTime(batch, failure);
      if (batch.isEmpty()) {
        return;
      }
      List<Job.Append> missing = batch;
      try {
        store.requireRoom();
        if (trouble != null) {
          missing = notStored(batch);
        }
        long now = insert(missing);
        if (trouble != null) {
          LOG.info("The journal can be written again");
          trouble = null;
        }
        // Readers first: whoever is told that its facts are stored may ask for what they changed.
        appended.accept(now);
        batch.forEach(a -> a.done().complete(null));
        return;
      } catch (SQLException failed) {
        failure = failed;
        if (isDuplicate(failed)) {
          rollback();
          refuseDuplicates(missing, failed);
          if (pen != null) {
            appended.accept(pen.last());
          }
          batch.forEach(a -> a.done().complete(null)); // those that had been stored before
          return;
        }
        disconnect();
      } catch (IOException | JournalUnavailable failed) {
        failure = failed;
      }
      note(failure);
      if (closed) {
        refuse(batch, failure);
        return;
      }
      TimeUnit.MILLISECONDS.sleep(RETRY_MILLIS);
    }
  }

  /** Refuses those that have waited for too long; the others, in their order. */
  private List<Job.Append> inTime(List<Job.Append> batch, @Nullable Exception failure) {
    long now = nanos.getAsLong();
    List<Job.Append> late =
        batch.stream().filter(append -> now - append.offered() > PATIENCE.toNanos()).toList();
    if (late.isEmpty()) {
      return batch;
    }
    refuse(
        late, failure == null ? new JournalUnavailable("what came before took too long") : failure);
    return batch.stream().filter(append -> !append.done().isDone()).toList();
  }

  private static void refuse(List<Job.Append> batch, Exception failure) {
    var why = new JournalUnavailable(String.valueOf(failure.getMessage()), failure);
    batch.forEach(append -> append.done().completeExceptionally(why));
  }

  private static boolean isDuplicate(SQLException failed) {
    for (@Nullable SQLException e = failed; e != null; e = e.getNextException()) {
      if (DUPLICATE_KEY.equals(e.getSQLState())) {
        return true;
      }
    }
    return false;
  }

  /** One append of the batch has a number that is taken: the others must not suffer. */
  private void refuseDuplicates(List<Job.Append> batch, SQLException why)
      throws InterruptedException {
    if (batch.size() == 1) {
      judge(batch.getFirst(), why);
      return;
    }
    for (Job.Append one : batch) {
      commit(List.of(one));
    }
  }

  /** What is in the way may be the append itself, of an attempt that was given up for lost. */
  private void judge(Job.Append append, SQLException why) {
    Row first = append.rows().getFirst();
    try {
      if (JournalTables.holds(open().database(), first)) {
        append.done().complete(null);
        return;
      }
    } catch (SQLException failed) {
      why.addSuppressed(failed);
      disconnect();
    }
    append
        .done()
        .completeExceptionally(
            new IllegalStateException(
                "The journal holds another record %s #%d: two writers for one entity?"
                    .formatted(first.persistenceId(), first.sequenceNr()),
                why));
  }

  /** After a failure nobody knows whether its commit reached the disk. */
  private List<Job.Append> notStored(List<Job.Append> batch) throws SQLException {
    List<Job.Append> missing = new ArrayList<>();
    for (Job.Append append : batch) {
      if (!JournalTables.holds(open().database(), append.rows().getFirst())) {
        missing.add(append);
      }
    }
    return missing;
  }

  private long insert(List<Job.Append> batch) throws SQLException {
    List<Row> rows = new ArrayList<>();
    batch.forEach(append -> rows.addAll(append.rows()));
    Pen with = open();
    if (rows.isEmpty()) {
      return with.last();
    }
    long number = with.append(rows);
    untidy += 1 + rows.size() / ROWS_LIKE_A_COMMIT;
    return number;
  }

  private void change(Job.Change change) {
    try {
      open().change(change.statement());
      change.done().complete(null);
    } catch (SQLException failed) {
      rollback();
      change.done().completeExceptionally(failed);
    }
  }

  /**
   * Gives space back. A commit writes whole pages anew, so the file is soon full of pages of which
   * most are dead; H2 rewrites the live ones from a thread of its own only when it also delays
   * commits, which is what we forbid. So it is done here, in small portions.
   */
  private void tidy() {
    if (untidy == 0 || pen == null) {
      return;
    }
    try {
      // While there is more to gain, the next idle moment is for the next portion.
      untidy = pen.tidy() ? 1 : 0;
    } catch (SQLException | RuntimeException failed) {
      untidy = 0;
      LOG.warn("The journal's file could not be compacted; it goes on growing", failed);
    }
  }

  private Pen open() throws SQLException {
    Pen opened = pen;
    if (opened == null) {
      opened = store.pen();
      pen = opened;
    }
    return opened;
  }

  private void rollback() {
    try {
      if (pen != null) {
        pen.rollback();
      }
    } catch (SQLException failed) {
      LOG.warn("The journal could not roll back; its connection is made anew", failed);
      disconnect();
    }
  }

  private void disconnect() {
    Pen broken = pen;
    pen = null;
    if (broken != null) {
      try {
        broken.close();
      } catch (SQLException failed) {
        LOG.warn("The journal's connection could not be closed", failed);
      }
    }
  }

  private void note(Exception failure) {
    if (trouble == null) {
      LOG.error("The journal can't be written, appends wait: {}", failure.getMessage(), failure);
    }
    trouble = String.valueOf(failure.getMessage());
  }

  /** Writes what waits, then ends. */
  @Override
  public void close() {
    if (!closed) {
      closed = true;
      // Not by an interrupt: that would close H2's file in the middle of a write.
      boolean told = waiting.offer(new Job.Stop(new CompletableFuture<>()));
      while (!told) {
        waiting.poll();
        told = waiting.offer(new Job.Stop(new CompletableFuture<>()));
      }
    }
    try {
      if (!ended.await(PATIENCE.toSeconds() + 10, TimeUnit.SECONDS)) {
        LOG.error("The journal's writer did not end");
      }
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
