package dev.ahjo.persistence.journal;

import com.typesafe.config.Config;
import java.io.ByteArrayInputStream;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
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
 * Pekko's door to the snapshots: shorter ways to a state, of which the facts are all still there.
 */
public final class SnapshotPlugin extends SnapshotStore {
  private static final Logger LOG = LoggerFactory.getLogger(SnapshotPlugin.class);
  private static final String SELECTED =
      " WHERE entity = ? AND sequence_nr BETWEEN ? AND ? AND written BETWEEN ? AND ?";

  private final JdbcJournal journal;
  private final Serialization serialization;

  public SnapshotPlugin(Config config) {
    journal = JdbcJournal.of(config);
    serialization = SerializationExtension.get(context().system());
  }

  private record Stored(
      long sequenceNr, long written, int serializer, String manifest, byte[] payload) {}

  @Override
  public Future<Optional<SelectedSnapshot>> doLoadAsync(
      String persistenceId, SnapshotSelectionCriteria criteria) {
    return Representation.scala(
        journal
            .read(database -> {
              try (var query =
                  database.prepareStatement(
                      "SELECT sequence_nr, written, serializer, manifest, payload FROM snapshot"
                          + SELECTED
                          + " ORDER BY sequence_nr DESC LIMIT 1")) {
                select(query, persistenceId, criteria);
                try (ResultSet found = query.executeQuery()) {
                  return found.next()
                      ? Optional.of(
                          new Stored(
                              found.getLong(1),
                              found.getLong(2),
                              found.getInt(3),
                              found.getString(4),
                              found.getBytes(5)))
                      : Optional.<Stored>empty();
                }
              }
            })
            .thenApply(found -> found.flatMap(stored -> snapshot(persistenceId, stored))));
  }

  private Optional<SelectedSnapshot> snapshot(String persistenceId, Stored stored) {
    try {
      Object state =
          serialization.deserialize(stored.payload(), stored.serializer(), stored.manifest()).get();
      return Optional.of(
          SelectedSnapshot.create(
              new SnapshotMetadata(persistenceId, stored.sequenceNr(), stored.written()), state));
    } catch (Exception unreadable) {
      // Written by another version, or damaged: the facts are all there, so nothing is lost but
      // time.
      LOG.warn(
          "The snapshot {} #{} is passed over and its facts are replayed: {}",
          persistenceId,
          stored.sequenceNr(),
          unreadable.getMessage());
      return Optional.empty();
    }
  }

  private static void select(
      PreparedStatement statement, String persistenceId, SnapshotSelectionCriteria criteria)
      throws SQLException {
    statement.setString(1, persistenceId);
    statement.setLong(2, criteria.minSequenceNr());
    statement.setLong(3, criteria.maxSequenceNr());
    statement.setLong(4, criteria.minTimestamp());
    statement.setLong(5, criteria.maxTimestamp());
  }

  @Override
  public Future<Void> doSaveAsync(SnapshotMetadata metadata, Object snapshot) {
    Serializer serializer = serialization.findSerializerFor(snapshot);
    byte[] payload = serialization.serialize(snapshot).get();
    String manifest = Serializers.manifestFor(serializer, snapshot);
    return Representation.scala(
        journal
            .writer()
            .change(database -> {
              try (var put =
                  database.prepareStatement(
                      journal
                          .dialect()
                          .upsert(
                              "snapshot",
                              List.of("entity", "sequence_nr"),
                              List.of("written", "serializer", "manifest", "payload")))) {
                put.setString(1, metadata.persistenceId());
                put.setLong(2, metadata.sequenceNr());
                put.setLong(3, metadata.timestamp());
                put.setInt(4, serializer.identifier());
                put.setString(5, manifest);
                put.setBinaryStream(6, new ByteArrayInputStream(payload), payload.length);
                put.executeUpdate();
              }
            }));
  }

  @Override
  public Future<Void> doDeleteAsync(SnapshotMetadata metadata) {
    // Callers often know a snapshot's number only; then any time will do.
    long written = metadata.timestamp();
    return delete(
        metadata.persistenceId(),
        SnapshotSelectionCriteria.create(
            metadata.sequenceNr(),
            written == 0 ? Long.MAX_VALUE : written,
            metadata.sequenceNr(),
            written));
  }

  @Override
  public Future<Void> doDeleteAsync(String persistenceId, SnapshotSelectionCriteria criteria) {
    return delete(persistenceId, criteria);
  }

  private Future<Void> delete(String persistenceId, SnapshotSelectionCriteria criteria) {
    CompletableFuture<Void> deleted =
        journal
            .writer()
            .change(database -> {
              try (var gone = database.prepareStatement("DELETE FROM snapshot" + SELECTED)) {
                select(gone, persistenceId, criteria);
                gone.executeUpdate();
              }
            });
    return Representation.scala(deleted);
  }
}
