package dev.ahjo.persistence.cassandra;

import dev.ahjo.core.status.StatusStore;
import dev.ahjo.persistence.status.CassandraTables;
import dev.ahjo.persistence.status.LiveEvents;
import dev.ahjo.persistence.status.StatusProjection;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What one node does for all: writes the feed and, from it, the read tables. A projection that
 * can't go on, as one that another has superseded, is replaced.
 */
final class ScribePost implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ScribePost.class);
  private static final Duration LOOKS = Duration.ofSeconds(2);

  /** A projection in trouble has so many looks to get over it. */
  private static final int PATIENCE = 5;

  private final Scribe scribe;
  private final FeedSource source;
  private final CassandraTables tables;
  private final LiveEvents shown;
  private final Thread thread;
  private final CountDownLatch closing = new CountDownLatch(1);
  private volatile @Nullable StatusProjection projection;
  private volatile @Nullable String trouble;

  private ScribePost(
      FactStore store,
      FeedSource source,
      CassandraTables tables,
      LongConsumer grown,
      LongConsumer shown) {
    this.source = source;
    this.tables = tables;
    this.shown = new LiveEvents(tables, source);
    this.shown.listen(events -> shown.accept(events.getLast().offset()));
    this.scribe = Scribe.start(store, grown);
    this.thread = Thread.ofPlatform().name("ahjo-scribe-post").daemon().unstarted(this::run);
  }

  /**
   * Takes the post.
   *
   * @param grown told where the feed ends, after each append
   * @param shown told up to where the read tables show it, after each commit
   */
  static ScribePost take(
      FactStore store,
      FeedSource source,
      CassandraTables tables,
      LongConsumer grown,
      LongConsumer shown) {
    var post = new ScribePost(store, source, tables, grown, shown);
    post.thread.start();
    return post;
  }

  void wake() {
    scribe.wake();
  }

  private void run() {
    int troubled = 0;
    while (closing.getCount() > 0) {
      try {
        StatusProjection current = projection;
        if (current == null) {
          source.look();
          projection = StatusProjection.start(tables.project(), source, shown, ScribePost::report);
          troubled = 0;
        } else if (current.trouble().isEmpty()) {
          troubled = 0;
        } else if (++troubled > PATIENCE) {
          LOG.warn("The projection is begun anew: {}", current.trouble().get());
          current.close();
          projection = null;
          continue;
        }
        trouble = null;
      } catch (IOException | RuntimeException | Error failed) {
        // Even an error: were the thread to end, nobody would write the read tables any more.
        trouble = failed instanceof Error ? failed.toString() : String.valueOf(failed.getMessage());
        LOG.warn("The read tables are not written, tried again: {}", trouble);
      }
      try {
        var unused = closing.await(LOOKS.toMillis(), TimeUnit.MILLISECONDS);
      } catch (InterruptedException nobodyShould) {
        LOG.warn("The scribe's post was interrupted", nobodyShould);
      }
    }
    if (projection != null) {
      projection.close();
    }
  }

  private static void report(StatusStore.Progress progress) {
    LOG.info("Read tables: {} of {} rows", progress.applied(), progress.journal());
  }

  /** Why the feed or the read tables stand still. */
  List<String> problems() {
    List<String> problems = new ArrayList<>();
    scribe.trouble().ifPresent(problems::add);
    tell(problems, trouble);
    StatusProjection current = projection;
    if (current != null) {
      current.trouble().ifPresent(problems::add);
    }
    return problems;
  }

  private static void tell(List<String> problems, @Nullable String one) {
    if (one != null) {
      problems.add(one);
    }
  }

  /** Announced rows that the feed lacks. */
  long missed() {
    return scribe.missed();
  }

  /** Facts about something that the read tables don't know. */
  long strangers() {
    StatusProjection current = projection;
    return current == null ? 0 : current.strangers();
  }

  @Override
  public void close() {
    scribe.close();
    closing.countDown();
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
