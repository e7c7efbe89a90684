package dev.ahjo.persistence.status;

import dev.ahjo.core.kernel.EntityRef;
import dev.ahjo.core.kernel.Fact;
import dev.ahjo.core.port.StreamStore.Subscription;
import dev.ahjo.core.status.Projection;
import dev.ahjo.core.status.StatusEvent;
import dev.ahjo.core.status.StatusStore.Progress;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the read tables up with the journal, on a thread of its own: takes facts in batches,
 * applies them, commits the views together with the offset, then tells the listeners. Tables that
 * are empty or behind are brought up in the same way, only faster.
 *
 * <p>A fact that can't be applied stops it there: nothing is passed over in silence. {@link
 * #trouble} says so until it works again; it is tried again with growing pauses.
 */
public final class StatusProjection implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(StatusProjection.class);

  /** Records of one transaction, at most. */
  private static final int BATCH = 500;

  /** What the journal has and does not show yet, as its servers differ, is looked for so often, */
  private static final Duration LOOK_AGAIN = Duration.ofMillis(100);

  /** and told as a trouble after so long. */
  private static final Duration HIDDEN_LONG = Duration.ofSeconds(5);

  private static final Duration REPORTS = Duration.ofSeconds(1);

  /** How long it waits after failing, at first and at most. */
  public record Patience(Duration first, Duration longest) {
    public static final Patience USUAL = new Patience(Duration.ofSeconds(1), Duration.ofMinutes(1));
  }

  private final CommittedViews views;
  private final Projection projection;
  private final FactSource journal;
  private final LiveEvents events;
  private final Consumer<Progress> catchingUp;
  private final Patience patience;
  private final Thread thread;
  private final Subscription subscription;

  /** One permit when there may be something new. */
  private final Semaphore appended = new Semaphore(1);

  private final CompletableFuture<Void> caughtUp = new CompletableFuture<>();
  private final AtomicLong strangers = new AtomicLong();
  private final long journalAtStart;
  private volatile @Nullable String trouble;

  /** Never interrupt the thread instead: H2 would close the file under everybody's feet. */
  private final CountDownLatch closing = new CountDownLatch(1);

  /** Whether what was not committed is forgotten: before that nothing may be applied. */
  private boolean sound = true;

  private long told;

  /** Where something can't be read yet, and since when, of {@link System#nanoTime}. */
  private long hiddenBehind = -1;

  private long hiddenSince;

  /** Since when the journal can't be read, of {@link System#nanoTime}; null while it can. */
  private @Nullable Long unreadableSince;

  private long nextReport = System.nanoTime();

  private StatusProjection(
      CommittedViews views,
      FactSource journal,
      LiveEvents events,
      Consumer<Progress> catchingUp,
      Patience patience) {
    this.views = views;
    this.projection = new Projection(views);
    this.journal = journal;
    this.events = events;
    this.catchingUp = catchingUp;
    this.patience = patience;
    this.journalAtStart = journal.end();
    this.told = views.applied();
    this.thread = Thread.ofPlatform().name("ahjo-status-projection").daemon().unstarted(this::run);
    this.subscription = journal.onAppend(this::wake);
  }

  /**
   * Starts it.
   *
   * @param catchingUp told about once a second how far it has come, until it has caught up with
   *     what stood in the journal at the start
   */
  public static StatusProjection start(
      CommittedViews views, FactSource journal, LiveEvents events, Consumer<Progress> catchingUp) {
    return start(views, journal, events, catchingUp, Patience.USUAL);
  }

  static StatusProjection start(
      CommittedViews views,
      FactSource journal,
      LiveEvents events,
      Consumer<Progress> catchingUp,
      Patience patience) {
    var projection = new StatusProjection(views, journal, events, catchingUp, patience);
    projection.thread.start();
    return projection;
  }

  /** Why the tables stand still, if they do: for health pages. Readers still see what they have. */
  public Optional<String> trouble() {
    return Optional.ofNullable(trouble);
  }

  /** Done once the tables show all that stood in the journal at the start. */
  public CompletionStage<Void> caughtUp() {
    return caughtUp.minimalCompletionStage();
  }

  /**
   * Facts about something that the tables don't know: more than none means that something is lost.
   */
  public long strangers() {
    return strangers.get();
  }

  private void wake() {
    if (appended.availablePermits() == 0) {
      appended.release();
    }
  }

  private void run() {
    int limit = BATCH;
    Duration pause = patience.first();
    while (closing.getCount() > 0) {
      int reached = 0;
      try {
        if (!sound) {
          views.forget();
          sound = true;
        }
        long end = journal.end();
        FactSource.Page page = journal.page(views.applied(), limit);
        unreadableSince = null;
        List<FactSource.Entry> batch = page.entries();
        List<StatusEvent> heard = new ArrayList<>();
        views.expect(subjects(batch));
        for (FactSource.Entry entry : batch) {
          apply(entry, heard);
          reached++;
        }
        long seen = page.seen();
        if (seen > views.applied()) {
          views.commit(seen);
          events.tell(heard);
          told = Math.max(told, seen);
        }
        pause = patience.first();
        report();
        limit = BATCH;
        boolean hidden = batch.isEmpty() && seen < end;
        trouble = hidden ? hidden(seen, end) : null;
        if (trouble != null) {
          views.showAsIs();
        }
        if (hidden) {
          sleep(LOOK_AGAIN.toNanos());
        } else if (batch.isEmpty()) {
          appended.acquireUninterruptibly();
          appended.drainPermits();
        } else if (seen >= journal.end()) {
          // Under load several facts about one build then share a row, and many builds a commit.
          sleep(views.rest(batch.size()).toNanos());
        }
      } catch (IOException | RuntimeException | Error failed) {
        // Even an error: were the thread to end, the pages would stand still and look alive.
        boolean retry = reached > 0 && reached < limit && failed instanceof UnfitFact;
        // What came before the fact that failed is still shown.
        limit = retry ? reached : BATCH;
        recover(failed, retry ? Duration.ZERO : pause);
        if (!retry) {
          pause = doubled(pause);
        }
      }
    }
  }

  /** Nothing is passed over because it can't be read yet; if that lasts, it is told. */
  private @Nullable String hidden(long seen, long end) {
    long now = System.nanoTime();
    if (hiddenBehind != seen) {
      hiddenBehind = seen;
      hiddenSince = now;
    }
    return now - hiddenSince < HIDDEN_LONG.toNanos()
        ? null
        : "The journal ends at " + end + ", but nothing can be read behind " + seen;
  }

  /** Of whom the views are needed for a batch. */
  static Set<EntityRef> subjects(List<FactSource.Entry> batch) {
    return batch.stream()
        .flatMap(entry ->
            entry.facts().stream().flatMap(fact -> Projection.subjects(entry.entity(), fact)))
        .collect(Collectors.toSet());
  }

  private void apply(FactSource.Entry entry, List<StatusEvent> heard) {
    for (Fact fact : entry.facts()) {
      try {
        if (!projection.apply(entry.entity(), entry.at(), fact)) {
          strangers.incrementAndGet();
          LOG.debug("At {}: the read tables don't know {}", entry.offset(), entry.entity());
        }
      } catch (StatusUnavailable failed) {
        throw failed;
      } catch (RuntimeException failed) {
        throw new UnfitFact(entry, fact, failed);
      }
    }
    if (entry.offset() > told && events.heard()) {
      LiveEvents.add(heard, entry, views);
    }
  }

  /** A fact that the projection could not take. */
  private static final class UnfitFact extends RuntimeException {
    private static final long serialVersionUID = 1;

    UnfitFact(FactSource.Entry entry, Fact fact, RuntimeException why) {
      super(
          "The read tables stop at offset "
              + entry.offset()
              + ": "
              + fact.getClass().getSimpleName()
              + " of "
              + entry.entity()
              + " can't be applied: "
              + why,
          why);
    }
  }

  /** Lets go of what is not committed, and waits. */
  private void recover(Throwable failed, Duration pause) {
    sound = false;
    if (!pause.isZero() && lasting(failed)) {
      views.showAsIs();
    }
    try {
      views.forget();
      sound = true;
    } catch (StatusUnavailable worse) {
      if (worse != failed) {
        failed.addSuppressed(worse);
      }
    }
    if (pause.isZero()) {
      return;
    }
    String said = String.valueOf(failed.getMessage());
    if (said.equals(trouble)) {
      LOG.warn("Still so, next try in {}: {}", pause, said);
    } else {
      LOG.error("The read tables stand still, next try in {}: {}", pause, said, failed);
    }
    trouble = said;
    sleep(pause.toNanos());
  }

  /** Whether it is the journal that stops the tables where they are, and not only for a moment. */
  private boolean lasting(Throwable failed) {
    if (!(failed instanceof IOException)) {
      unreadableSince = null;
      return failed instanceof UnfitFact;
    }
    long now = System.nanoTime();
    long since = unreadableSince == null ? now : unreadableSince;
    unreadableSince = since;
    return now - since >= HIDDEN_LONG.toNanos();
  }

  private Duration doubled(Duration pause) {
    Duration twice = pause.multipliedBy(2);
    return twice.compareTo(patience.longest()) < 0 ? twice : patience.longest();
  }

  /** Sleeps, unless it is to end. */
  private void sleep(long nanos) {
    try {
      closing.await(nanos, TimeUnit.NANOSECONDS);
    } catch (InterruptedException nobodyShould) {
      LOG.warn("The read tables' projection was interrupted", nobodyShould);
    }
  }

  private void report() {
    if (caughtUp.isDone()) {
      return;
    }
    boolean done = views.applied() >= journalAtStart;
    if (done || System.nanoTime() - nextReport >= 0) {
      nextReport = System.nanoTime() + REPORTS.toNanos();
      catchingUp.accept(new Progress(views.applied(), Math.max(journalAtStart, views.applied())));
    }
    if (done) {
      caughtUp.complete(null);
    }
  }

  /** Ends it after the transaction in hand. The tables stay open. */
  @Override
  public void close() {
    closing.countDown();
    subscription.close();
    appended.release();
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
