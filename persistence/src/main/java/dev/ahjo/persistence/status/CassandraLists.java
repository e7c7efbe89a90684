package dev.ahjo.persistence.status;

import dev.ahjo.core.id.Names;
import dev.ahjo.core.status.StatusStore.Page;
import dev.ahjo.core.status.StatusStore.Query;
import dev.ahjo.persistence.status.StatusRows.Found;
import dev.ahjo.persistence.status.StatusRows.Line;
import dev.ahjo.persistence.status.StatusRows.Node;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.TreeMap;
import java.util.concurrent.CompletionStage;
import java.util.function.IntPredicate;
import java.util.function.Predicate;
import java.util.stream.IntStream;

/**
 * How pages are read from Cassandra: the lists that fit the filters best are merged, lines that
 * other filters don't accept are passed over, and the views of the rest are fetched side by side.
 */
final class CassandraLists {
  /** So many lists are merged at most; beyond that the longer list of all is read instead. */
  static final int MAX_MERGED = 50;

  /**
   * So many lines are looked at for one page. A page may then be short although more follow: which
   * is only so when filters of several fields are combined that seldom meet.
   */
  static final int MAX_PASSED = 20_000;

  /** Views asked for at once for one page; a connection to Cassandra takes some thousand in all. */
  private static final int SIDE_BY_SIDE = 50;

  private final StatusRows rows;

  CassandraLists(StatusRows rows) {
    this.rows = rows;
  }

  <V> Optional<V> find(Table<V> table, String id) {
    return Answers.of(rows.findLater(table, id)).map(Found::view);
  }

  // --- by name

  <V> Page<V> byName(Table<V> table, Query query) {
    String list = ListNames.ALL;
    List<String> projects = table.few().isEmpty() ? List.of() : query.values("project");
    if (projects.size() == 1) {
      list = ListNames.of("project", projects.getFirst());
    }
    IntPredicate phases = shown(table, query);
    Predicate<Line> wanted = tagged(table, query);
    var page = new Filling<V>(query.limit());
    String after = query.after().orElse("");
    int ask = query.limit() + 1;
    while (!page.full()) {
      List<Line> lines = rows.names(table.name(), list, after, ask);
      List<Line> accepted =
          lines.stream().filter(l -> phases.test(l.phase()) && wanted.test(l)).toList();
      fetch(table, accepted, Line::id, v -> shows(table, phases, v), page);
      if (lines.size() < ask) {
        break;
      }
      after = lines.getLast().id();
    }
    return page.page();
  }

  private static IntPredicate shown(Table<?> table, Query query) {
    boolean hides = table.states().contains("removed");
    return accepted(table, hides ? List.of("kept") : query.values("state"), List.of());
  }

  // --- newest first

  <V> Page<V> newestFirst(Table<V> table, Query query) {
    long before = query.after().map(CassandraLists::seq).orElse(Long.MAX_VALUE);
    IntPredicate phases = accepted(table, query.values("state"), query.values("result"));
    for (String column : table.few()) {
      if (!query.values(column).isEmpty()) {
        return ofFew(table, query, column, phases, before);
      }
    }
    List<ListRead> lists = new ArrayList<>();
    for (String list : best(table, query)) {
      lists.add(new ListRead(rows, table.name(), list, phases, before));
    }
    return merged(table, query, phases, lists);
  }

  /** The lists of builds or requests that hold all that is wanted, and little else. */
  private List<String> best(Table<?> table, Query query) {
    List<String> builders =
        query.values("builder").isEmpty() ? List.of() : builders(query, MAX_MERGED);
    if (!query.values("builder").isEmpty() && builders.size() <= MAX_MERGED) {
      return builders.stream().map(b -> ListNames.of("builder", b)).toList();
    }
    for (String column : table.indexes()) {
      if (!column.equals("builder") && !query.values(column).isEmpty()) {
        return query.values(column).stream().distinct().map(v -> ListNames.of(column, v)).toList();
      }
    }
    return List.of(ListNames.ALL);
  }

  private <V> Page<V> merged(
      Table<V> table, Query query, IntPredicate phases, List<ListRead> lists) {
    int need = query.limit() + 1;
    Predicate<Line> wanted = tagged(table, query);
    Comparator<ListRead> newest = Comparator.comparingLong(l -> -seqOf(l, need));
    var merge = new PriorityQueue<>(newest);
    open(lists);
    for (ListRead list : lists) {
      if (list.peek(need) != null) {
        merge.add(list);
      }
    }
    var page = new Filling<V>(query.limit());
    int passed = 0;
    while (!page.full()) {
      List<Line> next = new ArrayList<>();
      while (next.size() < need - page.size() && !merge.isEmpty() && passed < MAX_PASSED) {
        ListRead list = merge.remove();
        Line line = list.peek(need);
        if (line != null) {
          list.take();
          passed++;
          page.passed(line.seq());
          if (wanted.test(line)) {
            next.add(line);
          }
          if (list.peek(need) != null) {
            merge.add(list);
          }
        }
      }
      fetch(table, next, l -> Long.toString(l.seq()), v -> shows(table, phases, v), page);
      if (merge.isEmpty()) {
        return page.page();
      }
      if (passed >= MAX_PASSED && !page.full()) {
        return page.cutShort();
      }
    }
    return page.page();
  }

  /** The lists of many builders or projects are begun side by side. */
  private static void open(List<ListRead> lists) {
    List<CompletionStage<List<Node>>> begun = new ArrayList<>();
    lists.forEach(list -> begun.add(list.begin()));
    begun.forEach(Answers::of);
  }

  private static long seqOf(ListRead list, int need) {
    Line line = list.peek(need);
    return line == null ? 0 : line.seq();
  }

