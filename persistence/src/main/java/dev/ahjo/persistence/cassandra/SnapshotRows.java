package dev.ahjo.persistence.cassandra;

import com.datastax.oss.driver.api.core.CqlSession;
import com.datastax.oss.driver.api.core.cql.AsyncResultSet;
import com.datastax.oss.driver.api.core.cql.PreparedStatement;
import com.datastax.oss.driver.api.core.cql.Row;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.function.Predicate;
import org.apache.pekko.persistence.SnapshotMetadata;

/** The snapshots' rows. The newest stands first in its partition. */
final class SnapshotRows {
  private static final int PAGE = 2;

  private final CqlSession session;
  private final PreparedStatement find;
  private final PreparedStatement numbers;
  private final PreparedStatement put;
  private final PreparedStatement delete;
  private final PreparedStatement deleteRange;

  SnapshotRows(CqlSession session, String keyspace) {
    this.session = session;
    String table = keyspace + ".snapshot";
    String range = table + " WHERE entity = ? AND sequence_nr >= ? AND sequence_nr <= ?";
    find =
        session.prepare("SELECT sequence_nr, written, serializer, manifest, payload FROM " + range);
    numbers = session.prepare("SELECT sequence_nr, written FROM " + range);
    put =
        session.prepare(
            "INSERT INTO "
                + table
                + " (entity, sequence_nr, written, serializer, manifest, payload)"
                + " VALUES (?, ?, ?, ?, ?, ?)");
    delete = session.prepare("DELETE FROM " + table + " WHERE entity = ? AND sequence_nr = ?");
    deleteRange = session.prepare("DELETE FROM " + range);
  }

  /**
   * What {@code use} makes of the newest row between two numbers of which it makes anything.
   *
   * @param use empty to be asked about the row before
   */
  <T> CompletableFuture<Optional<T>> newest(
      String entity, long from, long to, Function<Row, Optional<T>> use) {
    return session
        .executeAsync(find.bind(entity, from, to).setPageSize(PAGE).setIdempotent(true))
        .toCompletableFuture()
        .thenCompose(page -> first(page, use));
  }

  private static <T> CompletableFuture<Optional<T>> first(
      AsyncResultSet page, Function<Row, Optional<T>> use) {
    for (Row row : page.currentPage()) {
      Optional<T> used = use.apply(row);
      if (used.isPresent()) {
        return CompletableFuture.completedFuture(used);
      }
    }
    return page.hasMorePages()
        ? page.fetchNextPage().toCompletableFuture().thenCompose(next -> first(next, use))
        : CompletableFuture.completedFuture(Optional.empty());
  }

  CompletableFuture<Void> put(
      SnapshotMetadata of, int serializer, String manifest, byte[] payload) {
    return session
        .executeAsync(
            put.bind(
                    of.persistenceId(),
                    of.sequenceNr(),
                    of.timestamp(),
                    serializer,
                    manifest,
                    ByteBuffer.wrap(payload))
                .setIdempotent(true))
        .toCompletableFuture()
        .thenApply(done -> null);
  }

  /** Deletes all between two numbers. */
  CompletableFuture<Void> delete(String entity, long from, long to) {
    return session
        .executeAsync(deleteRange.bind(entity, from, to).setIdempotent(true))
        .toCompletableFuture()
        .thenApply(done -> null);
  }

  /** Deletes those between two numbers that {@code which} names, by their time of writing. */
  CompletableFuture<Void> delete(String entity, long from, long to, Predicate<Row> which) {
    return session
        .executeAsync(numbers.bind(entity, from, to).setIdempotent(true))
        .toCompletableFuture()
        .thenCompose(page -> delete(entity, which, page));
  }

  private CompletableFuture<Void> delete(String entity, Predicate<Row> which, AsyncResultSet page) {
    List<CompletableFuture<?>> all = new ArrayList<>();
    for (Row row : page.currentPage()) {
      if (which.test(row)) {
        all.add(
            session
                .executeAsync(delete.bind(entity, row.getLong("sequence_nr")).setIdempotent(true))
                .toCompletableFuture());
      }
    }
    return CompletableFuture.allOf(all.toArray(CompletableFuture[]::new))
        .thenCompose(done ->
            page.hasMorePages()
                ? page.fetchNextPage()
                    .toCompletableFuture()
                    .thenCompose(next -> delete(entity, which, next))
                : CompletableFuture.completedFuture(null));
  }
}
