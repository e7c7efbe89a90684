package dev.ahjo.persistence.cassandra;

import com.datastax.oss.driver.api.core.CqlSession;
import com.datastax.oss.driver.api.core.DefaultConsistencyLevel;
import com.datastax.oss.driver.api.core.cql.AsyncResultSet;
import com.datastax.oss.driver.api.core.cql.BatchStatement;
import com.datastax.oss.driver.api.core.cql.BatchType;
import com.datastax.oss.driver.api.core.cql.BoundStatement;
import com.datastax.oss.driver.api.core.cql.PreparedStatement;
import com.datastax.oss.driver.api.core.cql.Statement;
import com.datastax.oss.driver.api.core.servererrors.QueryValidationException;
import dev.ahjo.persistence.journal.Row;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The journal's rows. A row is written with a lightweight transaction that fails when its number is
 * taken: of two incarnations of an entity, one of which has not heard that it was given up for
 * dead, only one can go on. Rows decided at once are stored at once or not at all.
 */
final class JournalRows {
  /** Rows of one decision. */
  static final int MAX_AT_ONCE = 500;

  /** So long a write is tried whose outcome nobody knows. */
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private static final Duration FIRST_PAUSE = Duration.ofMillis(50);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(1);
  private static final int PAGE = 200;

  private final CqlSession session;
  private final CausalClock clock;
  private final PreparedStatement insert;
  private final PreparedStatement last;
  private final PreparedStatement range;
  private final PreparedStatement floor;
  private final PreparedStatement setFloor;
  private final PreparedStatement delete;

  JournalRows(CqlSession session, String keyspace, CausalClock clock) {
    this.session = session;
    this.clock = clock;
    String journal = keyspace + ".journal";
    insert =
        session.prepare(
            "INSERT INTO "
                + journal
                + " (entity, part, sequence_nr, writer, written, stamp, adapter, serializer,"
                + " manifest, payload) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) IF NOT EXISTS");
    last =
        session.prepare(
            "SELECT sequence_nr, stamp FROM "
                + journal
                + " WHERE entity = ? AND part = ? ORDER BY sequence_nr DESC LIMIT 1");
    range =
        session.prepare(
            "SELECT sequence_nr, writer, written, adapter, serializer, manifest, payload FROM "
                + journal
                + " WHERE entity = ? AND part = ? AND sequence_nr >= ? AND sequence_nr <= ?");
    floor =
        session.prepare("SELECT deleted_to FROM " + keyspace + ".journal_floor WHERE entity = ?");
    setFloor =
        session.prepare(
            "INSERT INTO "
                + keyspace
                + ".journal_floor (entity, deleted_to) VALUES (?, ?)"
                + " USING TIMESTAMP ?");
    delete =
        session.prepare(
            "DELETE FROM " + journal + " WHERE entity = ? AND part = ? AND sequence_nr <= ?");
  }

  /** Rows decided at once stand in the part of their first, and may run over its end. */
  static long part(long sequenceNr) {
    return (sequenceNr - 1) / FactTables.ROWS_OF_PART;
  }

  /** The first part in which a row may be. */
  private static long firstPart(long sequenceNr) {
    return part(Math.max(1, sequenceNr - MAX_AT_ONCE + 1));
  }

  /**
   * Stores the rows of one decision of one entity.
   *
   * @return fails with {@link TakenOver} when another incarnation has written at that number
   */
  CompletableFuture<Void> append(List<Row> rows) {
    if (rows.size() > MAX_AT_ONCE) {
      return CompletableFuture.failedFuture(
          new IllegalArgumentException(
              "Expected at most " + MAX_AT_ONCE + " rows at once, but found " + rows.size()));
    }
    long part = part(rows.getFirst().sequenceNr());
    List<BoundStatement> inserts = rows.stream().map(row -> bound(row, part)).toList();
    Statement<?> statement =
        inserts.size() == 1
            ? inserts.getFirst()
            : BatchStatement.newInstance(BatchType.UNLOGGED, List.copyOf(inserts));
    var stored = new CompletableFuture<Void>();
    append(
        statement.setIdempotent(true),
        rows,
        System.nanoTime() + PATIENCE.toNanos(),
        FIRST_PAUSE,
        stored);
    return stored;
  }

