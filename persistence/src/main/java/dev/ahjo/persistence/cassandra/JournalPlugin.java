package dev.ahjo.persistence.cassandra;

import com.typesafe.config.Config;
import dev.ahjo.core.kernel.EntityType;
import dev.ahjo.persistence.journal.Representation;
import dev.ahjo.persistence.journal.Row;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.apache.pekko.persistence.AtomicWrite;
import org.apache.pekko.persistence.PersistentRepr;
import org.apache.pekko.persistence.journal.japi.AsyncWriteJournal;
import scala.concurrent.Future;

/** Pekko's door to the journal in Cassandra. */
public final class JournalPlugin extends AsyncWriteJournal {
  private final FactStore store;
  private final Representation representation;

  /**
   * An entity that starts again waits for what its former incarnation on this node still writes.
   */
  private final Map<String, CompletableFuture<Void>> writing = new ConcurrentHashMap<>();

  public JournalPlugin(Config config) {
    store = FactStore.of(config);
    representation = new Representation(context().system());
  }

  @Override
  public Future<Iterable<Optional<Exception>>> doAsyncWriteMessages(
      Iterable<AtomicWrite> messages) {
    List<Optional<Exception>> rejections = new ArrayList<>();
    CompletableFuture<Void> all = CompletableFuture.completedFuture(null);
    for (AtomicWrite write : messages) {
      try {
        List<Row> rows = representation.rows(write);
        // In their order: a row must not be stored when one before it was not.
        all = all.thenCompose(before -> store.append(rows));
        rejections.add(Optional.empty());
      } catch (Exception unwritable) {
        rejections.add(Optional.of(unwritable));
      }
    }
    CompletableFuture<Void> stored = all;
    for (AtomicWrite write : messages) {
      String entity = write.persistenceId();
      writing.put(entity, stored);
      stored.whenComplete((done, failed) -> writing.remove(entity, stored));
    }
    return Representation.scala(stored.thenApply(done -> rejections));
  }

  @Override
  public Future<Void> doAsyncDeleteMessagesTo(String persistenceId, long toSequenceNr) {
    return Representation.scala(store.rows().delete(persistenceId, toSequenceNr));
  }

  @Override
  public Future<Void> doAsyncReplayMessages(
      String persistenceId,
      long fromSequenceNr,
      long toSequenceNr,
      long max,
      Consumer<PersistentRepr> replay) {
    return Representation.scala(
        store
            .rows()
            .replay(
                persistenceId,
                fromSequenceNr,
                toSequenceNr,
                max,
                row -> replay.accept(representation.event(row))));
  }

  @Override
  public Future<Long> doAsyncReadHighestSequenceNr(String persistenceId, long fromSequenceNr) {
    return Representation.scala(
        writing
            .getOrDefault(persistenceId, CompletableFuture.completedFuture(null))
            .handle((done, failed) -> persistenceId)
            .thenCompose(id -> store.rows().highest(id, fromSequenceNr))
            .thenCompose(highest ->
                highest > 0 && ours(persistenceId)
                    ? store.announce(persistenceId, highest).thenApply(done -> highest)
                    : CompletableFuture.completedFuture(highest)));
  }

  private static boolean ours(String persistenceId) {
    return Arrays.stream(EntityType.values())
        .anyMatch(type -> persistenceId.startsWith(type.label() + "|"));
  }
}
