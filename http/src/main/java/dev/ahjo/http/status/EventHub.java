package dev.ahjo.http.status;

import dev.ahjo.core.build.Build;
import dev.ahjo.core.id.BuildKey;
import dev.ahjo.core.kernel.EntityType;
import dev.ahjo.core.port.Events;
import dev.ahjo.core.port.StreamStore.Subscription;
import dev.ahjo.core.project.Result;
import dev.ahjo.core.status.StatusEvent;
import dev.ahjo.core.status.StatusStore;
import dev.ahjo.core.status.StatusStore.Progress;
import dev.ahjo.http.exchange.Json;
import dev.ahjo.http.exchange.Patience;
import dev.ahjo.http.log.Endings;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArraySet;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.apache.pekko.util.ByteString;

/**
 * The node's one listener to what happens: feeds the event streams, tells those who follow logs
 * that a build has ended, and wakes those who wait for the read tables.
 */
public final class EventHub implements Patience, Endings, AutoCloseable {
  /** The longest that somebody waits for the read tables to catch up. */
  private static final Duration PATIENCE = Duration.ofSeconds(2);

  /** The tables move without events too, where facts mean nothing to watchers. */
  private static final Duration GLANCE = Duration.ofMillis(50);

  /** More events than this are not told again to a reader who resumes: it must look again. */
  private static final int MAX_REPLAY = 10_000;

  private static final int REPLAY_PAGE = 1000;

  private final StatusStore status;
  private final Events events;
  private final int queue;
  private final Subscription subscription;
  private final Set<Feed> feeds = ConcurrentHashMap.newKeySet();
  private final Map<BuildKey, Set<Runnable>> watchers = new ConcurrentHashMap<>();
  private final Map<Result, LongAdder> finished = new EnumMap<>(Result.class);
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition moved = lock.newCondition();

  /**
   * @param queue events that may wait for one reader
   */
  public EventHub(StatusStore status, Events events, int queue) {
    this.status = status;
    this.events = events;
    this.queue = queue;
    for (Result result : Result.values()) {
      finished.put(result, new LongAdder());
    }
    this.subscription = events.listen(this::happened);
  }

  private void happened(List<StatusEvent> batch) {
    if (!feeds.isEmpty()) {
      List<Feed.Item> items = batch.stream().map(EventHub::item).toList();
      feeds.forEach(feed -> feed.add(items));
    }
    for (StatusEvent event : batch) {
      if (event.entity().type() == EntityType.BUILD
          && event.data() instanceof Build.Fact.BuildFinished f) {
        count(f.result());
        watchers.getOrDefault(BuildKey.parse(event.entity().id()), Set.of()).forEach(Runnable::run);
      }
    }
    lock.lock();
    try {
      moved.signalAll();
    } finally {
      lock.unlock();
    }
  }

  private void count(Result result) {
    LongAdder adder = finished.get(result);
    if (adder != null) {
      adder.increment();
    }
  }

  private static Feed.Item item(StatusEvent event) {
    var position = EventPosition.of(event);
    var json = EventJson.of(event);
    ByteString text =
        ByteString.fromString("id: " + position + "\ndata: ")
            .concat(ByteString.fromArrayUnsafe(Json.bytes(json)))
            .concat(ByteString.fromString("\n\n"));
    return new Feed.Item(position, json, text);
  }

  /** A reader's feed, and what it is told first. */
  record Opened(Feed feed, List<ByteString> first) {}

  /**
   * Opens a feed of the events from now on, or of those after {@code resume}.
   *
   * @param wanted which events are told
   */
  Opened open(Predicate<EventJson> wanted, Optional<EventPosition> resume) {
    var feed = new Feed(wanted, queue, resume.orElse(new EventPosition(-1, 0)), feeds::remove);
    List<ByteString> first = new ArrayList<>();
    Progress progress = status.progress();
    if (resume.filter(p -> p.offset() > progress.journal()).isPresent()) {
      // Of a journal that is no more: what it would wait for never comes.
      var now = new EventPosition(progress.applied(), Integer.MAX_VALUE);
      var fresh = new Feed(wanted, queue, now, feeds::remove);
      feeds.add(fresh);
      first.add(Feed.resync(now));
      return new Opened(fresh, first);
    }
    if (resume.isPresent()) {
      feed.hold();
      feeds.add(feed);
      feed.release(replay(wanted, resume.get(), first));
    } else {
      feeds.add(feed);
      // Everything up to here is in the tables that the reader may look at now.
      var now = new EventPosition(status.progress().applied(), Integer.MAX_VALUE);
      first.add(
          ByteString.fromString("event: hello\nid: " + now + "\ndata: {\"kind\":\"hello\"}\n\n"));
    }
    return new Opened(feed, first);
  }

  /** Tells what happened since, or to look again if that is too much; the last position told. */
  private EventPosition replay(
      Predicate<EventJson> wanted, EventPosition after, List<ByteString> into) {
    EventPosition at = after;
    int seen = 0;
    while (true) {
      List<StatusEvent> page = events.since(at.offset(), at.index(), REPLAY_PAGE);
      if (page.isEmpty()) {
        return at;
      }
      at = EventPosition.of(page.getLast());
      seen += page.size();
      if (seen > MAX_REPLAY) {
        var end = new EventPosition(status.progress().applied(), Integer.MAX_VALUE);
        into.clear();
        into.add(Feed.resync(end));
        return end;
      }
      page.stream()
          .map(EventHub::item)
          .filter(i -> wanted.test(i.event()))
          .forEach(i -> into.add(i.text()));
    }
  }

  int readers() {
    return feeds.size();
  }

  /** Builds finished since this node started, by result. */
  Map<Result, Long> finished() {
    Map<Result, Long> counts = new EnumMap<>(Result.class);
    finished.forEach((result, adder) -> counts.put(result, adder.sum()));
    return counts;
  }

  @Override
  public Subscription watch(BuildKey build, Runnable ended) {
    // A wrapper of its own, so that two equal callbacks are two.
    Runnable mine = new Watcher(ended);
    watchers.compute(
        build,
        (_, those) -> {
          Set<Runnable> all = those == null ? new CopyOnWriteArraySet<>() : those;
          all.add(mine);
          return all;
        });
    return () ->
        watchers.computeIfPresent(
            build,
            (_, those) -> {
              those.remove(mine);
              return those.isEmpty() ? null : those;
            });
  }

  private static final class Watcher implements Runnable {
    private final Runnable ended;

    Watcher(Runnable ended) {
      this.ended = ended;
    }

    @Override
    public void run() {
      ended.run();
    }
  }

  @Override
  public <T> Optional<T> find(Supplier<Optional<T>> look) {
    Optional<T> found = look.get();
    if (found.isPresent()) {
      return found;
    }
    Progress progress = status.progress();
    long target = progress.journal();
    long end = System.nanoTime() + PATIENCE.toNanos();
    try {
      while (progress.applied() < target && System.nanoTime() < end) {
        awaitMove();
        found = look.get();
        if (found.isPresent()) {
          return found;
        }
        progress = status.progress();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return look.get();
  }

  private void awaitMove() throws InterruptedException {
    lock.lock();
    try {
      moved.awaitNanos(GLANCE.toNanos());
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void close() {
    subscription.close();
    feeds.forEach(Feed::close);
  }
}