  private BoundStatement bound(Row row, long part) {
    return insert.bind(
        row.persistenceId(),
        part,
        row.sequenceNr(),
        row.writer(),
        row.written(),
        clock.next(),
        row.adapter(),
        row.serializer(),
        row.manifest(),
        ByteBuffer.wrap(row.payload()));
  }

  /**
   * Whether a transaction that timed out has happened can't be known; but it can be tried again: if
   * it has, its own row is in the way.
   */
  private void append(
      Statement<?> statement,
      List<Row> rows,
      long deadline,
      Duration pause,
      CompletableFuture<Void> stored) {
    session
        .executeAsync(statement)
        .whenComplete((result, failed) -> {
          if (failed == null) {
            judge(result, rows, stored);
          } else if (!refused(failed) && System.nanoTime() + pause.toNanos() - deadline < 0) {
            Duration twice = pause.multipliedBy(2);
            CompletableFuture.delayedExecutor(pause.toMillis(), TimeUnit.MILLISECONDS)
                .execute(() ->
                    append(
                        statement,
                        rows,
                        deadline,
                        twice.compareTo(LONGEST_PAUSE) < 0 ? twice : LONGEST_PAUSE,
                        stored));
          } else {
            stored.completeExceptionally(failed);
          }
        });
  }

  /** Whether it is the statement itself that the servers don't take, as when a row is too large. */
  private static boolean refused(Throwable failed) {
    return cause(failed) instanceof QueryValidationException;
  }

  private static void judge(AsyncResultSet result, List<Row> rows, CompletableFuture<Void> stored) {
    if (result.wasApplied()) {
      stored.complete(null);
      return;
    }
    String writer = rows.getFirst().writer();
    for (var row : result.currentPage()) {
      String other = row.isNull("writer") ? writer : String.valueOf(row.getString("writer"));
      if (!other.equals(writer)) {
        stored.completeExceptionally(
            new TakenOver(rows.getFirst().persistenceId(), row.getLong("sequence_nr")));
        return;
      }
    }
    stored.complete(null);
  }

  /** Another incarnation of the entity has written there: this one must not go on. */
  static final class TakenOver extends RuntimeException {
    private static final long serialVersionUID = 1;

    TakenOver(String entity, long sequenceNr) {
      super(
          "Another incarnation of "
              + entity
              + " has written its record #"
              + sequenceNr
              + "; this one stops");
    }
  }

  /**
   * The number of the last row, 0 if there never was one. Whatever writes were under way when it
   * was asked have either been counted or will never happen.
   *
   * @param from a number that is known to be reached
   */
  CompletableFuture<Long> highest(String entity, long from) {
    return floor(entity)
        .thenCompose(floor -> {
          long start = Math.max(from, floor + 1);
          return highest(entity, firstPart(start), part(Math.max(1, start)), floor);
        });
  }

  private CompletableFuture<Long> highest(String entity, long part, long atLeast, long best) {
    return session
        .executeAsync(
            last.bind(entity, part)
                .setConsistencyLevel(DefaultConsistencyLevel.LOCAL_SERIAL)
                .setIdempotent(true))
        .toCompletableFuture()
        .thenCompose(found -> {
          var row = found.one();
          if (row == null && part >= atLeast) {
            return CompletableFuture.completedFuture(best);
          }
          long reached = row == null ? best : Math.max(best, row.getLong("sequence_nr"));
          if (row != null) {
            // What this entity does next comes after what it did on another node.
            clock.seen(row.getLong("stamp"));
          }
          return highest(entity, part + 1, atLeast, reached);
        });
  }

  private CompletableFuture<Long> floor(String entity) {
    return session
        .executeAsync(floor.bind(entity).setIdempotent(true))
        .thenApply(found -> {
          var row = found.one();
          return row == null ? 0L : row.getLong("deleted_to");
        })
        .toCompletableFuture();
  }

