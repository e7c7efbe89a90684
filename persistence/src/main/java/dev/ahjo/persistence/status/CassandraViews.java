package dev.ahjo.persistence.status;

import com.datastax.oss.driver.api.core.CqlSession;
import com.datastax.oss.driver.api.core.DriverException;
import com.datastax.oss.driver.api.core.cql.AsyncResultSet;
import com.datastax.oss.driver.api.core.cql.Statement;
import dev.ahjo.core.kernel.EntityRef;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The read tables in Cassandra as the projection sees them. Cassandra has no transactions over
 * partitions, so a commit goes in three steps:
 *
 * <ol>
 *   <li>all that is to be written is laid beside the {@link Head};
 *   <li>the head is moved, if this is still who may move it. This is the commit;
 *   <li>the rows are written. Who is killed before they all are leaves it to the next projection,
 *       which begins by writing them again.
 * </ol>
 *
 * <p>All rows of a commit have its offset for their time. So the same commit may be written twice,
 * and by two; and what a projection still has under way that was superseded long ago changes
 * nothing any more.
 */
final class CassandraViews implements ByTable.Written {
  private static final Logger LOG = LoggerFactory.getLogger(CassandraViews.class);

  /** Views of one kind that stay in memory when nothing about them is unwritten. */
  private static final int KEPT = 5_000;

  /** A commit is some dozens of messages, one of them a transaction. */
  private static final Duration REST = Duration.ofMillis(50);

  /** Messages on their way at once. */
  private static final int ON_THE_WAY = 64;

  private final CqlSession session;
  private final StatusRows rows;
  private final Head head;
  private final Writing writing;

  /** By the names of their tables, in the order in which they are written. */
  private final Map<String, ListedShelf<?>> shelves = new LinkedHashMap<>();

  private Head.At at;
  private volatile long applied;

  /** An epoch that was to be begun, whether or not it was. */
  private long raising = -1;

  /** Hears of each message before it is sent. */
  interface Writing {
    void next();
  }

  private CassandraViews(CqlSession session, StatusRows rows, Head head, Writing writing) {
    this.session = session;
    this.rows = rows;
    this.head = head;
    this.writing = writing;
    Table.ALL.forEach(table -> shelves.put(table.name(), made(table)));
    at = head.take();
    settle();
  }

  /**
   * Takes the pen, and finishes what the last one had committed.
   *
   * @throws StatusUnavailable when Cassandra can't be read or written
   */
  static CassandraViews take(CqlSession session, StatusRows rows, Head head, Writing writing) {
    try {
      return new CassandraViews(session, rows, head, writing);
    } catch (DriverException failed) {
      throw new StatusUnavailable("The read tables can't be taken over", failed);
    }
  }

  private <V> ListedShelf<V> made(Table<V> table) {
    return new ListedShelf<>(
        table, KEPT, id -> rows.findLater(table, id), new Counted(rows, table.name()));
  }

  @Override
  public long applied() {
    return applied;
  }

  @Override
  public void commit(long offset) {
    List<Write> writes = new ArrayList<>();
    Map<String, Long> seqs = new HashMap<>();
    for (ListedShelf<?> shelf : shelves.values()) {
      writes.addAll(shelf.writes());
      seqs.put(shelf.kind(), shelf.lastSeq());
    }
    try {
      int slot = 1 - at.slot();
      int parts = 0;
      if (!writes.isEmpty()) {
        writing.next();
        parts = head.prepare(at.epoch(), slot, offset, writes);
      }
      writing.next();
      at = head.move(at, offset, slot, parts, seqs).orElseThrow(this::superseded);
      write(writes, offset);
    } catch (DriverException failed) {
      throw new StatusUnavailable("The read tables can't be written", failed);
    }
    applied = offset;
    shelves.values().forEach(ListedShelf::written);
  }

  private StatusUnavailable superseded() {
    return new StatusUnavailable(
        "Another node has begun to write the read tables after this one; expected epoch "
            + at.epoch());
  }

  private void write(List<Write> writes, long offset) {
    for (List<Statement<?>> round : rows.statements(writes, offset)) {
      var onTheWay = new ArrayDeque<CompletableFuture<AsyncResultSet>>();
      for (Statement<?> message : round) {
        if (onTheWay.size() == ON_THE_WAY) {
          Answers.of(onTheWay.remove());
        }
        writing.next();
        onTheWay.add(session.executeAsync(message).toCompletableFuture());
      }
      onTheWay.forEach(Answers::of);
    }
    writing.next();
    session.execute(head.show(offset));
  }

  /** All that is not in memory is asked for at once; one by one each would cost a round trip. */
  @Override
  public void expect(Set<EntityRef> entities) {
    int asked = 0;
    for (EntityRef entity : entities) {
      ListedShelf<?> shelf = shelves.get(entity.type().label());
      if (shelf != null) {
        shelf.ask(entity.id());
        if (++asked % ON_THE_WAY == 0) {
          shelves.values().forEach(ListedShelf::hear);
        }
      }
    }
    shelves.values().forEach(ListedShelf::hear);
  }

  @Override
  public Duration rest(int records) {
    return REST;
  }

  @Override
  public void forget() {
    try {
      at = fenced();
      settle();
    } catch (DriverException failed) {
      throw new StatusUnavailable("The read tables can't be read", failed);
    }
  }

  /** Where the head stands and stays: no move that is still on its way can happen any more. */
  private Head.At fenced() {
    for (int i = 0; i < Head.ATTEMPTS; i++) {
      Head.At now =
          head.read()
              .orElseThrow(() ->
                  new StatusUnavailable("The read tables were removed while they were written"));
      if (now.epoch() != at.epoch() && now.epoch() != raising) {
        throw superseded();
      }
      at = now;
      raising = Head.above(now.epoch());
      Optional<Head.At> mine = head.raise(now, raising);
      if (mine.isPresent()) {
        return mine.get();
      }
    }
    throw new StatusUnavailable("The read tables' head does not come to rest");
  }

  /** Finishes the last commit, and begins with nothing else in memory. */
  private void settle() {
    if (at.applied() > 0) {
      List<Write> writes = head.redo(at);
      write(writes, at.applied());
      LOG.debug("The commit at {} is written again: {} rows", at.applied(), writes.size());
    }
    for (ListedShelf<?> shelf : shelves.values()) {
      shelf.forget(at.seqs().getOrDefault(shelf.kind(), 0L));
    }
    applied = at.applied();
  }

  @Override
  public <V> Optional<V> find(Table<V> table, String id) {
    return shelf(table).find(id);
  }

  @Override
  public <V> void put(Table<V> table, V view) {
    shelf(table).put(view);
  }

  @SuppressWarnings("unchecked") // each table's shelf was made for its views
  private <V> ListedShelf<V> shelf(Table<V> table) {
    return (ListedShelf<V>) Objects.requireNonNull(shelves.get(table.name()));
  }
}
