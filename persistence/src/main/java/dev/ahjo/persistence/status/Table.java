package dev.ahjo.persistence.status;

import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.ObjectWriter;
import dev.ahjo.core.project.Result;
import dev.ahjo.core.status.BuildView;
import dev.ahjo.core.status.BuilderView;
import dev.ahjo.core.status.BuildsetView;
import dev.ahjo.core.status.ProjectView;
import dev.ahjo.core.status.RequestView;
import dev.ahjo.core.status.WorkerView;
import dev.ahjo.wire.Json;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * The table of one kind of view. Each row has
 *
 * <ul>
 *   <li>{@code seq}: counts the kind's views in the order in which they came; lists follow it
 *   <li>{@code id}: the view's key
 *   <li>the columns that lists are filtered by
 *   <li>{@code phase}: state and result in one small number, see {@link #phase}
 *   <li>{@code doc}: the view as JSON; one too long for a row stands in {@code large}
 * </ul>
 *
 * @param columns what is filtered by, besides state and result
 * @param values of these columns
 * @param indexes those of the columns that have an index with {@code phase} and {@code seq}
 * @param few those whose values have few rows each: their index goes without {@code phase}
 */
record Table<V>(
    String name,
    Class<V> type,
    Function<V, String> id,
    List<String> columns,
    Function<V, List<String>> values,
    List<String> indexes,
    List<String> few,
    List<String> states,
    Function<V, String> state,
    Function<V, Optional<Result>> result,
    ObjectWriter writer,
    ObjectReader reader) {
  /** H2 admits a little more in one row. */
  private static final int MAX_INLINE = 1_000_000;

  static final Table<ProjectView> PROJECTS =
      table(
          "project",
          ProjectView.class,
          v -> v.definition().name().value(),
          List.of(),
          _ -> List.of(),
          List.of(),
          List.of(),
          Set.of("kept", "removed"),
          v -> v.removed() ? "removed" : "kept",
          _ -> Optional.empty());

  static final Table<BuilderView> BUILDERS =
      table(
          "builder",
          BuilderView.class,
          v -> v.key().toString(),
          List.of("project", "name"),
          v -> List.of(v.key().project().value(), v.key().builder().value()),
          List.of(),
          List.of("name"),
          Set.of("kept", "removed"),
          v -> v.removed() ? "removed" : "kept",
          _ -> Optional.empty());

  static final Table<BuildsetView> BUILDSETS =
      table(
          "buildset",
          BuildsetView.class,
          v -> v.id().value(),
          List.of("project"),
          v -> List.of(v.project().value()),
          List.of("project"),
          List.of(),
          BuildsetView.STATES,
          BuildsetView::state,
          BuildsetView::result);

  static final Table<RequestView> REQUESTS =
      table(
          "request",
          RequestView.class,
          v -> v.id().value(),
          List.of("project", "builder", "buildset"),
          v -> List.of(v.builder().project().value(), v.builder().toString(), v.buildset().value()),
          List.of("builder", "project"),
          List.of("buildset"),
          RequestView.STATES,
          RequestView::state,
          RequestView::result);

  static final Table<BuildView> BUILDS =
      table(
          "build",
          BuildView.class,
          v -> v.key().toString(),
          List.of("project", "builder", "worker", "buildset", "request"),
          v ->
              List.of(
                  v.key().builder().project().value(),
                  v.key().builder().toString(),
                  v.worker().value(),
                  v.buildset().value(),
                  v.request().value()),
          List.of("builder", "worker", "project"),
          List.of("request", "buildset"),
          BuildView.STATES,
          BuildView::state,
          BuildView::result);

  static final Table<WorkerView> WORKERS =
      table(
          "worker",
          WorkerView.class,
          v -> v.name().value(),
          List.of("pool"),
          v -> List.of(v.pool().value()),
          List.of(),
          List.of(),
          WorkerView.STATES,
          WorkerView::state,
          _ -> Optional.empty());

  static final List<Table<?>> ALL =
      List.of(PROJECTS, BUILDERS, BUILDSETS, REQUESTS, BUILDS, WORKERS);

  private static <V> Table<V> table(
      String name,
      Class<V> type,
      Function<V, String> id,
      List<String> columns,
      Function<V, List<String>> values,
      List<String> indexes,
      List<String> few,
      Set<String> states,
      Function<V, String> state,
      Function<V, Optional<Result>> result) {
    return new Table<>(
        name,
        type,
        id,
        columns,
        values,
        indexes,
        few,
        List.copyOf(new TreeSet<>(states)),
        state,
        result,
        Json.text().writerFor(type),
        Json.text().readerFor(type));
  }

  /** The statements that make this table. */
  List<String> schema() {
    List<String> sql = new ArrayList<>();
    sql.add(
        "CREATE TABLE "
            + name
            + " (seq BIGINT PRIMARY KEY, id VARCHAR(255) NOT NULL, "
            + columns.stream()
                .map(c -> c + " VARCHAR(255) NOT NULL, ")
                .collect(Collectors.joining())
            + "phase INTEGER NOT NULL, doc VARBINARY("
            + MAX_INLINE
            + "), large BLOB)");
    sql.add("CREATE UNIQUE INDEX " + name + "_id ON " + name + " (id)");
    sql.add("CREATE INDEX " + name + "_phase ON " + name + " (phase, seq DESC)");
    for (String column : indexes) {
      sql.add(
          "CREATE INDEX " + index(column) + " ON " + name + " (" + column + ", phase, seq DESC)");
    }
    for (String column : few) {
      sql.add("CREATE INDEX " + index(column) + " ON " + name + " (" + column + ", seq DESC)");
    }
    return sql;
  }

  String index(String column) {
    return name + "_" + column;
  }

  String insert() {
    return "INSERT INTO "
        + name
        + " (phase, doc, large, "
        + columns.stream().map(c -> c + ", ").collect(Collectors.joining())
        + "seq, id) VALUES (?, ?, ?, "
        + "?, ".repeat(columns.size())
        + "?, ?)";
  }

  String update() {
    return "UPDATE "
        + name
        + " SET phase = ?, doc = ?, large = ?"
        + columns.stream().map(c -> ", " + c + " = ?").collect(Collectors.joining())
        + " WHERE seq = ?";
  }

  /**
   * State and result as one number, so that one index serves the filters of both: a list is merged
   * from the phases it accepts, each already in order.
   */
  int phase(V view) {
    int state = states.indexOf(this.state.apply(view));
    if (state < 0) {
      throw new IllegalStateException(
          name + " " + id.apply(view) + " has the unknown state '" + this.state.apply(view) + "'");
    }
    return phase(state, result.apply(view).map(Result::ordinal).orElse(-1));
  }

  private static int phase(int state, int result) {
    return state * (Result.values().length + 1) + result + 1;
  }

  /** All phases are below this number. */
  int phases() {
    return states.size() * (Result.values().length + 1);
  }

  String state(int phase) {
    return states.get(phase / (Result.values().length + 1));
  }

  private static String result(int phase) {
    int result = phase % (Result.values().length + 1) - 1;
    return result < 0 ? "" : Result.values()[result].label();
  }

  /** Those of {@code phases} that the filters accept; no values accept all. */
  int[] accepted(int[] phases, List<String> states, List<String> results) {
    return IntStream.of(phases)
        .filter(p -> states.isEmpty() || states.contains(state(p)))
        .filter(p -> results.isEmpty() || results.contains(result(p)))
        .toArray();
  }

  byte[] write(V view) throws IOException {
    return writer.writeValueAsBytes(view);
  }

  V read(byte[] doc) throws IOException {
    return reader.readValue(doc);
  }

  static boolean fits(byte[] doc) {
    return doc.length <= MAX_INLINE;
  }
}
