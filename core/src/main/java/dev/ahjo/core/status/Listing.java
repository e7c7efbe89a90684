package dev.ahjo.core.status;

import dev.ahjo.core.project.Result;
import dev.ahjo.core.status.StatusStore.Query;
import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** The lists of {@link StatusStore}, and what each can be filtered by. */
public enum Listing {
  PROJECTS(Map.of("tags", Set.of())),
  BUILDERS(
      Map.of(
          "project", Set.of(),
          "name", Set.of(),
          "tags", Set.of(),
          "pool", Set.of(),
          "labels", Set.of())),
  BUILDSETS(
      Map.of(
          "project", Set.of(),
          "priority", Set.of(),
          "state", BuildsetView.STATES,
          "result", Listing.results())),
  REQUESTS(
      Map.of(
          "project", Set.of(),
          "builder", Set.of(),
          "buildset", Set.of(),
          "priority", Set.of(),
          "state", RequestView.STATES,
          "result", Listing.results())),
  BUILDS(
      Map.of(
          "project", Set.of(),
          "builder", Set.of(),
          "buildset", Set.of(),
          "request", Set.of(),
          "worker", Set.of(),
          "state", BuildView.STATES,
          "result", Listing.results())),
  WORKERS(Map.of("pool", Set.of(), "labels", Set.of(), "state", WorkerView.STATES)),
  LOCKS(Map.of("project", Set.of(), "name", Set.of())),
  POOLS(Map.of());

  private static final Pattern WHOLE = Pattern.compile("0|-?[1-9][0-9]{0,8}");

  private final Map<String, Set<String>> filters;

  Listing(Map<String, Set<String>> filters) {
    this.filters = new TreeMap<>(filters);
  }

  private static Set<String> results() {
    return Arrays.stream(Result.values()).map(Result::label).collect(Collectors.toSet());
  }

  /** The fields it can be filtered by. */
  public Set<String> fields() {
    return filters.keySet();
  }

  /**
   * @throws IllegalArgumentException naming the field that this list can't be filtered by, or that
   *     has no such value, or too many
   */
  public void check(Query query) {
    for (String field : new TreeSet<>(query.filters().keySet())) {
      Set<String> known = filters.get(field);
      if (known == null) {
        throw new IllegalArgumentException(
            field
                + ": "
                + (filters.isEmpty()
                    ? "this list has no filters"
                    : "expected a filter out of " + String.join(", ", filters.keySet())));
      }
      if (query.values(field).size() > Query.MAX_VALUES) {
        throw new IllegalArgumentException(
            field + ": expected at most " + Query.MAX_VALUES + " values");
      }
      for (String value : query.values(field)) {
        if (!known.isEmpty() && !known.contains(value)) {
          throw new IllegalArgumentException(
              field
                  + ": expected one of "
                  + String.join(", ", new TreeSet<>(known))
                  + ", but found '"
                  + value
                  + "'");
        }
        if (field.equals("priority") && !WHOLE.matcher(value).matches()) {
          throw new IllegalArgumentException(
              field + ": expected a whole number, but found '" + value + "'");
        }
      }
    }
  }
}
