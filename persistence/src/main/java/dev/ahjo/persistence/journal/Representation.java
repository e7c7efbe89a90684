package dev.ahjo.persistence.journal;

import dev.ahjo.core.kernel.EntityRef;
import dev.ahjo.core.kernel.EntityType;
import java.io.NotSerializableException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.apache.pekko.actor.ActorRef;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.dispatch.Futures;
import org.apache.pekko.persistence.AtomicWrite;
import org.apache.pekko.persistence.PersistentRepr;
import org.apache.pekko.serialization.Serialization;
import org.apache.pekko.serialization.SerializationExtension;
import org.apache.pekko.serialization.Serializer;
import org.apache.pekko.serialization.Serializers;
import scala.concurrent.Future;
import scala.concurrent.Promise;
import scala.jdk.javaapi.CollectionConverters;

/** Pekko's events as the rows that our journals keep, and back. */
public final class Representation {
  private final Serialization serialization;

  public Representation(ActorSystem system) {
    serialization = SerializationExtension.get(system);
  }

  /**
   * The rows of what is to be stored at once.
   *
   * @throws NotSerializableException when an event can't be stored
   */
  public List<Row> rows(AtomicWrite write) throws NotSerializableException {
    List<Row> rows = new ArrayList<>(write.size());
    for (PersistentRepr event : CollectionConverters.asJava(write.payload())) {
      if (event.metadata().isDefined()) {
        throw new NotSerializableException(
            "The journal keeps no metadata beside an event, but "
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

  /**
   * The event of a row.
   *
   * @throws CorruptRecord when it can't be read
   */
  public PersistentRepr event(Row row) {
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

  /**
   * The entity of a persistence id, {@code request|01j…}.
   *
   * @throws IllegalArgumentException when it names none
   */
  public static EntityRef entity(String persistenceId) {
    int bar = persistenceId.indexOf('|');
    for (EntityType type : EntityType.values()) {
      if (bar > 0 && type.label().contentEquals(persistenceId.subSequence(0, bar))) {
        return new EntityRef(type, persistenceId.substring(bar + 1));
      }
    }
    throw new IllegalArgumentException("'" + persistenceId + "' names no entity");
  }

  /** A future as Pekko's plugins answer it. */
  public static <T> Future<T> scala(CompletableFuture<? extends T> future) {
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
