package dev.ahjo.persistence.cassandra;

import com.datastax.oss.driver.api.core.CqlSession;
import com.datastax.oss.driver.api.core.cql.AsyncResultSet;
import com.datastax.oss.driver.api.core.cql.PreparedStatement;
import com.datastax.oss.driver.api.core.cql.Row;
import com.typesafe.config.Config;
import dev.ahjo.persistence.journal.Representation;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.apache.pekko.persistence.SelectedSnapshot;
import org.apache.pekko.persistence.SnapshotMetadata;
import org.apache.pekko.persistence.SnapshotSelectionCriteria;
import org.apache.pekko.persistence.snapshot.japi.SnapshotStore;
import org.apache.pekko.serialization.Serialization;
import org.apache.pekko.serialization.SerializationExtension;
import org.apache.pekko.serialization.Serializer;
import org.apache.pekko.serialization.Serializers;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import scala.concurrent.Future;

/**
 * Pekko's door to the snapshots in Cassandra: shorter ways to a state, of which the facts are all
 * still there. The newest stands first in its partition, so that no reader meets deleted ones.
 */
public final class SnapshotPlugin extends SnapshotStore {
  private static final Logger LOG = LoggerFactory.getLogger(SnapshotPlugin.class);
  private static final int PAGE = 2;

  private final CqlSession session;
  private final Serialization serialization;
  private final PreparedStatement find;
  private final PreparedStatement numbers;
  private final PreparedStatement put;
  private final PreparedStatement delete;
  private final PreparedStatement deleteTo;

  public SnapshotPlugin(Config config) {
    FactStore store = FactStore.of(config);
    session = store.session();
    serialization = SerializationExtension.get(context().system());
    String table = store.keyspace() + ".snapshot";
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
    deleteTo = session.prepare("DELETE FROM " + range);
  }

  @Override
  public Future<Optional<SelectedSnapshot>> doLoadAsync(
      String persistenceId, SnapshotSelectionCriteria criteria) {
    return Representation.scala(
        session
            .executeAsync(
                find.bind(persistenceId, criteria.minSequenceNr(), criteria.maxSequenceNr())
                    .setPageSize(PAGE)
                    .setIdempotent(true))
            .toCompletableFuture()
            .thenCompose(page -> first(page, criteria))
            .thenApply(found -> found.flatMap(row -> snapshot(persistenceId, row))));
  }

  private static CompletableFuture<Optional<Row>> first(
      AsyncResultSet page, SnapshotSelectionCriteria criteria) {
    for (Row row : page.currentPage()) {
      if (fits(row, criteria)) {
        return CompletableFuture.completedFuture(Optional.of(row));
      }
    }
    return page.hasMorePages()
        ? page.fetchNextPage().toCompletableFuture().thenCompose(next -> first(next, criteria))
        : CompletableFuture.completedFuture(Optional.empty());
  }

  private static boolean fits(Row row, SnapshotSelectionCriteria criteria) {
    long written = row.getLong("written");
    return written >= criteria.minTimestamp() && written <= criteria.maxTimestamp();
  }

  private Optional<SelectedSnapshot> snapshot(String persistenceId, Row row) {
    try {
      Object state =
          serialization
              .deserialize(
                  JournalRows.bytes(row.getByteBuffer("payload")),
                  row.getInt("serializer"),
                  JournalRows.text(row.getString("manifest")))
              .get();
      return Optional.of(
          SelectedSnapshot.create(
              new SnapshotMetadata(
                  persistenceId, row.getLong("sequence_nr"), row.getLong("written")),
              state));
    } catch (Exception unreadable) {
      // Written by another version, or damaged: nothing is lost but time.
      LOG.warn(
          "The snapshot {} #{} is passed over and its facts are replayed: {}",
          persistenceId,
          row.getLong("sequence_nr"),
          unreadable.getMessage());
      return Optional.empty();
    }
  }

  @Override
  public Future<Void> doSaveAsync(SnapshotMetadata metadata, Object snapshot) {
    Serializer serializer = serialization.findSerializerFor(snapshot);
    byte[] payload = serialization.serialize(snapshot).get();
    return Representation.scala(
        session
            .executeAsync(
                put.bind(
                        metadata.persistenceId(),
                        metadata.sequenceNr(),
                        metadata.timestamp(),
                        serializer.identifier(),
                        Serializers.manifestFor(serializer, snapshot),
                        ByteBuffer.wrap(payload))
                    .setIdempotent(true))
            .toCompletableFuture()
            .<Void>thenApply(done -> null));
  }

  @Override
  public Future<Void> doDeleteAsync(SnapshotMetadata metadata) {
    // Callers often know a snapshot's number only; then any time will do.
    long written = metadata.timestamp();
    return Representation.scala(
        deleted(
            metadata.persistenceId(),
            SnapshotSelectionCriteria.create(
                metadata.sequenceNr(),
                written == 0 ? Long.MAX_VALUE : written,
                metadata.sequenceNr(),
                written)));
  }

  @Override
  public Future<Void> doDeleteAsync(String persistenceId, SnapshotSelectionCriteria criteria) {
    return Representation.scala(deleted(persistenceId, criteria));
  }

  private CompletableFuture<Void> deleted(String entity, SnapshotSelectionCriteria criteria) {
    boolean anyTime = criteria.minTimestamp() <= 0 && criteria.maxTimestamp() == Long.MAX_VALUE;
    if (anyTime) {
      return session
          .executeAsync(
              deleteTo
                  .bind(entity, criteria.minSequenceNr(), criteria.maxSequenceNr())
                  .setIdempotent(true))
          .toCompletableFuture()
          .thenApply(done -> null);
    }
    return session
        .executeAsync(
            numbers
                .bind(entity, criteria.minSequenceNr(), criteria.maxSequenceNr())
                .setIdempotent(true))
        .toCompletableFuture()
        .thenCompose(page -> deleted(entity, criteria, page));
  }

  private CompletableFuture<Void> deleted(
      String entity, SnapshotSelectionCriteria criteria, AsyncResultSet page) {
    List<CompletableFuture<?>> all = new ArrayList<>();
    for (Row row : page.currentPage()) {
      if (fits(row, criteria)) {
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
                    .thenCompose(next -> deleted(entity, criteria, next))
                : CompletableFuture.completedFuture(null));
  }
}
