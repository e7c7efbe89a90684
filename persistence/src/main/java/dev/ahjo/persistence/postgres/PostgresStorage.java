package dev.ahjo.persistence.postgres;

import com.typesafe.config.Config;
import dev.ahjo.core.port.Events;
import dev.ahjo.core.port.StreamStore;
import dev.ahjo.core.status.StatusStore;
import dev.ahjo.persistence.Storage;
import dev.ahjo.persistence.farm.Post;
import dev.ahjo.persistence.farm.Signal;
import dev.ahjo.persistence.farm.SignalSerializer;
import dev.ahjo.persistence.farm.Signals;
import dev.ahjo.persistence.jdbc.Connections;
import dev.ahjo.persistence.jdbc.PostgresServer;
import dev.ahjo.persistence.jdbc.PostgresSettings;
import dev.ahjo.persistence.journal.FactFeed;
import dev.ahjo.persistence.journal.PostgresJournal;
import dev.ahjo.persistence.log.PostgresStreamStore;
import dev.ahjo.persistence.log.Pruned;
import dev.ahjo.persistence.log.SharedStreamStore;
import dev.ahjo.persistence.status.EventFollower;
import dev.ahjo.persistence.status.LiveEvents;
import dev.ahjo.persistence.status.PostgresTables;
import dev.ahjo.persistence.status.ProjectionPost;
import dev.ahjo.persistence.status.StatusUnavailable;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.actor.typed.ActorSystem;
import org.jspecify.annotations.Nullable;

/**
 * Everything in PostgreSQL, for the nodes of a farm that one database can carry. Each node keeps
 * its entities and logs there by itself, and all number their facts in one order; one of them
 * writes the read tables.
 */
public final class PostgresStorage implements Storage {
  private final PostgresJournal journal;
  private final PostgresTables tables;
  private final Connections streams;
  private final InstantSource clock;

  private PostgresStorage(
      PostgresJournal journal, PostgresTables tables, Connections streams, InstantSource clock) {
    this.journal = journal;
    this.tables = tables;
    this.streams = streams;
    this.clock = clock;
  }

  /**
   * Connects; makes or migrates the tables if the settings say so.
   *
   * @param node the node's name, by which an administrator knows its sessions
   * @throws java.net.ConnectException when no server answers that may be written, or has no room
   *     for another session: later it may go
   * @throws IOException when a server does not believe this node, or is not believed, or the tables
   *     are not as this program needs them
   */
  public static PostgresStorage open(PostgresSettings settings, String node, InstantSource clock)
      throws IOException {
    if (settings.create()) {
      PostgresSchema.create(settings);
    }
    var server = new PostgresServer(settings, node);
    PostgresSchema.check(server);
    PostgresJournal journal = PostgresJournal.open(server);
    try {
      PostgresTables tables = PostgresTables.open(server, journal::lastOrdering);
      return new PostgresStorage(journal, tables, PostgresStreamStore.connections(server), clock);
    } catch (IOException | RuntimeException failed) {
      journal.close();
      throw failed;
    }
  }

  @Override
  public Config config() {
    return SignalSerializer.bound(journal.config());
  }

  @Override
  public Stores open(ActorSystem<?> system) throws IOException {
    return new Shared(journal, tables, streams, system, clock);
  }

  /** The actor system must have ended. */
  @Override
  public void close() throws IOException {
    streams.close();
    tables.close();
    journal.close();
  }

  private static final class Shared implements Stores {
    /** How often a node looks how far the journal is, for what it was not told. */
    private static final Duration LOOKS = Duration.ofSeconds(1);

    private final PostgresJournal journal;
    private final FactFeed feed;
    private final PostgresTables tables;
    private final LiveEvents live;
    private final EventFollower follower;
    private final SharedStreamStore streams;
    private final Signals signals;
    private final Post<ProjectionPost> post;
    private final ScheduledExecutorService looks =
        Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().name("ahjo-journal-look").daemon().factory());
    private volatile @Nullable String trouble;

    Shared(
        PostgresJournal journal,
        PostgresTables tables,
        Connections connections,
        ActorSystem<?> system,
        InstantSource clock)
        throws IOException {
      this.journal = journal;
      this.tables = tables;
      feed = new FactFeed(journal);
      live = new LiveEvents(tables, feed);
      try {
        follower = EventFollower.start(live, tables);
      } catch (StatusUnavailable failed) {
        throw PostgresServer.away(String.valueOf(failed.getMessage()), failed);
      }
      post = new Post<>(system);
      signals = Signals.open(system, this::hear);
      streams = PostgresStreamStore.open(connections, signals, clock);
      journal.onCommit(() -> signals.soon(() -> new Signal.Grown(journal.lastOrdering())));
      post.stand("ahjo-projection", this::takePost);
      var unused =
          looks.scheduleWithFixedDelay(
              this::look, LOOKS.toMillis(), LOOKS.toMillis(), TimeUnit.MILLISECONDS);
    }

    private ProjectionPost takePost() {
      return ProjectionPost.take(
          tables,
          feed,
          () -> {
            journal.look();
            return tables.project();
          },
          applied -> signals.publish(new Signal.Shown(applied)));
    }

    private void hear(Signal signal) {
      switch (signal) {
        case Signal.Grown(long end) -> journal.heard(end);
        case Signal.Shown(long applied) -> follower.shown(applied);
        case Signal.Announced _ -> {
          // Here the journal itself is the feed.
        }
        case Signal.StreamGrown _ -> {
          // Heard where it came in.
        }
      }
    }

    private void look() {
      try {
        post.look(System.nanoTime());
        journal.look();
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
      journal.trouble().ifPresent(problems::add);
      Optional.ofNullable(trouble).ifPresent(problems::add);
      post.problem().ifPresent(problems::add);
      post.held().map(ProjectionPost::problems).ifPresent(problems::addAll);
      return problems;
    }

    @Override
    public List<Gauge> readings() {
      Optional<ProjectionPost> mine = post.held();
      return List.of(
          new Gauge(
              "ahjo_feed_end",
              "Rows in the feed of all facts, as known here",
              true,
              journal.lastOrdering()),
          new Gauge(
              "ahjo_status_writer",
              "Whether this node writes the read tables",
              false,
              mine.isPresent() ? 1 : 0),
          new Gauge(
              "ahjo_journal_rows_unreadable_total",
              "Rows of the journal that could not be read",
              true,
              feed.unreadable()),
          new Gauge(
              "ahjo_status_strangers_total",
              "Facts about something that the read tables do not know",
              true,
              mine.map(ProjectionPost::strangers).orElse(0L)));
    }

    @Override
    public Pruned prune(Duration maxAge, long maxTotalBytes, Instant now) throws IOException {
      // One is enough, and were two to do it each would count what the other has removed.
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
