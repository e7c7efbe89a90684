package dev.ahjo.persistence.log;

import dev.ahjo.core.log.StreamKey;
import dev.ahjo.core.port.StreamStore.Appended;
import dev.ahjo.core.port.StreamStore.Extent;
import dev.ahjo.core.port.StreamStore.Subscription;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells followers that a stream has grown: at once where the news come by, and within {@link
 * #LOOKS} where they were lost on the way from another node.
 */
final class StreamWatch implements AutoCloseable {
  /** So often streams that are followed are looked at, all by one thread. */
  static final Duration LOOKS = Duration.ofSeconds(2);

  private static final Extent NOTHING = new Extent(0, false);
  private static final Logger LOG = LoggerFactory.getLogger(StreamWatch.class);

  private final Growth growth;
  private final Function<StreamKey, Optional<Extent>> extent;
  private final Map<StreamKey, Watched> watched = new ConcurrentHashMap<>();
  private final ScheduledExecutorService rounds =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().name("ahjo-stream-watch").daemon().factory());

  /** A stream that is followed: by how many, and what they were told of. */
  private static final class Watched {
    private final AtomicInteger followers = new AtomicInteger();
    private volatile Extent told = NOTHING;
  }

  StreamWatch(Growth growth, Function<StreamKey, Optional<Extent>> extent) {
    this.growth = growth;
    this.extent = extent;
    var unused =
        rounds.scheduleWithFixedDelay(
            this::look, LOOKS.toMillis(), LOOKS.toMillis(), TimeUnit.MILLISECONDS);
  }

  Subscription follow(StreamKey stream, Runnable grown) {
    watched.compute(
        stream,
        (_, known) -> {
          var now = known == null ? new Watched() : known;
          now.followers.incrementAndGet();
          return now;
        });
    var news = growth.follow(stream, grown);
    var once = new AtomicInteger(1);
    return () -> {
      news.close();
      if (once.getAndSet(0) == 1) {
        watched.computeIfPresent(
            stream, (_, known) -> known.followers.decrementAndGet() == 0 ? null : known);
      }
    };
  }

  void grown(StreamKey stream, Appended.Stored now) {
    told(stream, new Extent(now.offset(), now.closed()));
    growth.grown(stream);
  }

  private void told(StreamKey stream, Extent now) {
    Watched known = watched.get(stream);
    if (known != null) {
      known.told = now;
    }
  }

  /** Tells of what has grown untold. */
  private void look() {
    try {
      watched.forEach((stream, known) -> {
        Extent before = known.told;
        Extent now = extent.apply(stream).orElse(NOTHING);
        // Told meanwhile is told.
        if (!now.equals(before) && known.told == before) {
          known.told = now;
          growth.grown(stream);
        }
      });
    } catch (RuntimeException failed) {
      LOG.debug("Followed streams can't be looked at", failed);
    }
  }

  @Override
  public void close() {
    rounds.shutdownNow();
  }
}
