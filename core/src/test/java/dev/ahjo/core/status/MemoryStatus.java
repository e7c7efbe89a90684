package dev.ahjo.core.status;

import dev.ahjo.core.id.BuildKey;
import dev.ahjo.core.id.BuilderKey;
import dev.ahjo.core.id.BuildsetId;
import dev.ahjo.core.id.LockKey;
import dev.ahjo.core.id.PoolName;
import dev.ahjo.core.id.ProjectName;
import dev.ahjo.core.id.RequestId;
import dev.ahjo.core.id.WorkerName;
import dev.ahjo.core.project.Result;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.BiPredicate;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * The read tables in memory, for tests: what is put is seen at once. Obeys the same contract as the
 * real ones. Safe for use by many threads.
 */
public final class MemoryStatus implements Views, StatusStore {
  private final Shelf<ProjectName, ProjectView> projects = new Shelf<>();
  private final Shelf<BuilderKey, BuilderView> builders = new Shelf<>();
  private final Shelf<BuildsetId, BuildsetView> buildsets = new Shelf<>();
  private final Shelf<RequestId, RequestView> requests = new Shelf<>();
  private final Shelf<BuildKey, BuildView> builds = new Shelf<>();
  private final Shelf<WorkerName, WorkerView> workers = new Shelf<>();
  private final Shelf<LockKey, LockView> locks = new Shelf<>();
  private final Shelf<PoolName, PoolView> pools = new Shelf<>();
  private Progress progress = new Progress(0, 0);
  private boolean away;

  @Override
  public synchronized Optional<ProjectView> project(ProjectName name) {
    return projects.find(name);
  }

  @Override
  public synchronized Optional<BuilderView> builder(BuilderKey key) {
    return builders.find(key);
  }

  @Override
  public synchronized Optional<BuildsetView> buildset(BuildsetId id) {
    return buildsets.find(id);
  }

  @Override
  public synchronized Optional<RequestView> request(RequestId id) {
    answers();
    return requests.find(id);
  }

  @Override
  public synchronized Optional<BuildView> build(BuildKey key) {
    return builds.find(key);
  }

  @Override
  public synchronized Optional<WorkerView> worker(WorkerName name) {
    return workers.find(name);
  }

  @Override
  public synchronized Optional<LockView> lock(LockKey key) {
    return locks.find(key);
  }

  @Override
  public synchronized Optional<PoolView> pool(PoolName name) {
    return pools.find(name);
  }

  @Override
  public synchronized void put(ProjectView view) {
    projects.put(view.definition().name(), view);
  }

  @Override
  public synchronized void put(BuilderView view) {
    builders.put(view.key(), view);
  }

  @Override
  public synchronized void put(BuildsetView view) {
    buildsets.put(view.id(), view);
  }

  @Override
  public synchronized void put(RequestView view) {
    requests.put(view.id(), view);
  }

  @Override
  public synchronized void put(BuildView view) {
    builds.put(view.key(), view);
  }

  @Override
  public synchronized void put(WorkerView view) {
    workers.put(view.name(), view);
  }

  @Override
  public synchronized void put(LockView view) {
    locks.put(view.key(), view);
  }

  @Override
  public synchronized void put(PoolView view) {
    pools.put(view.name(), view);
  }

  @Override
  public synchronized Page<ProjectView> projects(Query query) {
    Listing.PROJECTS.check(query);
    return projects.byKey(
        query, v -> !v.removed() && acceptsAny(query, "tags", v.definition().tags()));
  }

  @Override
  public synchronized Page<BuilderView> builders(Query query) {
    Listing.BUILDERS.check(query);
    return builders.byKey(
        query,
        v ->
            !v.removed()
                && accepts(query, "project", String::equals, v.key().project().value())
                && accepts(query, "name", String::equals, v.key().builder().value())
                && acceptsAny(query, "tags", v.tags())
                && accepts(query, "pool", String::equals, v.pool().value())
                && acceptsAny(query, "labels", v.labels()));
  }

  @Override
  public synchronized Page<BuildsetView> buildsets(Query query) {
    Listing.BUILDSETS.check(query);
    return buildsets.newestFirst(
        query,
        v ->
            accepts(query, "project", String::equals, v.project().value())
                && accepts(query, "priority", String::equals, Integer.toString(v.priority()))
                && accepts(query, "state", String::equals, v.state())
                && accepts(query, "result", String::equals, label(v.result())));
  }

  @Override
  public synchronized Page<RequestView> requests(Query query) {
    Listing.REQUESTS.check(query);
    return requests.newestFirst(
        query,
        v ->
            accepts(query, "project", String::equals, v.builder().project().value())
                && accepts(query, "builder", MemoryStatus::means, v.builder().toString())
                && accepts(query, "buildset", String::equals, v.buildset().value())
                && accepts(query, "priority", String::equals, Integer.toString(v.priority()))
                && accepts(query, "state", String::equals, v.state())
                && accepts(query, "result", String::equals, label(v.result())));
  }