  /** Of a few requests or buildsets: their views say what else they are. */
  private <V> Page<V> ofFew(
      Table<V> table, Query query, String column, IntPredicate phases, long before) {
    Map<Long, Line> lines = new TreeMap<>(Comparator.reverseOrder());
    List<CompletionStage<List<Line>>> asked = new ArrayList<>();
    for (String value : query.values(column)) {
      asked.add(rows.few(table.name(), ListNames.of(column, value), before));
    }
    for (var list : asked) {
      Answers.of(list).forEach(line -> lines.put(line.seq(), line));
    }
    List<Line> left = new ArrayList<>(lines.values());
    var page = new Filling<V>(query.limit());
    Predicate<V> wanted = v -> shows(table, phases, v) && matches(table, query, v);
    for (int from = 0; from < left.size() && !page.full(); from += query.limit() + 1) {
      fetch(
          table,
          left.subList(from, Math.min(left.size(), from + query.limit() + 1)),
          l -> Long.toString(l.seq()),
          wanted,
          page);
    }
    return page.page();
  }

  // --- what they have in common

  private interface Cursor {
    String of(Line line);
  }

  /** A page as it fills, and one item more, which says that others follow. */
  private static final class Filling<V> {
    private final int limit;
    private final List<V> items = new ArrayList<>();
    private String last = "";
    private long passed;
    private boolean more;

    Filling(int limit) {
      this.limit = limit;
    }

    void add(V view, String cursor) {
      if (items.size() == limit) {
        more = true;
      } else {
        items.add(view);
        last = cursor;
      }
    }

    void passed(long seq) {
      passed = seq;
    }

    int size() {
      return items.size();
    }

    boolean full() {
      return more;
    }

    Page<V> page() {
      return new Page<>(items, more ? Optional.of(last) : Optional.empty());
    }

    /** More may follow after what was looked at. */
    Page<V> cutShort() {
      return new Page<>(items, Optional.of(Long.toString(passed)));
    }
  }

  /** A view may have changed since its line was read, and no longer be what was asked for. */
  private <V> void fetch(
      Table<V> table, List<Line> lines, Cursor cursor, Predicate<V> wanted, Filling<V> page) {
    Deque<CompletionStage<Optional<Found<V>>>> asked = new ArrayDeque<>();
    int next = 0;
    for (Line line : lines) {
      while (next < lines.size() && asked.size() < SIDE_BY_SIDE) {
        asked.add(rows.findLater(table, lines.get(next++).id()));
      }
      var found = Answers.of(asked.remove()).map(Found::view);
      if (found.isPresent() && wanted.test(found.get())) {
        page.add(found.get(), cursor.of(line));
      }
    }
  }

  private static <V> boolean shows(Table<V> table, IntPredicate phases, V view) {
    return phases.test(table.phase(view));
  }

  private static IntPredicate accepted(Table<?> table, List<String> states, List<String> results) {
    boolean[] accepted = new boolean[table.phases()];
    for (int phase :
        table.accepted(IntStream.range(0, accepted.length).toArray(), states, results)) {
      accepted[phase] = true;
    }
    return phase -> phase >= 0 && accepted[phase];
  }

  private static <V> boolean matches(Table<V> table, Query query, V view) {
    List<String> values = table.values().apply(view);
    for (String column : table.columns()) {
      if (!matches(table, query, column, values.get(table.columns().indexOf(column)))) {
        return false;
      }
    }
    return true;
  }

  private static Predicate<Line> tagged(Table<?> table, Query query) {
    List<String> columns = ListNames.tagged(table);
    return line -> {
      for (int i = 0; i < columns.size(); i++) {
        if (!matches(table, query, columns.get(i), line.tags().get(i))) {
          return false;
        }
      }
      return true;
    };
  }

  private static boolean matches(Table<?> table, Query query, String column, String value) {
    List<String> asked = query.values(column);
    return asked.isEmpty()
        || table.accepts(column, asked, value)
        || (column.equals("builder") && asked.contains(value.substring(value.indexOf('/') + 1)));
  }

  private static long seq(String cursor) {
    try {
      return Long.parseLong(cursor);
    } catch (NumberFormatException noCursor) {
      throw new IllegalArgumentException(
          "after: expected the next of a page, but found '" + cursor + "'", noCursor);
    }
  }

  /** The builders, by key, that the filters {@code builder} and {@code project} mean. */
  private List<String> builders(Query query, int max) {
    List<String> projects = query.values("project");
    List<String> keys = new ArrayList<>();
    for (String value : query.values("builder")) {
      int slash = value.indexOf('/');
      if (slash >= 0) {
        if (projects.isEmpty() || projects.contains(value.substring(0, slash))) {
          keys.add(value);
        }
      } else if (!projects.isEmpty()) {
        projects.forEach(project -> keys.add(project + "/" + value));
      } else if (Names.valid(value)) {
        rows.names(Table.BUILDERS.name(), ListNames.of("name", value), "", max + 1)
            .forEach(line -> keys.add(line.id()));
      }
    }
    return keys.stream().distinct().toList();
  }

  /** How many are in each state. */
  Map<String, Long> counts(Table<?> table) {
    Map<Integer, Long> phases = new HashMap<>();
    for (var branch : Answers.of(rows.branches(table.name(), ListNames.ALL, Long.MAX_VALUE))) {
      branch.counts().forEach((phase, n) -> phases.merge(phase, n, Long::sum));
    }
    Map<String, Long> counts = new TreeMap<>();
    phases.forEach((phase, n) -> {
      if (phase != Counted.GONE) {
        counts.merge(table.state(phase), n, Long::sum);
      }
    });
    return counts;
  }
}
