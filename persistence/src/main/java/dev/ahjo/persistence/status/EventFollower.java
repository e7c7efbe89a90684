package dev.ahjo.persistence.status;

import dev.ahjo.core.status.StatusEvent;
import dev.ahjo.core.status.StatusStore;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells the listeners of a node what happens, where another node writes the read tables: follows
 * how far those show the facts, and reads the facts up to there.
 */
public final class EventFollower implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(EventFollower.class);

  /** How often it looks by itself while somebody listens. */
  private static final Duration LOOKS = Duration.ofSeconds(2);

  private static final int PAGE = 500;

  /** Behind the last event of any record. */
  private static final int AFTER_ALL = Integer.MAX_VALUE - 1;

  /** Behind an event: a record may have more than a page of them. */
  private record Place(long offset, int index) {}

  private final LiveEvents live;
  private final StatusStore tables;
  private final Thread thread;
  private final Semaphore news = new Semaphore(0);
  private volatile boolean closing;
  private volatile long shown;

  private EventFollower(LiveEvents live, StatusStore tables) {
    this.live = live;
    this.tables = tables;
    this.shown = tables.progress().applied();
    this.thread = Thread.ofPlatform().name("ahjo-event-follower").daemon().unstarted(this::run);
  }

  /**
   * Starts it with what happens from now on.
   *
   * @throws StatusUnavailable when the tables can't be read
   */
  public static EventFollower start(LiveEvents live, StatusStore tables) {
    var follower = new EventFollower(live, tables);
    follower.thread.start();
    return follower;
  }

  /** The read tables show the facts up to there. May be called by any thread. */
  public void shown(long applied) {
    shown = Math.max(shown, applied);
    news.release();
  }

  private void run() {
    Place told = new Place(shown, AFTER_ALL);
    boolean lookAgain = false;
    while (!closing) {
      try {
        if (lookAgain) {
          // Word of it may have been lost on its way from the other node.
          shown = Math.max(shown, tables.progress().applied());
        }
        if (live.heard()) {
          told = tell(told);
        } else {
          told = told.offset() < shown ? new Place(shown, AFTER_ALL) : told;
        }
      } catch (StatusUnavailable failed) {
        if (closing) {
          return;
        }
        LOG.warn(
            "What happened after {} can't be told now: {}", told.offset(), failed.getMessage());
      }
      try {
        lookAgain = !news.tryAcquire(LOOKS.toMillis(), TimeUnit.MILLISECONDS);
        news.drainPermits();
      } catch (InterruptedException stop) {
        return;
      }
    }
  }

  private Place tell(Place after) {
    Place told = after;
    while (!closing) {
      List<StatusEvent> events = live.since(told.offset(), told.index(), PAGE);
      if (events.isEmpty()) {
        return told;
      }
      live.tell(events);
      told = new Place(events.getLast().offset(), events.getLast().index());
    }
    return told;
  }

  @Override
  public void close() {
    closing = true;
    thread.interrupt();
  }
}
