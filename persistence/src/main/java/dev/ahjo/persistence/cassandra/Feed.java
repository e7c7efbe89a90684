package dev.ahjo.persistence.cassandra;

import com.datastax.oss.driver.api.core.ConsistencyLevel;
import com.datastax.oss.driver.api.core.CqlSession;
import com.datastax.oss.driver.api.core.DefaultConsistencyLevel;
import com.datastax.oss.driver.api.core.cql.BatchStatement;
import com.datastax.oss.driver.api.core.cql.BatchType;
import com.datastax.oss.driver.api.core.cql.BatchableStatement;
import com.datastax.oss.driver.api.core.cql.BoundStatement;
import com.datastax.oss.driver.api.core.cql.PreparedStatement;
import com.datastax.oss.driver.api.core.cql.Row;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * All facts of the farm as one list of rows, numbered from 1 without gaps. A partition holds {@link
 * FactTables#ROWS_OF_BUCKET} of them and its last number, on which every append is conditional: of
 * two that append at once, one finds that its place is taken. A partition must be full before the
 * next one is begun, so nobody can append to an earlier one either.
 */
final class Feed {
  /** Rows of one append. */
  static final int MAX_APPEND = 500;

  /**
   * Bytes of one append, about: what a server takes in one mutation is some megabytes. The limits
   * of batches, {@code batch_size_fail_threshold}, are for those over several partitions.
   */
  static final int MAX_APPEND_BYTES = 512 << 10;

  private final CqlSession session;
  private final PreparedStatement last;
  private final PreparedStatement advance;
  private final PreparedStatement begin;
  private final PreparedStatement insert;
  private final PreparedStatement range;
  private final PreparedStatement fed;
  private final PreparedStatement setFed;
  private final PreparedStatement mark;
  private final PreparedStatement setMark;

  /**
   * A row of an entity's journal.
   *
   * @param manifest what is needed to read {@code payload}
   */
  record Item(String entity, long sequenceNr, String manifest, byte[] payload) {}

  record Placed(long number, Item item) {}

  Feed(CqlSession session, String keyspace) {
    this.session = session;
    String table = keyspace + ".feed";
    last = session.prepare("SELECT last FROM " + table + " WHERE bucket = ? LIMIT 1");
    advance = session.prepare("UPDATE " + table + " SET last = ? WHERE bucket = ? IF last = ?");
    begin = session.prepare("UPDATE " + table + " SET last = ? WHERE bucket = ? IF last = null");
    insert =
        session.prepare(
            "INSERT INTO "
                + table
                + " (bucket, number, entity, sequence_nr, manifest, payload) VALUES (?, ?, ?, ?, ?,"
                + " ?)");
    range =
        session.prepare(
            "SELECT number, entity, sequence_nr, manifest, payload FROM "
                + table
                + " WHERE bucket = ? AND number > ? LIMIT ?");
    fed = session.prepare("SELECT sequence_nr FROM " + keyspace + ".fed WHERE entity = ?");
    setFed =
        session.prepare(
            "INSERT INTO "
                + keyspace
                + ".fed (entity, sequence_nr) VALUES (?, ?) USING TIMESTAMP ?");
    mark = session.prepare("SELECT number FROM " + keyspace + ".feed_mark WHERE farm = 0");
    setMark =
        session.prepare(
            "INSERT INTO "
                + keyspace
                + ".feed_mark (farm, number) VALUES (0, ?) USING TIMESTAMP ?");
  }

  static long bucket(long number) {
    return (number - 1) / FactTables.ROWS_OF_BUCKET;
  }

  /** How many more fit behind {@code number} into its partition, or into the next if it is full. */
  static int room(long number) {
    return (int) (FactTables.ROWS_OF_BUCKET - number % FactTables.ROWS_OF_BUCKET);
  }

  /**
   * The last number.
   *
   * @param reached one that is known to be reached, or 0
   */
  long end(long reached) {
    return end(reached, DefaultConsistencyLevel.LOCAL_QUORUM);
  }

  /** As {@link #end}; appends that were under way have happened by then, or never will. */
  long settledEnd(long reached) {
    return end(reached, DefaultConsistencyLevel.LOCAL_SERIAL);
  }

  private long end(long reached, ConsistencyLevel level) {
    long end = reached;
    for (long bucket = end / FactTables.ROWS_OF_BUCKET; ; bucket++) {
      Row row =
          session.execute(last.bind(bucket).setConsistencyLevel(level).setIdempotent(true)).one();
      if (row == null || row.isNull("last")) {
        return end;
      }
      end = row.getLong("last");
      if (end < (bucket + 1) * FactTables.ROWS_OF_BUCKET) {
        return end;
      }
    }
  }

  /**
   * Appends rows behind {@code end}, all or none.
   *
   * @param items at most {@link #room}
   * @return false when {@code end} is not the end any more
   */
  boolean append(long end, List<Item> items) {
    long bucket = bucket(end + 1);
    long after = end + items.size();
    if (items.isEmpty() || bucket(after) != bucket) {
      throw new IllegalArgumentException(
          "Expected 1 to " + room(end) + " rows behind " + end + ", but found " + items.size());
    }
    List<BatchableStatement<?>> all = new ArrayList<>();
    all.add(
        end % FactTables.ROWS_OF_BUCKET == 0
            ? begin.bind(after, bucket)
            : advance.bind(after, bucket, end));
    long number = end;
    for (Item item : items) {
      number++;
      all.add(
          insert.bind(
              bucket,
              number,
              item.entity(),
              item.sequenceNr(),
              item.manifest(),
              ByteBuffer.wrap(item.payload())));
    }
    return session.execute(BatchStatement.newInstance(BatchType.UNLOGGED, all)).wasApplied();
  }

  /** Up to {@code limit} rows behind {@code number}, in order. */
  List<Placed> after(long number, int limit) {
    List<Placed> rows = new ArrayList<>();
    long from = number;
    while (rows.size() < limit) {
      long bucket = bucket(from + 1);
      int wanted = limit - rows.size();
      int before = rows.size();
      for (Row row : session.execute(range.bind(bucket, from, wanted).setIdempotent(true))) {
        long next = row.getLong("number");
        if (next != from + 1) {
          break; // Not all replicas that were asked had all of it yet.
        }
        rows.add(new Placed(next, item(row)));
        from = next;
      }
      if (rows.size() == before || bucket(from + 1) == bucket) {
        break;
      }
    }
    return rows;
  }

  private static Item item(Row row) {
    return new Item(
        JournalRows.text(row.getString("entity")),
        row.getLong("sequence_nr"),
        JournalRows.text(row.getString("manifest")),
        JournalRows.bytes(row.getByteBuffer("payload")));
  }

  /** The number of the entity's last row in the feed, or of an earlier one; 0 if none is known. */
  CompletableFuture<Long> fed(String entity) {
    return session
        .executeAsync(fed.bind(entity).setIdempotent(true))
        .thenApply(found -> {
          Row row = found.one();
          return row == null ? 0L : row.getLong("sequence_nr");
        })
        .toCompletableFuture();
  }

  /**
   * Notes that an entity's row is in the feed, at {@code number}. What is noted of a later place
   * wins, whenever it is written.
   */
  CompletableFuture<Void> setFed(String entity, long sequenceNr, long number) {
    return done(setFed.bind(entity, sequenceNr, number));
  }

  /** A number up to which all that {@link #setFed} notes is noted. */
  long mark() {
    Row row = session.execute(mark.bind().setIdempotent(true)).one();
    return row == null ? 0 : row.getLong("number");
  }

  CompletableFuture<Void> setMark(long number) {
    return done(setMark.bind(number, number));
  }

  private CompletableFuture<Void> done(BoundStatement write) {
    return session
        .executeAsync(write.setIdempotent(true))
        .toCompletableFuture()
        .thenApply(written -> null);
  }
}
