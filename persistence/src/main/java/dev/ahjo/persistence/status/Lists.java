package dev.ahjo.persistence.status;

import dev.ahjo.core.id.Names;
import dev.ahjo.core.status.StatusStore.Page;
import dev.ahjo.core.status.StatusStore.Query;
import dev.ahjo.persistence.status.Readers.Reader;
import java.io.IOException;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.TreeMap;
import java.util.stream.IntStream;

/**
 * How pages are read. A list is merged from runs of an index: each run holds the rows of one value
 * and one phase in their order, so that a page costs the same whatever lies behind it, and
 * whichever filters are combined.
 */
final class Lists {
  /** A builder's name alone may mean so many builders. */
  private static final int MAX_NAMESAKES = 1000;

  private Lists() {}

  static <V> Optional<V> find(Reader reader, Table<V> table, String id)
      throws SQLException, IOException {
    PreparedStatement query =
        reader.prepare("SELECT doc, large FROM " + table.name() + " WHERE id = ?");
    query.setString(1, id);
    try (ResultSet row = query.executeQuery()) {
      return row.next() ? Optional.of(Reader.view(table, row)) : Optional.empty();
    }
  }

  /** For kinds of which a farm has hundreds or thousands, not millions. */
  static <V> Page<V> byId(Reader reader, Table<V> table, Query query)
      throws SQLException, IOException {
    var where = new Where();
    where.and("id > ?", query.after().orElse(""));
    for (String column : table.columns()) {
      if (table.words().contains(column)) {
        where.word(column, query.values(column));
      } else {
        where.in(column, query.values(column));
      }
    }
    where.phases(shown(reader, table, query));
    PreparedStatement select =
        reader.prepare(
            "SELECT doc, large, id FROM " + table.name() + where.sql() + " ORDER BY id LIMIT ?");
    select.setInt(where.fill(select, 1), query.limit() + 1);
    List<V> views = new ArrayList<>();
    String last = "";
    try (ResultSet row = select.executeQuery()) {
      while (row.next()) {
        if (views.size() == query.limit()) {
          return new Page<>(views, Optional.of(last));
        }
        views.add(Reader.view(table, row));
        last = row.getString(3);
      }
    }
    return new Page<>(views, Optional.empty());
  }

  private static int[] shown(Reader reader, Table<?> table, Query query) throws SQLException {
    List<String> states = table.states().contains("removed") ? List.of("kept") : List.of();
    return table.accepted(
        phases(reader, table), states.isEmpty() ? query.values("state") : states, List.of());
  }

  static <V> Page<V> newestFirst(Reader reader, Table<V> table, Query query)
      throws SQLException, IOException {
    long before = query.after().map(Lists::seq).orElse(Long.MAX_VALUE);
    int[] phases =
        table.accepted(phases(reader, table), query.values("state"), query.values("result"));
    Map<String, List<String>> wanted = new HashMap<>();
    for (String column : table.columns()) {
      if (!query.values(column).isEmpty()) {
        wanted.put(column, query.values(column));
      }
    }
    if (wanted.containsKey("builder")) {
      wanted.put("builder", builders(reader, query));
      wanted.remove("project");
    }
    var newest = new Newest(query.limit() + 1);
    collect(reader, table, wanted, phases, before, newest);
    return page(reader, table, query.limit(), newest.inOrder());
  }

  /** Walks the runs of the index that fits best; what it does not cover is looked up row by row. */
  private static void collect(
      Reader reader,
      Table<?> table,
      Map<String, List<String>> wanted,
      int[] phases,
      long before,
      Newest newest)
      throws SQLException {
    if (phases.length == 0) {
      return;
    }
    for (String column : table.few()) {
      List<String> values = wanted.remove(column);
      if (values != null) {
        for (String value : values) {
          var run = new Where();
          run.and(column + " = ?", value);
          rest(run, wanted);
          run.phases(phases);
          newest.add(reader, table, table.index(column), run, column, before);
        }
        return;
      }
    }
    for (String column : table.indexed()) {
      List<String> values = wanted.remove(column);
      if (values != null) {
        for (String value : values) {
          for (int phase : phases) {
            var run = new Where();
            run.and(column + " = ?", value);
            run.and("phase = ?", phase);
            rest(run, wanted);
            newest.add(reader, table, table.index(column), run, column + ", phase", before);
          }
        }
        return;
      }
    }
    for (int phase : phases) {
      var run = new Where();
      run.and("phase = ?", phase);
      newest.add(reader, table, table.index("phase"), run, "phase", before);
    }
  }

  private static void rest(Where run, Map<String, List<String>> wanted) {
    wanted.forEach(run::in);
  }

  /** The newest of all runs, no more of them than a page needs. */
  private static final class Newest {
    private final int limit;
    private final PriorityQueue<Long> found = new PriorityQueue<>();

    Newest(int limit) {
      this.limit = limit;
    }

    void add(Reader reader, Table<?> table, String index, Where run, String order, long before)
        throws SQLException {
      run.and("seq < ?", before);
      // What is older than all of a full page is not looked at.
      run.and("seq > ?", found.size() < limit ? 0L : found.element());
      PreparedStatement select =
          reader.prepare(
              "SELECT seq FROM "
                  + table.name()
                  + reader.dialect().using(index)
                  + run.sql()
                  + " ORDER BY "
                  + order
                  + ", seq DESC LIMIT ?");
      select.setInt(run.fill(select, 1), limit);
      try (ResultSet row = select.executeQuery()) {
        while (row.next()) {
          found.add(row.getLong(1));
          if (found.size() > limit) {
            found.remove();
          }
        }
      }
    }

