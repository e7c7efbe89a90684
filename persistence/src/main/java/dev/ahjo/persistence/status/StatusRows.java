package dev.ahjo.persistence.status;

import com.datastax.oss.driver.api.core.ConsistencyLevel;
import com.datastax.oss.driver.api.core.CqlSession;
import com.datastax.oss.driver.api.core.cql.AsyncResultSet;
import com.datastax.oss.driver.api.core.cql.BatchStatement;
import com.datastax.oss.driver.api.core.cql.BatchableStatement;
import com.datastax.oss.driver.api.core.cql.BoundStatement;
import com.datastax.oss.driver.api.core.cql.DefaultBatchType;
import com.datastax.oss.driver.api.core.cql.PreparedStatement;
import com.datastax.oss.driver.api.core.cql.Row;
import com.datastax.oss.driver.api.core.cql.Statement;
import com.github.luben.zstd.Zstd;
import dev.ahjo.persistence.status.Write.Spot;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * The tables of views and lists in Cassandra. {@code generation} is the first part of every key:
 * another version's views are other rows.
 *
 * <ul>
 *   <li>{@code status_view}: a view in a partition of its own
 *   <li>{@code status_entry}: the lines of a leaf of a {@link Counted} list, newest first; {@code
 *       status_leaf} the leaves of a branch, {@code status_branch} the branches of a list, both
 *       with counts
 *   <li>{@code status_few}: lists of a few lines, such as the builds of a request
 *   <li>{@code status_name}: lists by name
 * </ul>
 *
 * <p>Rows are never deleted; all are written with the commit's offset for a time stamp, so that
 * what comes late or twice changes nothing.
 */
final class StatusRows {
  /** Lines of one partition that go in one message. */
  private static final int AT_ONCE = 100;

  private static final int MAX_DOC = 256 << 20;

  private final CqlSession session;
  private final String generation;
  private final PreparedStatement putView;
  private final PreparedStatement putEntry;
  private final PreparedStatement putLeaf;
  private final PreparedStatement putBranch;
  private final PreparedStatement putFew;
  private final PreparedStatement putName;
  private final PreparedStatement view;
  private final PreparedStatement entries;
  private final PreparedStatement leaves;
  private final PreparedStatement branches;
  private final PreparedStatement few;
  private final PreparedStatement names;

  StatusRows(CqlSession session, String keyspace, String generation) {
    this.session = session;
    this.generation = generation;
    String status = keyspace + ".status_";
    putView =
        session.prepare(
            "INSERT INTO "
                + status
                + "view (generation, kind, id, seq, phase, doc,"
                + " lists, branches, leaves) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)");
    putEntry =
        session.prepare(
            "INSERT INTO "
                + status
                + "entry (generation, kind, list, leaf, seq, id, phase, tags) VALUES (?, ?, ?, ?, ?, ?, ?, ?)");
    putLeaf =
        session.prepare(
            "INSERT INTO "
                + status
                + "leaf (generation, kind, list, branch, leaf, counts) VALUES (?, ?, ?, ?, ?, ?)");
    putBranch =
        session.prepare(
            "INSERT INTO "
                + status
                + "branch (generation, kind, list, branch, leaves, counts) VALUES (?, ?, ?, ?, ?, ?)");
    putFew =
        session.prepare(
            "INSERT INTO "
                + status
                + "few (generation, kind, list, seq, id) VALUES (?, ?, ?, ?, ?)");
    putName =
        session.prepare(
            "INSERT INTO "
                + status
                + "name (generation, kind, list, id, phase, tags) VALUES (?, ?, ?, ?, ?, ?)");
    view =
        session.prepare(
            "SELECT seq, phase, doc, lists, branches, leaves FROM "
                + status
                + "view WHERE generation = ? AND kind = ? AND id = ?");
    String list = " WHERE generation = ? AND kind = ? AND list = ?";
    entries =
        session.prepare(
            "SELECT seq, id, phase, tags FROM "
                + status
                + "entry"
                + list
                + " AND leaf = ? AND seq < ?");
    leaves =
        session.prepare(
            "SELECT leaf, counts FROM " + status + "leaf" + list + " AND branch = ? AND leaf < ?");
    branches =
        session.prepare(
            "SELECT branch, leaves, counts FROM " + status + "branch" + list + " AND branch < ?");
    few = session.prepare("SELECT seq, id FROM " + status + "few" + list + " AND seq < ?");
    names =
        session.prepare("SELECT id, phase, tags FROM " + status + "name" + list + " AND id > ?");
  }

