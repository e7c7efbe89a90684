package dev.ahjo.persistence.cassandra;

import com.datastax.oss.driver.api.core.DriverException;
import com.typesafe.config.Config;
import dev.ahjo.core.port.Events;
import dev.ahjo.core.port.StreamStore;
import dev.ahjo.core.status.StatusStore;
import dev.ahjo.persistence.Storage;
import dev.ahjo.persistence.farm.Post;
import dev.ahjo.persistence.farm.Signal;
import dev.ahjo.persistence.farm.SignalSerializer;
import dev.ahjo.persistence.farm.Signals;
import dev.ahjo.persistence.log.CassandraStreamStore;
import dev.ahjo.persistence.log.Pruned;
import dev.ahjo.persistence.log.SharedStreamStore;
import dev.ahjo.persistence.status.CassandraTables;
import dev.ahjo.persistence.status.EventFollower;
import dev.ahjo.persistence.status.LiveEvents;
import dev.ahjo.persistence.status.StatusUnavailable;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.actor.typed.ActorSystem;
import org.jspecify.annotations.Nullable;

/**
 * Everything in Cassandra, for the nodes of a farm. Each node keeps its entities and logs there by
 * itself; one of them, whichever holds the {@link ScribePost}, orders the facts of all and writes
 * the read tables.
 */
public final class CassandraStorage implements Storage {
  private final FactStore store;
  private final InstantSource clock;

  /** Told of each batch of announcements, once there is an actor system to tell the others. */
  private volatile Runnable announced = () -> {};

  private CassandraStorage(CassandraSettings settings, String node, InstantSource clock)
      throws IOException {
    this.clock = clock;
    this.store = FactStore.open(settings, node, new CausalClock(clock), () -> this.announced.run());
  }

  /**
   * Connects; makes or migrates the tables if the settings say so.
   *
   * @param node the node's name, unique in the farm
   * @throws java.net.ConnectException when no server answers within a minute, or they fail: later
   *     it may go
   * @throws IOException when the tables are not as this program needs them
   */
  public static CassandraStorage open(CassandraSettings settings, String node, InstantSource clock)
      throws IOException {
    try {
      return new CassandraStorage(settings, node, clock);
    } catch (DriverException | CompletionException failed) {
      throw unanswered(failed);
    }
  }

  private static IOException unanswered(Exception failed) {
    return CassandraSessions.away(
        "Cassandra does not do what is asked: " + JournalRows.cause(failed).getMessage(), failed);
  }

  @Override
  public Config config() {
    return SignalSerializer.bound(store.config());
  }

  @Override
  public Stores open(ActorSystem<?> system) throws IOException {
    try {
      store.endFormerLogs();
      var shared = new Shared(store, system, clock);
      announced = () -> shared.signals.soon(Signal.Announced::new);
      return shared;
    } catch (DriverException | CompletionException | IOException failed) {
      throw unanswered(failed);
    }
  }

  /** The actor system must have ended. */
  @Override
  public void close() {
    store.close();
  }

  private static final class Shared implements Stores {
    /** How often a node looks how far the feed is, for what it was not told. */
    private static final Duration LOOKS = Duration.ofSeconds(1);

    private final FactStore store;
    private final FeedSource source;
    private final CassandraTables tables;
    private final LiveEvents live;
    private final EventFollower follower;
    private final SharedStreamStore streams;
    private final Signals signals;
    private final Post<ScribePost> post;
    private final ScheduledExecutorService looks =
        Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().name("ahjo-feed-look").daemon().factory());
    private volatile @Nullable String trouble;

    Shared(FactStore store, ActorSystem<?> system, InstantSource clock) throws IOException {
      this.store = store;
      source = new FeedSource(store.feed());
      tables = CassandraTables.open(store.session(), store.keyspace(), source::end);
      live = new LiveEvents(tables, source);
      try {
        follower = EventFollower.start(live, tables);
      } catch (StatusUnavailable failed) {
        throw new IOException(failed.getMessage(), failed);
      }
      post = new Post<>(system);
      signals = Signals.open(system, this::hear);
      streams = CassandraStreamStore.open(store.session(), store.keyspace(), signals, clock);
      post.stand("ahjo-scribe", this::takePost);
      var unused =
          looks.scheduleWithFixedDelay(
              this::look, LOOKS.toMillis(), LOOKS.toMillis(), TimeUnit.MILLISECONDS);
    }

    private ScribePost takePost() {
      return ScribePost.take(
          store,
          source,
          tables,
          end -> {
            source.grown(end);
            signals.publish(new Signal.Grown(end));
          },
          applied -> signals.publish(new Signal.Shown(applied)));
    }

    private void hear(Signal signal) {
      switch (signal) {
        case Signal.Announced _ -> post.held().ifPresent(ScribePost::wake);
        case Signal.Grown(long end) -> source.grown(end);
        case Signal.Shown(long applied) -> follower.shown(applied);
        case Signal.StreamGrown _ -> {
          // Heard where it came in.
        }
      }
    }

    private void look() {
      try {
        post.look(System.nanoTime());
        source.look();
        trouble = null;
      } catch (IOException | RuntimeException failed) {
        trouble = String.valueOf(failed.getMessage());
      }
    }

    @Override
    public StatusStore status() {
      return tables;
    }

    @Override
    public StreamStore streams() {
      return streams;
    }

    @Override
    public Events events() {
      return live;
    }

    @Override
    public List<String> problems() {
      List<String> problems = new ArrayList<>();
      Optional.ofNullable(trouble).ifPresent(problems::add);
      post.problem().ifPresent(problems::add);
      post.held().map(ScribePost::problems).ifPresent(problems::addAll);
      return problems;
    }

    @Override
    public List<Gauge> readings() {
      Optional<ScribePost> mine = post.held();
      return List.of(
          new Gauge(
              "ahjo_feed_end", "Rows in the feed of all facts, as known here", true, source.end()),
          new Gauge(
              "ahjo_feed_scribe",
              "Whether this node writes the feed",
              false,
              mine.isPresent() ? 1 : 0),
          new Gauge(
              "ahjo_feed_rows_missed_total",
              "Announced rows that the journal did not have, and lost announcements, since this"
                  + " node writes the feed",
              true,
              mine.map(ScribePost::missed).orElse(0L)),
          new Gauge(
              "ahjo_journal_rows_unreadable_total",
              "Rows of the feed that could not be read",
              true,
              source.unreadable()),
          new Gauge(
              "ahjo_status_strangers_total",
              "Facts about something that the read tables do not know",
              true,
              mine.map(ScribePost::strangers).orElse(0L)));
    }

    @Override
    public Pruned prune(Duration maxAge, long maxTotalBytes, Instant now) throws IOException {
      // One is enough: each would read which streams there are, all of them.
      return post.held().isPresent() ? streams.prune(maxAge, maxTotalBytes, now) : Pruned.NOTHING;
    }

    @Override
    public void close() {
      looks.shutdownNow();
      follower.close();
      streams.close();
    }
  }
}
