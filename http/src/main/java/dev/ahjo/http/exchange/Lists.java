package dev.ahjo.http.exchange;

import dev.ahjo.core.status.StatusStore;
import dev.ahjo.core.status.StatusStore.Page;
import dev.ahjo.core.status.StatusStore.Query;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import org.apache.pekko.http.javadsl.model.HttpResponse;

/** Lists: {@code limit}, {@code after}, and filters of the fields' names, each repeatable. */
public final class Lists {
  /** More values of one filter than anybody needs. */
  private static final int MAX_VALUES = 100;

  /** States and results as lists may be filtered by; another word is a mistake worth telling. */
  public static final Set<String> RESULTS =
      Set.of("cancelled", "retry", "exception", "failure", "warnings", "success", "skipped");

  private Lists() {}

  /** A page of a list. */
  record Document<T>(List<T> items, Optional<String> next) {}

  /**
   * Answers one page.
   *
   * @param filters the fields to filter by; a set that is not empty names all their values
   */
  public static <V, T> HttpResponse answer(
      Call call,
      Map<String, Set<String>> filters,
      Function<Query, Page<V>> read,
      Function<V, Optional<T>> view) {
    Query query = query(call, filters);
    Page<V> page;
    try {
      page = read.apply(query);
    } catch (IllegalArgumentException wrongCursor) {
      if (query.after().isEmpty()) {
        throw wrongCursor;
      }
      throw Problem.parameter("after", "expected the `next` of a page before");
    }
    return Reply.json(
        call,
        new Document<>(
            page.items().stream().flatMap(v -> view.apply(v).stream()).toList(), page.next()));
  }

  /** Answers one page of a list that is at hand as a whole, in the order of its items' keys. */
  public static <T> HttpResponse inOne(Call call, List<T> all, Function<T, String> key) {
    Query query = query(call, Map.of());
    List<T> rest =
        all.stream()
            .sorted(Comparator.comparing(key))
            .filter(item -> query.after().filter(a -> key.apply(item).compareTo(a) <= 0).isEmpty())
            .toList();
    List<T> page = rest.subList(0, Math.min(query.limit(), rest.size()));
    return Reply.json(
        call,
        new Document<>(
            page,
            page.size() < rest.size() ? Optional.of(key.apply(page.getLast())) : Optional.empty()));
  }

  private static Query query(Call call, Map<String, Set<String>> filters) {
    Set<String> known = new HashSet<>(filters.keySet());
    known.add("limit");
    known.add("after");
    call.allow(known);
    Map<String, List<String>> wanted = new HashMap<>();
    filters.forEach((field, values) -> {
      List<String> given = call.parameters(field);
      if (given.size() > MAX_VALUES) {
        throw Problem.parameter(field, "expected at most " + MAX_VALUES + " values");
      }
      for (String value : given) {
        if (!values.isEmpty() && !values.contains(value)) {
          throw Problem.parameter(
              field,
              "expected one of "
                  + String.join(", ", values.stream().sorted().toList())
                  + ", but found '"
                  + value
                  + "'");
        }
      }
      if (!given.isEmpty()) {
        wanted.put(field, given);
      }
    });
    return new Query(wanted, limit(call), call.parameter("after"));
  }

  private static int limit(Call call) {
    return call.parameter("limit")
        .map(text -> {
          try {
            int limit = Integer.parseInt(text);
            if (limit >= 1 && limit <= StatusStore.MAX_LIMIT) {
              return limit;
            }
          } catch (NumberFormatException notANumber) {
            // told below, like a number out of bounds
          }
          throw Problem.parameter(
              "limit",
              "expected a number from 1 to "
                  + StatusStore.MAX_LIMIT
                  + ", but found '"
                  + text
                  + "'");
        })
        .orElse(StatusStore.DEFAULT_LIMIT);
  }
}
