package dev.ahjo.persistence.status;

import java.util.ArrayList;
import java.util.List;

/** Which lists a view stands in, in Cassandra, where each list has partitions of its own. */
final class ListNames {
  /** That of all views of a kind. */
  static final String ALL = "";

  private ListNames() {}

  static String of(String column, String value) {
    return column + "=" + value;
  }

  /** Newest first, with counts by phase. */
  static <V> List<String> counted(Table<V> table, V view) {
    return table.named() ? List.of() : all(table, view, table.indexes());
  }

  /** Newest first, of a few lines. */
  static <V> List<String> few(Table<V> table, V view) {
    List<String> lists = table.named() ? List.of() : all(table, view, table.few());
    return lists.isEmpty() ? lists : lists.subList(1, lists.size());
  }

  /** By name, and by what never changes: a list that must be left leaves a tombstone. */
  static <V> List<String> byName(Table<V> table, V view) {
    return table.named() ? all(table, view, table.few()) : List.of();
  }

  private static <V> List<String> all(Table<V> table, V view, List<String> columns) {
    List<String> values = table.values().apply(view);
    List<String> lists = new ArrayList<>();
    lists.add(ALL);
    for (String column : columns) {
      lists.add(of(column, values.get(table.columns().indexOf(column))));
    }
    return lists;
  }

  /** The columns whose values stand in the lines of the kind's lists. */
  static List<String> tagged(Table<?> table) {
    return table.named() ? table.columns() : table.indexed();
  }

  static <V> List<String> tags(Table<V> table, V view) {
    List<String> values = table.values().apply(view);
    return tagged(table).stream().map(c -> values.get(table.columns().indexOf(c))).toList();
  }
}
