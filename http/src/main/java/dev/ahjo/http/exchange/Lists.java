package dev.ahjo.http.exchange;

import dev.ahjo.core.status.Listing;
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
  private Lists() {}

  /** A page of a list. */
  record Document<T>(List<T> items, Optional<String> next) {}

  /**
   * Answers one page.
   *
   * @param list says what may be asked for
   */
  public static <V, T> HttpResponse answer(
      Call call, Listing list, Function<Query, Page<V>> read, Function<V, Optional<T>> view) {
    Query query = query(call, list.fields());
    Page<V> page;
    try {
      list.check(query);
      page = read.apply(query);
    } catch (IllegalArgumentException wrong) {
      throw parameter(wrong);
    }
    return Reply.json(
        call,
        new Document<>(
            page.items().stream().flatMap(v -> view.apply(v).stream()).toList(), page.next()));
  }

  /** What is wrong begins with the name of the field. */
  private static Problem parameter(IllegalArgumentException wrong) {
    String text = String.valueOf(wrong.getMessage());
    int colon = text.indexOf(": ");
    if (colon < 0) {
      throw wrong;
    }
    return Problem.parameter(text.substring(0, colon), text.substring(colon + 2));
  }

  /** Answers one page of a list that is at hand as a whole, in the order of its items' keys. */
  public static <T> HttpResponse inOne(Call call, List<T> all, Function<T, String> key) {
    Query query = query(call, Set.of());
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

  private static Query query(Call call, Set<String> fields) {
    Set<String> known = new HashSet<>(fields);
    known.add("limit");
    known.add("after");
    call.allow(known);
    Map<String, List<String>> wanted = new HashMap<>();
    for (String field : fields) {
      List<String> given = call.parameters(field);
      if (!given.isEmpty()) {
        wanted.put(field, given);
      }
    }
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