    List<Long> inOrder() {
      List<Long> seqs = new ArrayList<>(found);
      seqs.sort(Comparator.reverseOrder());
      return seqs;
    }
  }

  private static <V> Page<V> page(Reader reader, Table<V> table, int limit, List<Long> seqs)
      throws SQLException, IOException {
    List<V> views = new ArrayList<>();
    PreparedStatement select =
        reader.prepare("SELECT doc, large FROM " + table.name() + " WHERE seq = ?");
    for (long seq : seqs.subList(0, Math.min(limit, seqs.size()))) {
      select.setLong(1, seq);
      try (ResultSet row = select.executeQuery()) {
        if (row.next()) {
          views.add(Reader.view(table, row));
        }
      }
    }
    return new Page<>(
        views,
        seqs.size() > limit ? Optional.of(seqs.get(limit - 1).toString()) : Optional.empty());
  }

  private static long seq(String cursor) {
    try {
      return Long.parseLong(cursor);
    } catch (NumberFormatException noCursor) {
      throw new IllegalArgumentException(
          "after: expected the next of a page, but found '" + cursor + "'", noCursor);
    }
  }

  /** The phases that any row is in. */
  private static int[] phases(Reader reader, Table<?> table) throws SQLException {
    var phases = IntStream.builder();
    PreparedStatement select =
        reader.prepare("SELECT phase FROM tally WHERE kind = ? AND n > 0 ORDER BY phase");
    select.setString(1, table.name());
    try (ResultSet row = select.executeQuery()) {
      while (row.next()) {
        phases.add(row.getInt(1));
      }
    }
    return phases.build().toArray();
  }

  static Map<String, Long> counts(Reader reader, Table<?> table) throws SQLException {
    Map<String, Long> counts = new TreeMap<>();
    PreparedStatement select =
        reader.prepare("SELECT phase, n FROM tally WHERE kind = ? AND n > 0");
    select.setString(1, table.name());
    try (ResultSet row = select.executeQuery()) {
      while (row.next()) {
        counts.merge(table.state(row.getInt(1)), row.getLong(2), Long::sum);
      }
    }
    return counts;
  }

  /** The builders, by key, that the filters {@code builder} and {@code project} mean. */
  private static List<String> builders(Reader reader, Query query) throws SQLException {
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
        keys.addAll(namesakes(reader, value));
      }
    }
    return keys.stream().distinct().toList();
  }

  private static List<String> namesakes(Reader reader, String name) throws SQLException {
    PreparedStatement select =
        reader.prepare(
            "SELECT id FROM builder"
                + reader.dialect().using("builder_name")
                + " WHERE name = ? LIMIT ?");
    select.setString(1, name);
    select.setInt(2, MAX_NAMESAKES + 1);
    List<String> keys = new ArrayList<>();
    try (ResultSet row = select.executeQuery()) {
      while (row.next()) {
        keys.add(row.getString(1));
      }
    }
    if (keys.size() > MAX_NAMESAKES) {
      throw new IllegalArgumentException(
          "builder: more than "
              + MAX_NAMESAKES
              + " builders are called '"
              + name
              + "'; name one as project/"
              + name);
    }
    return keys;
  }

  /** Conditions that must all hold, and their values. */
  private static final class Where {
    private final List<String> conditions = new ArrayList<>();
    private final List<Object> values = new ArrayList<>();

    void and(String condition, Object value) {
      conditions.add(condition);
      values.add(value);
    }

    void in(String column, List<String> accepted) {
      if (!accepted.isEmpty()) {
        conditions.add(column + " IN (" + marks(accepted.size()) + ")");
        values.addAll(accepted);
      }
    }

    void word(String column, List<String> asked) {
      List<String> accepted =
          asked.stream().filter(w -> !w.isEmpty() && w.indexOf(' ') < 0).toList();
      if (accepted.isEmpty() && !asked.isEmpty()) {
        conditions.add("1 = 0");
      } else if (!asked.isEmpty()) {
        conditions.add(
            "("
                + String.join(
                    " OR ",
                    Collections.nCopies(
                        accepted.size(), "POSITION(? IN ' ' || " + column + " || ' ') > 0"))
                + ")");
        accepted.forEach(word -> values.add(" " + word + " "));
      }
    }

    void phases(int[] accepted) {
      if (accepted.length == 0) {
        conditions.add("1 = 0");
      } else {
        conditions.add("phase IN (" + marks(accepted.length) + ")");
        IntStream.of(accepted).forEach(values::add);
      }
    }

    private static String marks(int n) {
      return String.join(", ", Collections.nCopies(n, "?"));
    }

    String sql() {
      return " WHERE " + String.join(" AND ", conditions);
    }

    /** Sets the values from parameter {@code first} on; answers the number of the next one. */
    int fill(PreparedStatement statement, int first) throws SQLException {
      int next = first;
      for (Object value : values) {
        statement.setObject(next++, value);
      }
      return next;
    }
  }
}
