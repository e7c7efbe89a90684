package dev.ahjo.persistence.journal;

import com.typesafe.config.Config;
import java.io.NotSerializableException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Consumer;
import org.apache.pekko.actor.ActorRef;
import org.apache.pekko.dispatch.Futures;
import org.apache.pekko.persistence.AtomicWrite;
import org.apache.pekko.persistence.PersistentRepr;
import org.apache.pekko.persistence.journal.japi.AsyncWriteJournal;
import org.apache.pekko.serialization.Serialization;
import org.apache.pekko.serialization.SerializationExtension;
import org.apache.pekko.serialization.Serializer;
import org.apache.pekko.serialization.Serializers;
import scala.concurrent.Future;
import scala.concurrent.Promise;
import scala.jdk.javaapi.CollectionConverters;

/** Pekko's door to the journal's tables. */
public final class JournalPlugin extends AsyncWriteJournal {
  private static final int REPLAY_PAGE = 500;

  private final EmbeddedJournal journal;
  private final Serialization serialization;

  public JournalPlugin(Config config) {
    journal = EmbeddedJournal.at(Path.of(config.getString("folder")));
    serialization = SerializationExtension.get(context().system());
  }

  @Override
  public Future<Iterable<Optional<Exception>>> doAsyncWriteMessages(
      Iterable<AtomicWrite> messages) {
    List<Optional<Exception>> rejections = new ArrayList<>();
    List<CompletableFuture<Void>> appends = new ArrayList<>();
    for (AtomicWrite write : messages) {
      try {
        appends.add(journal.writer().append(rows(write)));
        rejections.add(Optional.empty());
      } catch (Exception unwritable) {
        rejections.add(Optional.of(unwritable));
      }
    }
    return scala(
        CompletableFuture.allOf(appends.toArray(CompletableFuture[]::new))
            .thenApply(stored -> rejections));
  }

  private List<Row> rows(AtomicWrite write) throws NotSerializableException {
    List<Row> rows = new ArrayList<>(write.size());
    for (PersistentRepr event : CollectionConverters.asJava(write.payload())) {
      if (event.metadata().isDefined()) {
        throw new NotSerializableException(
            "The embedded journal keeps no metadata beside an event, but "
                + event.persistenceId()
                + " has some");
      }
      Object payload = event.payload();
      Serializer serializer = serialization.findSerializerFor(payload);
      byte[] bytes = serialization.serialize(payload).get();
      rows.add(
          new Row(
              event.persistenceId(),
              event.sequenceNr(),
              event.writerUuid(),
              event.timestamp(),
              event.manifest(),
              serializer.identifier(),
              Serializers.manifestFor(serializer, payload),
              bytes));
    }
    return rows;
  }

  @Override
  public Future<Void> doAsyncDeleteMessagesTo(String persistenceId, long toSequenceNr) {
    return scala(
        journal
            .writer()
            .change(database -> JournalTables.delete(database, persistenceId, toSequenceNr)));
  }

  @Override
  public Future<Void> doAsyncReplayMessages(
      String persistenceId,
      long fromSequenceNr,
      long toSequenceNr,
      long max,
      Consumer<PersistentRepr> replay) {
    return scala(replay(persistenceId, fromSequenceNr, toSequenceNr, max, replay));
  }

  private CompletableFuture<Void> replay(
      String persistenceId, long from, long to, long max, Consumer<PersistentRepr> replay) {
    if (from > to || max <= 0) {
      return CompletableFuture.completedFuture(null);
    }
    int page = (int) Math.min(REPLAY_PAGE, max);
    return journal
        .read(database -> JournalTables.records(database, persistenceId, from, to, page))
        .thenCompose(rows -> {
          for (Row row : rows) {
            replay.accept(event(row));
          }
          return rows.size() < page
              ? CompletableFuture.completedFuture(null)
              : replay(persistenceId, rows.getLast().sequenceNr() + 1, to, max - page, replay);
        });
  }

  private PersistentRepr event(Row row) {
    Object payload;
    try {
      payload = serialization.deserialize(row.payload(), row.serializer(), row.manifest()).get();
    } catch (Exception unreadable) {
      throw new CorruptRecord(row.persistenceId(), row.sequenceNr(), unreadable);
    }
    return PersistentRepr.apply(
            payload,
            row.sequenceNr(),
            row.persistenceId(),
            row.adapter(),
            false,
            ActorRef.noSender(),
            row.writer())
        .withTimestamp(row.written());
  }

  @Override
  public Future<Long> doAsyncReadHighestSequenceNr(String persistenceId, long fromSequenceNr) {
    return scala(journal.read(database -> JournalTables.highest(database, persistenceId)));
  }

  static <T> Future<T> scala(CompletableFuture<? extends T> future) {
    Promise<T> promise = Futures.promise();
    future.whenComplete((value, failure) -> {
      if (failure == null) {
        promise.success(value);
      } else {
        promise.failure(
            failure instanceof CompletionException wrapped && wrapped.getCause() != null
                ? wrapped.getCause()
                : failure);
      }
    });
    return promise.future();
  }
}
