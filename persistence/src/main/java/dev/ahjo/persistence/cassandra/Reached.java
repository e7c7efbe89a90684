package dev.ahjo.persistence.cassandra;

import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * How far each entity is in the feed, as the {@link Scribe} knows it. What it has fed since the
 * last time is noted beside the feed now and then, an entity's last row for all of them.
 *
 * <p>Used by one thread.
 */
final class Reached {
  /** Entities that are remembered; of others it is read. */
  private static final int KEPT = 100_000;

  /** So many may be unnoted before whoever feeds has to wait. */
  static final int MAX_UNNOTED = 10_000;

  /** Notes on their way at once: the node's own entities use the same connections. */
  private static final int ON_THE_WAY = 64;

  private final Feed feed;

  private final Map<String, Long> known =
      new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Long> eldest) {
          return size() > KEPT;
        }
      };

  private Map<String, Place> unnoted = new HashMap<>();

  /** On their way; what was asked meanwhile may not show them. */
  private Map<String, Place> noting = Map.of();

  /** An entity's row, and where it is in the feed. */
  private record Place(long sequenceNr, long number) {}

  Reached(Feed feed) {
    this.feed = feed;
  }

  /** Finds out about those that it does not know yet. */
  void learn(Collection<String> entities) {
    Map<String, CompletableFuture<Long>> asked = new HashMap<>();
    for (String entity : entities) {
      if (known.get(entity) != null) {
        continue; // And it is one of those used last.
      }
      @Nullable Place place = unnoted.getOrDefault(entity, noting.get(entity));
      if (place != null) {
        known.put(entity, place.sequenceNr());
      } else {
        asked.computeIfAbsent(entity, feed::fed);
      }
    }
    asked.forEach((entity, reached) -> known.put(entity, reached.join()));
  }

  /** The number of the entity's last row in the feed, if {@link #learn} was asked. */
  long of(String entity) {
    return known.getOrDefault(entity, 0L);
  }

  /** The row stands in the feed now. */
  void fed(Feed.Placed row) {
    String entity = row.item().entity();
    known.merge(entity, row.item().sequenceNr(), Math::max);
    unnoted.put(entity, new Place(row.item().sequenceNr(), row.number()));
  }

  /** Its next row is given up. */
  void passOver(String entity) {
    known.put(entity, of(entity) + 1);
  }

  int unnoted() {
    return unnoted.size();
  }

  /** Notes all that is not noted. What it answers must be done before this is called again. */
  CompletableFuture<Void> note() {
    noting = unnoted;
    unnoted = new HashMap<>();
    Queue<Map.Entry<String, Place>> left = new ConcurrentLinkedQueue<>(noting.entrySet());
    return CompletableFuture.allOf(
        IntStream.range(0, Math.min(ON_THE_WAY, noting.size()))
            .mapToObj(lane -> note(left))
            .toArray(CompletableFuture[]::new));
  }

  private CompletableFuture<Void> note(Queue<Map.Entry<String, Place>> left) {
    Map.@Nullable Entry<String, Place> next = left.poll();
    return next == null
        ? CompletableFuture.completedFuture(null)
        : feed.setFed(next.getKey(), next.getValue().sequenceNr(), next.getValue().number())
            .thenCompose(done -> note(left));
  }
}
