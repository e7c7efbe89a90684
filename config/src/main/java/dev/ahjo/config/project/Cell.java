package dev.ahjo.config.project;

import dev.ahjo.config.yaml.Value;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * One builder of the finished project: a builder of the file, or one cell of its matrix.
 *
 * @param key the builder's name in the file
 * @param draft with everything that it inherits
 * @param values of the matrix, in the order of its keys; empty without one
 */
record Cell(Value key, BuilderDraft draft, String group, Map<String, String> values) {
  static final int MAX_CELLS = 256;

  /** {@code group-value1-value2}, in the order of the matrix's keys. */
  String name() {
    return values.isEmpty() ? group : group + "-" + String.join("-", values.values());
  }

  /** All cells of a builder; the last key's values change fastest. None if there are too many. */
  static List<Cell> spread(Value key, BuilderDraft draft, String group) {
    Map<String, List<String>> matrix = draft.matrix().orElse(Map.of());
    long count = 1;
    for (List<String> axis : matrix.values()) {
      count = Math.min(count * axis.size(), Integer.MAX_VALUE);
    }
    if (count > MAX_CELLS) {
      key.error("expected at most " + MAX_CELLS + " cells of a matrix, but found " + count);
      return List.of();
    }
    List<Map<String, String>> cells = new ArrayList<>();
    cells.add(Map.of());
    for (var axis : matrix.entrySet()) {
      List<Map<String, String>> longer = new ArrayList<>();
      for (Map<String, String> cell : cells) {
        for (String value : axis.getValue()) {
          Map<String, String> one = new LinkedHashMap<>(cell);
          one.put(axis.getKey(), value);
          longer.add(one);
        }
      }
      cells = longer;
    }
    return cells.stream().map(values -> new Cell(key, draft, group, values)).toList();
  }
}