  /** The statements that make the tables in {@code keyspace}, if they are not there. */
  static List<String> schema(String keyspace) {
    return List.of(
        """
        CREATE TABLE IF NOT EXISTS %s.status_view (
          generation text, kind text, id text,
          seq bigint, phase int, doc blob,
          lists frozen<list<text>>, branches frozen<list<bigint>>, leaves frozen<list<bigint>>,
          PRIMARY KEY ((generation, kind, id)))
          WITH comment = 'Views of projects, builders, buildsets, requests, builds and workers'\
        """
            .formatted(keyspace),
        """
        CREATE TABLE IF NOT EXISTS %s.status_entry (
          generation text, kind text, list text, leaf bigint,
          seq bigint, id text, phase int, tags frozen<list<text>>,
          PRIMARY KEY ((generation, kind, list, leaf), seq))
          WITH CLUSTERING ORDER BY (seq DESC)
          AND comment = 'Lists, newest first: the lines of a leaf'\
        """
            .formatted(keyspace),
        """
        CREATE TABLE IF NOT EXISTS %s.status_leaf (
          generation text, kind text, list text, branch bigint,
          leaf bigint, counts frozen<map<int, bigint>>,
          PRIMARY KEY ((generation, kind, list, branch), leaf))
          WITH CLUSTERING ORDER BY (leaf DESC)
          AND comment = 'Lists: the leaves of a branch, and how many lines are in which phase'\
        """
            .formatted(keyspace),
        """
        CREATE TABLE IF NOT EXISTS %s.status_branch (
          generation text, kind text, list text,
          branch bigint, leaves int, counts frozen<map<int, bigint>>,
          PRIMARY KEY ((generation, kind, list), branch))
          WITH CLUSTERING ORDER BY (branch DESC)
          AND comment = 'Lists: their branches, and how many lines are in which phase'\
        """
            .formatted(keyspace),
        """
        CREATE TABLE IF NOT EXISTS %s.status_few (
          generation text, kind text, list text,
          seq bigint, id text,
          PRIMARY KEY ((generation, kind, list), seq))
          WITH CLUSTERING ORDER BY (seq DESC)
          AND comment = 'Lists of a few lines'\
        """
            .formatted(keyspace),
        """
        CREATE TABLE IF NOT EXISTS %s.status_name (
          generation text, kind text, list text,
          id text, phase int, tags frozen<list<text>>,
          PRIMARY KEY ((generation, kind, list), id))
          WITH comment = 'Lists by name'\
        """
            .formatted(keyspace));
  }

  // --- writing

  /**
   * The statements of a commit, in rounds of which each is to be done before the next: what a list
   * names can be read, and what is counted is listed. Lines of one partition share a message.
   */
  List<List<Statement<?>>> statements(List<Write> writes, long offset) {
    List<Statement<?>> views = new ArrayList<>();
    Map<Object, List<BatchableStatement<?>>> lines = new LinkedHashMap<>();
    Map<Object, List<BatchableStatement<?>>> counts = new LinkedHashMap<>();
    for (Write write : writes) {
      BoundStatement bound = bind(write).setQueryTimestamp(offset).setIdempotent(true);
      switch (write) {
        case Write.View _ -> views.add(quorum(bound));
        case Write.Entry e ->
            lines
                .computeIfAbsent(List.of(e.kind(), e.list(), e.leaf()), _ -> new ArrayList<>())
                .add(bound);
        case Write.Few f ->
            lines
                .computeIfAbsent(List.of("few", f.kind(), f.list()), _ -> new ArrayList<>())
                .add(bound);
        case Write.Name n ->
            lines
                .computeIfAbsent(List.of("name", n.kind(), n.list()), _ -> new ArrayList<>())
                .add(bound);
        case Write.Leaf l ->
            counts
                .computeIfAbsent(List.of(l.kind(), l.list(), l.branch()), _ -> new ArrayList<>())
                .add(bound);
        case Write.Branch b ->
            counts.computeIfAbsent(List.of(b.kind(), b.list()), _ -> new ArrayList<>()).add(bound);
      }
    }
    return List.of(views, together(lines, offset), together(counts, offset));
  }

