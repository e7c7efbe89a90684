package dev.ahjo.persistence.cassandra;

import com.datastax.oss.driver.api.core.cql.Row;
import com.typesafe.config.Config;
import dev.ahjo.persistence.journal.Representation;
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
 * still there. Made when the node's first entity starts, and never again; so making it must not
 * depend on any server.
 */
public final class SnapshotPlugin extends SnapshotStore {
  private static final Logger LOG = LoggerFactory.getLogger(SnapshotPlugin.class);

  private final SnapshotRows rows;
  private final Serialization serialization;

  public SnapshotPlugin(Config config) {
    rows = FactStore.of(config).snapshots();
    serialization = SerializationExtension.get(context().system());
  }

  @Override
  public Future<Optional<SelectedSnapshot>> doLoadAsync(
      String persistenceId, SnapshotSelectionCriteria criteria) {
    return Representation.scala(
        rows.newest(
            persistenceId,
            criteria.minSequenceNr(),
            criteria.maxSequenceNr(),
            row -> fits(row, criteria) ? snapshot(persistenceId, row) : Optional.empty()));
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
          "The snapshot {} #{} is passed over, an older one or the facts are taken: {}",
          persistenceId,
          row.getLong("sequence_nr"),
          unreadable.getMessage());
      return Optional.empty();
    }
  }

  @Override
  public Future<Void> doSaveAsync(SnapshotMetadata metadata, Object snapshot) {
    Serializer serializer = serialization.findSerializerFor(snapshot);
    return Representation.scala(
        rows.put(
            metadata,
            serializer.identifier(),
            Serializers.manifestFor(serializer, snapshot),
            serialization.serialize(snapshot).get()));
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
    long from = criteria.minSequenceNr();
    long to = criteria.maxSequenceNr();
    return anyTime
        ? rows.delete(entity, from, to)
        : rows.delete(entity, from, to, row -> fits(row, criteria));
  }
}
