package dev.ahjo.http;

import dev.ahjo.core.id.BuildKey;
import dev.ahjo.core.id.BuilderKey;
import dev.ahjo.core.id.BuildsetId;
import dev.ahjo.core.id.ProjectName;
import dev.ahjo.core.id.RequestId;
import dev.ahjo.core.id.WorkerName;
import dev.ahjo.core.project.Result;
import dev.ahjo.core.status.BuildView;
import dev.ahjo.core.status.BuilderView;
import dev.ahjo.core.status.BuildsetView;
import dev.ahjo.core.status.ProjectView;
import dev.ahjo.core.status.RequestView;
import dev.ahjo.core.status.StatusStore;
import dev.ahjo.core.status.Views;
import dev.ahjo.core.status.WorkerView;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ConcurrentNavigableMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Read tables in memory. */
final class MemoryStatus implements StatusStore, Views {
  private final ConcurrentNavigableMap<ProjectName, ProjectView> projects =
      new ConcurrentSkipListMap<>();
  private final ConcurrentNavigableMap<BuilderKey, BuilderView> builders =
      new ConcurrentSkipListMap<>();
  private final ConcurrentNavigableMap<BuildsetId, BuildsetView> buildsets =
      new ConcurrentSkipListMap<>();
  private final ConcurrentNavigableMap<RequestId, RequestView> requests =
      new ConcurrentSkipListMap<>();
  private final ConcurrentNavigableMap<BuildKey, BuildView> builds = new ConcurrentSkipListMap<>();
  private final ConcurrentNavigableMap<WorkerName, WorkerView> workers =
      new ConcurrentSkipListMap<>();
  private volatile long applied;
  private volatile long ahead;

  void applied(long offset) {
    applied = offset;
  }

  /** From now on the journal is so many facts ahead of the tables. */
  void lags(long facts) {
    ahead = facts;
  }

  @Override
  public Progress progress() {
    return new Progress(applied, applied + ahead);
  }

  @Override
  public Optional<ProjectView> project(ProjectName name) {
    return Optional.ofNullable(projects.get(name));
  }

  @Override
  public Optional<BuilderView> builder(BuilderKey key) {
    return Optional.ofNullable(builders.get(key));
  }

  @Override
  public Optional<BuildsetView> buildset(BuildsetId id) {
    return Optional.ofNullable(buildsets.get(id));
  }

  @Override
  public Optional<RequestView> request(RequestId id) {
    return Optional.ofNullable(requests.get(id));
  }

  @Override
  public Optional<BuildView> build(BuildKey key) {
    return Optional.ofNullable(builds.get(key));
  }

  @Override
  public Optional<WorkerView> worker(WorkerName name) {
    return Optional.ofNullable(workers.get(name));
  }

  @Override
  public void put(ProjectView view) {
    projects.put(view.definition().name(), view);
  }

  @Override
  public void put(BuilderView view) {
    builders.put(view.key(), view);
  }

  @Override
  public void put(BuildsetView view) {
    buildsets.put(view.id(), view);
  }

  @Override
  public void put(RequestView view) {
    requests.put(view.id(), view);
  }

  @Override
  public void put(BuildView view) {
    builds.put(view.key(), view);
  }

  @Override
  public void put(WorkerView view) {
    workers.put(view.name(), view);
  }

  @Override
  public Page<ProjectView> projects(Query query) {
    return page(projects, query, Map.of());
  }

  @Override
  public Page<BuilderView> builders(Query query) {
    return page(builders, query, Map.of("project", v -> v.key().project().value()));
  }

  @Override
  public Page<BuildsetView> buildsets(Query query) {
    return page(
        buildsets.descendingMap(),
        query,
        Map.of(
            "project", v -> v.project().value(),
            "state", BuildsetView::state,
            "result", v -> label(v.result())));
  }

  @Override
  public Page<RequestView> requests(Query query) {
    return page(
        requests.descendingMap(),
        query,
        Map.of(
            "project", v -> v.builder().project().value(),
            "builder", v -> v.builder().builder().value(),
            "buildset", v -> v.buildset().value(),
            "state", RequestView::state,
            "result", v -> label(v.result())));
  }

  @Override
  public Page<BuildView> builds(Query query) {
    return page(
        builds.descendingMap(),
        query,
        Map.of(
            "project", v -> v.key().builder().project().value(),
            "builder", v -> v.key().builder().builder().value(),
            "buildset", v -> v.buildset().value(),
            "request", v -> v.request().value(),
            "worker", v -> v.worker().value(),
            "state", BuildView::state,
            "result", v -> label(v.result())));
  }

  @Override
  public Page<WorkerView> workers(Query query) {
    return page(workers, query, Map.of("pool", v -> v.pool().value(), "state", WorkerView::state));
  }

  private static String label(Optional<Result> result) {
    return result.map(Result::label).orElse("");
  }

  private static <K, V> Page<V> page(
      ConcurrentNavigableMap<K, V> all, Query query, Map<String, Function<V, String>> fields) {
    int from =
        query
            .after()
            .map(a -> {
              if (!a.matches("[0-9]{1,9}")) {
                throw new IllegalArgumentException("Not a cursor: " + a);
              }
              return Integer.parseInt(a);
            })
            .orElse(0);
    List<V> fit =
        all.values().stream()
            .filter(v ->
                query.filters().entrySet().stream()
                    .allMatch(f ->
                        f.getValue()
                            .contains(Objects.requireNonNull(fields.get(f.getKey())).apply(v))))
            .toList();
    int end = Math.min(fit.size(), from + query.limit());
    return new Page<>(
        fit.subList(Math.min(from, end), end),
        end < fit.size() ? Optional.of(Integer.toString(end)) : Optional.empty());
  }

  @Override
  public Map<String, Long> requestCounts() {
    return requests.values().stream()
        .collect(Collectors.groupingBy(RequestView::state, Collectors.counting()));
  }
}
