package dev.ahjo.persistence.status;

import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.ObjectWriter;
import dev.ahjo.core.project.Result;
import dev.ahjo.core.status.BuildView;
import dev.ahjo.core.status.BuilderView;
import dev.ahjo.core.status.BuildsetView;
import dev.ahjo.core.status.Listing;
import dev.ahjo.core.status.LockView;
import dev.ahjo.core.status.PoolView;
import dev.ahjo.core.status.ProjectView;
import dev.ahjo.core.status.RequestView;
import dev.ahjo.core.status.WorkerView;
import dev.ahjo.persistence.jdbc.Dialect;
import dev.ahjo.wire.Json;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

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
 * @param words those of the columns that hold several words; a filter asks for one of them
 * @param values of these columns
 * @param indexes those of the columns that have an index with {@code phase} and {@code seq}
 * @param few those whose values have few rows each: their index goes without {@code phase}
 * @param listing says what may be asked for
 */
record Table<V>(
    String name,
    Class<V> type,
    Function<V, String> id,
    Listing listing,
    List<String> columns,
    List<String> words,
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
          Listing.PROJECTS,
          List.of("tags"),
          List.of("tags"),
          v -> List.of(words(v.definition().tags())),
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
          Listing.BUILDERS,
          List.of("project", "name", "tags", "pool", "labels"),
          List.of("tags", "labels"),
          v ->
              List.of(
                  v.key().project().value(),
                  v.key().builder().value(),
                  words(v.tags()),
                  v.pool().value(),
                  words(v.labels())),
          List.of(),
          List.of("project", "name"),
          Set.of("kept", "removed"),
          v -> v.removed() ? "removed" : "kept",
          _ -> Optional.empty());

  static final Table<BuildsetView> BUILDSETS =
      table(
          "buildset",
          BuildsetView.class,
          v -> v.id().value(),
          Listing.BUILDSETS,
          List.of("project", "priority"),
          List.of(),
          v -> List.of(v.project().value(), Integer.toString(v.priority())),
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
          Listing.REQUESTS,
          List.of("project", "builder", "buildset", "priority"),
          List.of(),
          v ->
              List.of(
                  v.builder().project().value(),
                  v.builder().toString(),
                  v.buildset().value(),
                  Integer.toString(v.priority())),
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
          Listing.BUILDS,
          List.of("project", "builder", "worker", "buildset", "request"),
          List.of(),
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
          Listing.WORKERS,
          List.of("pool", "labels"),
          List.of("labels"),
          v -> List.of(v.pool().value(), words(v.labels())),
          List.of(),
          List.of(),
          WorkerView.STATES,
          WorkerView::state,
          _ -> Optional.empty());

  static final Table<LockView> LOCKS =
      table(
          "lock",
          LockView.class,
          v -> v.key().toString(),
          Listing.LOCKS,
          List.of("project", "name"),
          List.of(),
          v -> List.of(v.key().project().value(), v.key().name()),
          List.of(),
          List.of("project"),
          Set.of("kept", "removed"),
          v -> v.gone() ? "removed" : "kept",
          _ -> Optional.empty());

  static final Table<PoolView> POOLS =
      table(
          "pool",
          PoolView.class,
          v -> v.name().value(),
          Listing.POOLS,
          List.of(),
          List.of(),
          _ -> List.of(),
          List.of(),
          List.of(),
          Set.of("kept"),
          _ -> "kept",
          _ -> Optional.empty());

  static final List<Table<?>> ALL =
      List.of(PROJECTS, BUILDERS, BUILDSETS, REQUESTS, BUILDS, WORKERS, LOCKS, POOLS);

  private static <V> Table<V> table(
      String name,
      Class<V> type,
      Function<V, String> id,
      Listing listing,
      List<String> columns,
      List<String> words,
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
        listing,
        columns,
        words,
        values,
        indexes,
        few,
        List.copyOf(new TreeSet<>(states)),
        state,
        result,
        Json.text().writerFor(type),
        Json.text().readerFor(type));
  }

  /** As one value; no name has a space in it. */
  private static String words(Collection<String> words) {
    return words.stream().sorted().collect(Collectors.joining(" "));
  }

  /** Whether a view with this value of the column is one that was asked for. */
  boolean accepts(String column, List<String> asked, String value) {
    return words.contains(column)
        ? Stream.of(value.split(" ", -1)).anyMatch(word -> !word.isEmpty() && asked.contains(word))
        : asked.contains(value);
  }

  /** Whether the kind is listed by name: those of which there are thousands, not millions. */
  boolean named() {
    return indexes.isEmpty();
  }

  /** What can be asked for, but hardly ever is: no list goes by it. */
  List<String> rare() {
    return columns.stream().filter(c -> !indexes.contains(c) && !few.contains(c)).toList();
  }

  /** The statements that make this table. */
  List<String> schema(Dialect dialect) {
    List<String> sql = new ArrayList<>();
    sql.add(
        "CREATE TABLE "
            + dialect.ifMissing()
            + name
            + " (seq BIGINT PRIMARY KEY, id "
            + dialect.name255()
            + " NOT NULL, "
            + columns.stream()
                .map(c -> c + " " + type(c, dialect) + " NOT NULL, ")
                .collect(Collectors.joining())
            + "phase INTEGER NOT NULL, doc "
            + dialect.bytes()
            + ", large "
            + dialect.large()
            + ")");
    sql.add("CREATE UNIQUE INDEX " + dialect.ifMissing() + name + "_id ON " + name + " (id)");
    String create = "CREATE INDEX " + dialect.ifMissing();
    sql.add(create + name + "_phase ON " + name + " (phase, seq DESC)");
    for (String column : indexed()) {
      sql.add(create + index(column) + " ON " + name + " (" + column + ", phase, seq DESC)");
    }
    for (String column : few) {
      sql.add(create + index(column) + " ON " + name + " (" + column + ", seq DESC)");
    }
    return sql;
  }

  /** The columns with an index of their own, the best first; only long lists need the last. */
  List<String> indexed() {
    return named() ? indexes : Stream.concat(indexes.stream(), rare().stream()).toList();
  }

  private String type(String column, Dialect dialect) {
    return words.contains(column) ? "VARCHAR(" + MAX_INLINE + ")" : dialect.name255();
  }

  /** Those of all kinds, and how many rows are in which phase. */
  static List<String> schemaOfAll(Dialect dialect) {
    List<String> sql = new ArrayList<>();
    ALL.forEach(table -> sql.addAll(table.schema(dialect)));
    sql.add(
        "CREATE TABLE "
            + dialect.ifMissing()
            + "tally (kind VARCHAR(20), phase INTEGER, n BIGINT NOT NULL,"
            + " PRIMARY KEY (kind, phase))");
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