  /**
   * Hands on the rows from one number to another, in order, at most {@code max} of them.
   *
   * @param to at most the number of the last row
   */
  CompletableFuture<Void> read(String entity, long from, long to, long max, Consumer<Row> taker) {
    if (from > to || max <= 0) {
      return CompletableFuture.completedFuture(null);
    }
    return read(new Reading(entity, Math.max(1, from), to, part(to), taker), firstPart(from), max);
  }

  /**
   * As {@link #read}, but for what was deleted: a deletion by a node whose clock is behind may have
   * left rows.
   */
  CompletableFuture<Void> replay(String entity, long from, long to, long max, Consumer<Row> taker) {
    return floor(entity)
        .thenCompose(floor -> read(entity, Math.max(from, floor + 1), to, max, taker));
  }

  private record Reading(String entity, long from, long to, long lastPart, Consumer<Row> taker) {}

  private CompletableFuture<Void> read(Reading reading, long part, long left) {
    if (part > reading.lastPart() || left <= 0) {
      return CompletableFuture.completedFuture(null);
    }
    return session
        .executeAsync(
            range
                .bind(reading.entity(), part, reading.from(), reading.to())
                .setPageSize((int) Math.min(PAGE, left))
                .setIdempotent(true))
        .toCompletableFuture()
        .thenCompose(page -> pages(reading, page, left))
        .thenCompose(rest -> read(reading, part + 1, rest));
  }

  /** Answers how many rows may still be read after this part. */
  private static CompletableFuture<Long> pages(Reading reading, AsyncResultSet page, long left) {
    long rest = left;
    for (var row : page.currentPage()) {
      if (rest == 0) {
        break;
      }
      reading.taker().accept(row(reading.entity(), row));
      rest--;
    }
    long after = rest;
    return rest == 0 || !page.hasMorePages()
        ? CompletableFuture.completedFuture(rest)
        : page.fetchNextPage()
            .toCompletableFuture()
            .thenCompose(more -> pages(reading, more, after));
  }

  private static Row row(String entity, com.datastax.oss.driver.api.core.cql.Row row) {
    return new Row(
        entity,
        row.getLong("sequence_nr"),
        text(row.getString("writer")),
        row.getLong("written"),
        text(row.getString("adapter")),
        row.getInt("serializer"),
        text(row.getString("manifest")),
        bytes(row.getByteBuffer("payload")));
  }

  static String text(@Nullable String column) {
    return column == null ? "" : column;
  }

  static byte[] bytes(@Nullable ByteBuffer column) {
    if (column == null) {
      return new byte[0];
    }
    byte[] bytes = new byte[column.remaining()];
    column.duplicate().get(bytes);
    return bytes;
  }

  /** Rows of one entity, all at once. */
  CompletableFuture<List<Row>> list(String entity, long from, long to, int max) {
    List<Row> rows = new ArrayList<>();
    return read(entity, from, to, max, rows::add).thenApply(done -> rows);
  }

  /**
   * Deletes an entity's rows up to a number, which is noted as if it were the time: the largest
   * wins, whatever the clocks of the nodes say. Its next row still gets the number after its last.
   */
  CompletableFuture<Void> delete(String entity, long to) {
    return highest(entity, 0)
        .thenCombine(floor(entity), (highest, floor) -> new long[] {Math.min(to, highest), floor})
        .thenCompose(span -> {
          if (span[0] <= span[1]) {
            return CompletableFuture.completedFuture(null);
          }
          return session
              .executeAsync(setFloor.bind(entity, span[0], span[0]).setIdempotent(true))
              .toCompletableFuture()
              .thenCompose(done -> delete(entity, firstPart(span[1] + 1), part(span[0]), span[0]));
        });
  }

  private CompletableFuture<Void> delete(String entity, long part, long lastPart, long to) {
    if (part > lastPart) {
      return CompletableFuture.completedFuture(null);
    }
    return session
        .executeAsync(delete.bind(entity, part, to).setIdempotent(true))
        .toCompletableFuture()
        .thenCompose(done -> delete(entity, part + 1, lastPart, to));
  }

  /** The failure itself, without what futures wrap around it. */
  static Throwable cause(Throwable failed) {
    return failed instanceof CompletionException && failed.getCause() != null
        ? failed.getCause()
        : failed;
  }
}
