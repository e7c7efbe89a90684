package dev.ahjo.cluster.kernel;

import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.apache.pekko.persistence.SelectedSnapshot;
import org.apache.pekko.persistence.SnapshotMetadata;
import org.apache.pekko.persistence.SnapshotSelectionCriteria;
import org.apache.pekko.persistence.snapshot.japi.SnapshotStore;
import scala.concurrent.Future;
import scala.jdk.javaapi.FutureConverters;

/** Snapshots kept for as long as the actor system lives. */
public final class MemorySnapshots extends SnapshotStore {
  private final Map<String, List<SelectedSnapshot>> kept = new ConcurrentHashMap<>();

  @Override
  public Future<Optional<SelectedSnapshot>> doLoadAsync(
      String persistenceId, SnapshotSelectionCriteria criteria) {
    return done(
        kept.getOrDefault(persistenceId, List.of()).stream()
            .filter(s -> criteria.matches(s.metadata()))
            .max(Comparator.comparingLong(s -> s.metadata().sequenceNr())));
  }

  @Override
  public Future<Void> doSaveAsync(SnapshotMetadata metadata, Object snapshot) {
    kept.computeIfAbsent(metadata.persistenceId(), _ -> new CopyOnWriteArrayList<>())
        .add(SelectedSnapshot.create(metadata, snapshot));
    return none();
  }

  @Override
  public Future<Void> doDeleteAsync(SnapshotMetadata metadata) {
    return doDeleteAsync(
        metadata.persistenceId(),
        SnapshotSelectionCriteria.create(metadata.sequenceNr(), Long.MAX_VALUE));
  }

  @Override
  public Future<Void> doDeleteAsync(String persistenceId, SnapshotSelectionCriteria criteria) {
    kept.getOrDefault(persistenceId, new CopyOnWriteArrayList<>())
        .removeIf(s -> criteria.matches(s.metadata()));
    return none();
  }

  private static <T> Future<T> done(T value) {
    return FutureConverters.asScala(CompletableFuture.completedFuture(value));
  }

  @SuppressWarnings("NullAway") // a Void has no other value
  private static Future<Void> none() {
    return done(null);
  }
}