  private static List<Statement<?>> together(
      Map<Object, List<BatchableStatement<?>>> partitions, long offset) {
    List<Statement<?>> messages = new ArrayList<>();
    for (List<BatchableStatement<?>> lines : partitions.values()) {
      for (int from = 0; from < lines.size(); from += AT_ONCE) {
        List<BatchableStatement<?>> some =
            lines.subList(from, Math.min(lines.size(), from + AT_ONCE));
        messages.add(
            BatchStatement.newInstance(DefaultBatchType.UNLOGGED)
                .addAll(some)
                .setQueryTimestamp(offset)
                .setIdempotent(true)
                .setConsistencyLevel(ConsistencyLevel.LOCAL_QUORUM));
      }
    }
    return messages;
  }

  private BoundStatement bind(Write write) {
    return switch (write) {
      case Write.View v ->
          putView.bind(
              generation,
              v.kind(),
              v.id(),
              v.seq(),
              v.phase(),
              ByteBuffer.wrap(v.doc()),
              v.spots().stream().map(Spot::list).toList(),
              v.spots().stream().map(Spot::branch).toList(),
              v.spots().stream().map(Spot::leaf).toList());
      case Write.Entry e ->
          putEntry.bind(
              generation, e.kind(), e.list(), e.leaf(), e.seq(), e.id(), e.phase(), e.tags());
      case Write.Leaf l ->
          putLeaf.bind(generation, l.kind(), l.list(), l.branch(), l.leaf(), l.counts());
      case Write.Branch b ->
          putBranch.bind(generation, b.kind(), b.list(), b.branch(), b.leaves(), b.counts());
      case Write.Few f -> putFew.bind(generation, f.kind(), f.list(), f.seq(), f.id());
      case Write.Name n ->
          putName.bind(generation, n.kind(), n.list(), n.id(), n.phase(), n.tags());
    };
  }

  static byte[] compressed(byte[] doc) {
    return Zstd.compress(doc);
  }

  // --- reading

  /** A view as it is stored. */
  record Found<V>(V view, long seq, int phase, List<Spot> spots) {}

  /** A line of a list; of a list of few, without phase and tags. */
  record Line(long seq, String id, int phase, List<String> tags) {}

  /** A leaf or branch. */
  record Node(long first, int leaves, Map<Integer, Long> counts) {}

  <V> Optional<Found<V>> find(Table<V> table, String id) {
    return found(table, session.execute(ask(table, id)).one());
  }

  <V> CompletionStage<Optional<Found<V>>> findLater(Table<V> table, String id) {
    return session.executeAsync(ask(table, id)).thenApply(rows -> found(table, rows.one()));
  }

  private BoundStatement ask(Table<?> table, String id) {
    return quorum(view.bind(generation, table.name(), id));
  }

