package dev.ahjo.persistence.status;

import dev.ahjo.core.status.StatusStore;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.LongConsumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes the read tables that several nodes share, on the one node that is told to. A projection
 * that can't go on, as one that another has superseded, is replaced.
 */
public final class ProjectionPost implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ProjectionPost.class);
  private static final Duration LOOKS = Duration.ofSeconds(2);

  /** A projection in trouble has so many looks to get over it. */
  private static final int PATIENCE = 5;

  /** Takes the tables from whoever wrote them before. */
  public interface Pen {
    CommittedViews take() throws IOException;
  }

  private final FactSource source;
  private final Pen pen;
  private final LiveEvents shown;
  private final Thread thread;
  private final CountDownLatch closing = new CountDownLatch(1);
  private volatile @Nullable StatusProjection projection;
  private volatile @Nullable String trouble;

  private ProjectionPost(StatusStore tables, FactSource source, Pen pen, LongConsumer shown) {
    this.source = source;
    this.pen = pen;
    this.shown = new LiveEvents(tables, source);
    this.shown.listen(events -> shown.accept(events.getLast().offset()));
    this.thread = Thread.ofPlatform().name("ahjo-projection-post").daemon().unstarted(this::run);
  }

  /**
   * Takes the post.
   *
   * @param shown told up to where the read tables show the facts, after each commit
   */
  public static ProjectionPost take(
      StatusStore tables, FactSource source, Pen pen, LongConsumer shown) {
    var post = new ProjectionPost(tables, source, pen, shown);
    post.thread.start();
    return post;
  }

  private void run() {
    int troubled = 0;
    while (closing.getCount() > 0) {
      try {
        StatusProjection current = projection;
        if (current == null) {
          projection = StatusProjection.start(pen.take(), source, shown, ProjectionPost::report);
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
        LOG.warn("The projection's post was interrupted", nobodyShould);
      }
    }
    if (projection != null) {
      projection.close();
    }
  }

  private static void report(StatusStore.Progress progress) {
    LOG.info("Read tables: {} of {} rows", progress.applied(), progress.journal());
  }

  /** Why the read tables stand still. */
  public List<String> problems() {
    StatusProjection current = projection;
    return Stream.of(
            Optional.ofNullable(trouble),
            Optional.ofNullable(current).flatMap(StatusProjection::trouble))
        .flatMap(Optional::stream)
        .toList();
  }

  /** Facts about something that the read tables don't know. */
  public long strangers() {
    StatusProjection current = projection;
    return current == null ? 0 : current.strangers();
  }

  /** Ends the projection after what it has in hand. */
  @Override
  public void close() {
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
