package dev.ahjo.core.status;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The read tables as pages and programs read them. Never waits for a writer. Calls may block on a
 * disk; callers are on threads that may wait.
 *
 * <p>While they can't be read, all throw an {@link java.io.UncheckedIOException} that says why.
 *
 * <p>Lists throw an {@link IllegalArgumentException} whose text begins with the name of the field
 * at fault: a filter that the list does not have ({@link Listing}), a state or result that does not
 * exist, or a cursor that is none. The filter {@code builder} takes a name or {@code project/name}.
 */
public interface StatusStore extends ViewsByKey {
  /** A page's longest and usual length. */
  int MAX_LIMIT = 1000;

  int DEFAULT_LIMIT = 50;

  /** Filters: tags. By name, without removed ones. */
  Page<ProjectView> projects(Query query);

  /** Filters: project, name, tags, pool, labels. By key, without removed ones. */
  Page<BuilderView> builders(Query query);

  /** Filters: project, priority, state, result. Newest first. */
  Page<BuildsetView> buildsets(Query query);

  /** Filters: project, builder, buildset, priority, state, result. Newest first. */
  Page<RequestView> requests(Query query);

  /** Filters: project, builder, buildset, request, worker, state, result. Newest first. */
  Page<BuildView> builds(Query query);

  /** Filters: pool, labels, state. By name. */
  Page<WorkerView> workers(Query query);

  /** Filters: project, name. By key, without those that are gone. */
  Page<LockView> locks(Query query);

  /** By name. */
  Page<PoolView> pools(Query query);

  /** How many requests are in each state. */
  Map<String, Long> requestCounts();

  /** The offset in the journal up to which the tables speak, and that of its end. */
  Progress progress();

  record Progress(long applied, long journal) {}

  /**
   * What to list.
   *
   * @param filters accepted values by field; a field without any accepts all
   * @param limit from 1 to {@link #MAX_LIMIT}
   * @param after the {@code next} of the page before
   */
  record Query(Map<String, List<String>> filters, int limit, Optional<String> after) {
    /** So many values of one field at most. */
    public static final int MAX_VALUES = 50;

    public static final Query ALL = new Query(Map.of(), DEFAULT_LIMIT, Optional.empty());

    public Query {
      filters = Map.copyOf(filters);
      if (limit < 1 || limit > MAX_LIMIT) {
        throw new IllegalArgumentException(
            "limit: expected a number from 1 to " + MAX_LIMIT + ", but found " + limit);
      }
    }

    /** The values accepted of {@code field}; none means all. */
    public List<String> values(String field) {
      return filters.getOrDefault(field, List.of());
    }
  }

  /** A page of a list; {@code next} is there when more follow. */
  record Page<V>(List<V> items, Optional<String> next) {
    public Page {
      items = List.copyOf(items);
    }
  }
}
