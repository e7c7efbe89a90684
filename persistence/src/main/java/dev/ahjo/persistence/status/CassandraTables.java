package dev.ahjo.persistence.status;

import com.datastax.oss.driver.api.core.CqlSession;
import com.datastax.oss.driver.api.core.DriverException;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * The read tables of a cluster, in Cassandra: every node reads them, and the one that projects
 * writes them. {@link StatusRows} says what is where, {@link CassandraViews} how it is written.
 *
 * <p>Tables of another version's layout are other rows of the same tables; they are made again from
 * the journal like tables that are empty.
 */
public final class CassandraTables implements ByTable.Listed {
  /** Readers at once; a page asks for many rows. */
  private static final int READERS = 16;

  /** A reader that has waited so long is told that it is not to be. */
  private static final long PATIENCE_SECONDS = 10;

  private final CqlSession session;
  private final StatusRows rows;
  private final Head head;
  private final CassandraLists lists;
  private final LongSupplier journalEnd;
  private final Semaphore readers = new Semaphore(READERS);

  private CassandraTables(
      CqlSession session, String keyspace, String generation, LongSupplier journalEnd) {
    this.session = session;
    this.rows = new StatusRows(session, keyspace, generation);
    this.head = new Head(session, keyspace, generation);
    this.lists = new CassandraLists(rows);
    this.journalEnd = journalEnd;
  }

  /**
   * Opens the tables of this version in a keyspace that has those of {@link #schema}.
   *
   * @param journalEnd the offset of the journal's last record
   * @throws IOException when Cassandra can't be reached or has no such tables
   */
  public static CassandraTables open(CqlSession session, String keyspace, LongSupplier journalEnd)
      throws IOException {
    return open(session, keyspace, generation(), journalEnd);
  }

  static CassandraTables open(
      CqlSession session, String keyspace, String generation, LongSupplier journalEnd)
      throws IOException {
    try {
      return new CassandraTables(session, keyspace, generation, journalEnd);
    } catch (DriverException failed) {
      throw new IOException(
          "The read tables in keyspace " + keyspace + " can't be opened: " + failed.getMessage(),
          failed);
    }
  }

  /** What tells the views of this version from those of others. */
  public static String generation() {
    return StatusFile.layout();
  }

  /** The statements that make the tables in {@code keyspace}, where they are not there yet. */
  public static List<String> schema(String keyspace) {
    return Stream.concat(StatusRows.schema(keyspace).stream(), Head.schema(keyspace).stream())
        .toList();
  }

  /**
   * Begins to write, as the only one: whoever has done so before can't commit any more.
   *
   * @throws IOException when Cassandra can't be read or written
   */
  public CommittedViews project() throws IOException {
    return project(() -> {});
  }

  CommittedViews project(CassandraViews.Writing writing) throws IOException {
    try {
      CommittedViews views = CassandraViews.take(session, rows, head, writing);
      long end = journalEnd.getAsLong();
      if (views.applied() > end) {
        throw new IOException(
            "The read tables have seen the journal up to %d, but it ends at %d: they belong to another one; truncate the tables status_*"
                .formatted(views.applied(), end));
      }
      return views;
    } catch (StatusUnavailable failed) {
      throw new IOException(failed.getMessage(), failed);
    }
  }

  @Override
  public <V> Optional<V> find(Table<V> table, String id) {
    return ask(() -> lists.find(table, id));
  }

  @Override
  public <V> Page<V> list(Table<V> table, Query query) {
    return ask(() -> table.named() ? lists.byName(table, query) : lists.newestFirst(table, query));
  }

  @Override
  public Map<String, Long> requestCounts() {
    return ask(() -> lists.counts(Table.REQUESTS));
  }

  @Override
  public Progress progress() {
    long applied = ask(head::shown);
    return new Progress(applied, Math.max(applied, journalEnd.getAsLong()));
  }

  /** Greedy readers queue here, and not in front of those who write. */
  private <T> T ask(Supplier<T> question) {
    try {
      if (!readers.tryAcquire(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
        throw new StatusUnavailable(
            "Too many are reading: waited %d s for one of %d readers"
                .formatted(PATIENCE_SECONDS, READERS));
      }
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
      throw new StatusUnavailable("Interrupted while waiting for a reader", stopped);
    }
    try {
      return question.get();
    } catch (DriverException failed) {
      throw new StatusUnavailable("The read tables can't be read", failed);
    } finally {
      readers.release();
    }
  }
}