  @Override
  public synchronized Page<BuildView> builds(Query query) {
    Listing.BUILDS.check(query);
    return builds.newestFirst(
        query,
        v ->
            accepts(query, "project", String::equals, v.key().builder().project().value())
                && accepts(query, "builder", MemoryStatus::means, v.key().builder().toString())
                && accepts(query, "buildset", String::equals, v.buildset().value())
                && accepts(query, "request", String::equals, v.request().value())
                && accepts(query, "worker", String::equals, v.worker().value())
                && accepts(query, "state", String::equals, v.state())
                && accepts(query, "result", String::equals, label(v.result())));
  }

  @Override
  public synchronized Page<WorkerView> workers(Query query) {
    Listing.WORKERS.check(query);
    return workers.byKey(
        query,
        v ->
            accepts(query, "pool", String::equals, v.pool().value())
                && acceptsAny(query, "labels", v.labels())
                && accepts(query, "state", String::equals, v.state()));
  }

  @Override
  public synchronized Page<LockView> locks(Query query) {
    Listing.LOCKS.check(query);
    return locks.byKey(
        query,
        v ->
            !v.gone()
                && accepts(query, "project", String::equals, v.key().project().value())
                && accepts(query, "name", String::equals, v.key().name()));
  }

  @Override
  public synchronized Page<PoolView> pools(Query query) {
    Listing.POOLS.check(query);
    return pools.byKey(query, _ -> true);
  }

  @Override
  public synchronized Map<String, Long> requestCounts() {
    return requests.all().stream()
        .collect(Collectors.groupingBy(RequestView::state, Collectors.counting()));
  }

  @Override
  public synchronized Progress progress() {
    answers();
    return progress;
  }

  /** Whether nothing can be read from now on. */
  public synchronized void away(boolean now) {
    away = now;
  }

  private void answers() {
    if (away) {
      throw new UncheckedIOException("The store is away", new IOException("no server answers"));
    }
  }

  public synchronized void progress(Progress now) {
    progress = now;
  }

  private static String label(Optional<Result> result) {
    return result.map(Result::label).orElse("");
  }

  private static boolean means(String asked, String builder) {
    return asked.equals(builder) || builder.endsWith("/" + asked);
  }

  private static boolean accepts(
      Query query, String field, BiPredicate<String, String> means, String found) {
    List<String> asked = query.values(field);
    return asked.isEmpty() || asked.stream().anyMatch(value -> means.test(value, found));
  }

  private static boolean acceptsAny(Query query, String field, Collection<String> found) {
    return query.values(field).isEmpty() || query.values(field).stream().anyMatch(found::contains);
  }

  /** The views of one kind, by key and in the order in which they came. */
  private static final class Shelf<K extends Comparable<K>, V> {
    private record Placed<V>(long seq, V view) {}

    private final TreeMap<K, Placed<V>> byKey = new TreeMap<>();
    private final TreeMap<Long, K> bySeq = new TreeMap<>();

    Optional<V> find(K key) {
      return Optional.ofNullable(byKey.get(key)).map(Placed::view);
    }

    void put(K key, V view) {
      var known = byKey.get(key);
      long seq = known == null ? bySeq.size() + 1L : known.seq();
      byKey.put(key, new Placed<>(seq, view));
      bySeq.put(seq, key);
    }

    List<V> all() {
      return byKey.values().stream().map(Placed::view).toList();
    }

    Page<V> newestFirst(Query query, Predicate<V> wanted) {
      long before = query.after().map(Shelf::seq).orElse(Long.MAX_VALUE);
      List<Map.Entry<String, V>> found = new ArrayList<>();
      for (var entry : bySeq.headMap(before, false).descendingMap().entrySet()) {
        V view = find(entry.getValue()).orElseThrow();
        if (wanted.test(view)) {
          found.add(Map.entry(entry.getKey().toString(), view));
        }
      }
      return page(query, found);
    }

    Page<V> byKey(Query query, Predicate<V> wanted) {
      List<Map.Entry<String, V>> found = new ArrayList<>();
      byKey.forEach((key, placed) -> {
        String cursor = key.toString();
        if (query.after().filter(after -> cursor.compareTo(after) <= 0).isEmpty()
            && wanted.test(placed.view())) {
          found.add(Map.entry(cursor, placed.view()));
        }
      });
      found.sort(Map.Entry.comparingByKey());
      return page(query, found);
    }

    private static <V> Page<V> page(Query query, List<Map.Entry<String, V>> found) {
      var shown = found.subList(0, Math.min(query.limit(), found.size()));
      return new Page<>(
          shown.stream().map(Map.Entry::getValue).toList(),
          shown.size() < found.size() ? Optional.of(shown.getLast().getKey()) : Optional.empty());
    }

    private static long seq(String cursor) {
      try {
        return Long.parseLong(cursor);
      } catch (NumberFormatException noCursor) {
        throw new IllegalArgumentException(
            "after: expected the next of a page, but found '" + cursor + "'", noCursor);
      }
    }
  }
}