  @SuppressWarnings("NullAway") // a row that is there has all its columns
  private static <V> Optional<Found<V>> found(Table<V> table, @Nullable Row row) {
    if (row == null) {
      return Optional.empty();
    }
    ByteBuffer zstd = row.getByteBuffer("doc");
    byte[] bytes = new byte[zstd.remaining()];
    zstd.get(bytes);
    long size = Zstd.getFrameContentSize(bytes);
    if (size < 0 || size > MAX_DOC) {
      throw new StatusUnavailable("A " + table.name() + " in the read tables is damaged");
    }
    List<String> lists = row.getList("lists", String.class);
    List<Long> branches = row.getList("branches", Long.class);
    List<Long> leaves = row.getList("leaves", Long.class);
    List<Spot> spots = new ArrayList<>();
    for (int i = 0; i < lists.size(); i++) {
      spots.add(new Spot(lists.get(i), branches.get(i), leaves.get(i)));
    }
    try {
      return Optional.of(
          new Found<>(
              table.read(Zstd.decompress(bytes, (int) size)),
              row.getLong("seq"),
              row.getInt("phase"),
              spots));
    } catch (IOException unreadable) {
      throw new StatusUnavailable("A " + table.name() + " can't be read", unreadable);
    }
  }

  /** The lines of a leaf before {@code seq}, newest first. */
  CompletionStage<List<Line>> entries(String kind, String list, long leaf, long before) {
    return lines(entries.bind(generation, kind, list, leaf, before), StatusRows::line);
  }

  /** The leaves of a branch that begin before {@code seq}, newest first. */
  CompletionStage<List<Node>> leaves(String kind, String list, long branch, long before) {
    return lines(
        leaves.bind(generation, kind, list, branch, before),
        row -> new Node(row.getLong(0), 1, counts(row)));
  }

  /** The branches of a list that begin before {@code seq}, newest first. */
  CompletionStage<List<Node>> branches(String kind, String list, long before) {
    return lines(
        branches.bind(generation, kind, list, before),
        row -> new Node(row.getLong(0), row.getInt(1), counts(row)));
  }

  /** The lines of a short list before {@code seq}, newest first. */
  CompletionStage<List<Line>> few(String kind, String list, long before) {
    return lines(
        few.bind(generation, kind, list, before),
        row -> new Line(row.getLong(0), String.valueOf(row.getString(1)), 0, List.of()));
  }

  /** Up to {@code limit} lines of a list by name, after {@code id}. */
  List<Line> names(String kind, String list, String after, int limit) {
    List<Line> found = new ArrayList<>();
    // A page more of rows than asked for would only be thrown away.
    var rows =
        session.execute(
            quorum(names.bind(generation, kind, list, after)).setPageSize(Math.min(limit, 1000)));
    for (Row row : rows) {
      found.add(new Line(0, String.valueOf(row.getString(0)), row.getInt(1), texts(row, "tags")));
      if (found.size() == limit) {
        break;
      }
    }
    return found;
  }

  private static Line line(Row row) {
    return new Line(
        row.getLong(0), String.valueOf(row.getString(1)), row.getInt(2), texts(row, "tags"));
  }

  private static List<String> texts(Row row, String column) {
    List<String> texts = row.getList(column, String.class);
    return texts == null ? List.of() : texts;
  }

  private static Map<Integer, Long> counts(Row row) {
    Map<Integer, Long> counts = row.getMap("counts", Integer.class, Long.class);
    return counts == null ? Map.of() : counts;
  }

  private interface Read<T> {
    T of(Row row);
  }

  private <T> CompletionStage<List<T>> lines(BoundStatement statement, Read<T> read) {
    List<T> all = new ArrayList<>();
    return session.executeAsync(quorum(statement)).thenCompose(rows -> gather(rows, read, all));
  }

  /** All pages; every partition that is read whole is bounded. */
  private static <T> CompletionStage<List<T>> gather(
      AsyncResultSet rows, Read<T> read, List<T> all) {
    rows.currentPage().forEach(row -> all.add(read.of(row)));
    return rows.hasMorePages()
        ? rows.fetchNextPage().thenCompose(next -> gather(next, read, all))
        : CompletableFuture.completedFuture(all);
  }

  private static BoundStatement quorum(BoundStatement statement) {
    return statement.setConsistencyLevel(ConsistencyLevel.LOCAL_QUORUM).setIdempotent(true);
  }
}
