package dev.ahjo.cluster.kernel;

import dev.ahjo.persistence.journal.CorruptRecord;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.apache.pekko.dispatch.Futures;
import org.apache.pekko.persistence.AtomicWrite;
import org.apache.pekko.persistence.PersistentRepr;
import org.apache.pekko.persistence.journal.japi.AsyncWriteJournal;
import scala.concurrent.Future;
import scala.jdk.javaapi.CollectionConverters;

/** A journal kept for as long as the actor system lives, whose disk can be filled. */
public final class MemoryJournal extends AsyncWriteJournal {
  /** Of all systems, as Pekko makes the journals; a test that fills it empties it again. */
  static final AtomicBoolean FULL = new AtomicBoolean();

  static final AtomicInteger REFUSED = new AtomicInteger();

  /** Of whom no row can be read. */
  static final Set<String> DAMAGED = ConcurrentHashMap.newKeySet();

  private final Map<String, List<PersistentRepr>> rows = new ConcurrentHashMap<>();

  @Override
  public Future<Iterable<Optional<Exception>>> doAsyncWriteMessages(Iterable<AtomicWrite> writes) {
    if (FULL.get()) {
      REFUSED.incrementAndGet();
      return Futures.failed(new IllegalStateException("The disk is full"));
    }
    List<Optional<Exception>> stored = new ArrayList<>();
    for (AtomicWrite write : writes) {
      for (PersistentRepr row : CollectionConverters.asJava(write.payload())) {
        rows.computeIfAbsent(row.persistenceId(), _ -> new CopyOnWriteArrayList<>()).add(row);
      }
      stored.add(Optional.empty());
    }
    return Futures.successful(stored);
  }

  @Override
  public Future<Void> doAsyncDeleteMessagesTo(String persistenceId, long to) {
    return Futures.failed(new UnsupportedOperationException("Nothing is deleted here"));
  }

  @Override
  public Future<Void> doAsyncReplayMessages(
      String persistenceId, long from, long to, long most, Consumer<PersistentRepr> replay) {
    if (DAMAGED.contains(persistenceId)) {
      return Futures.failed(
          new CorruptRecord(persistenceId, from, new IllegalStateException("no JSON")));
    }
    rows.getOrDefault(persistenceId, List.of()).stream()
        .filter(row -> row.sequenceNr() >= from && row.sequenceNr() <= to)
        .limit(most)
        .forEach(replay);
    return Futures.successful(null);
  }

  @Override
  public Future<Long> doAsyncReadHighestSequenceNr(String persistenceId, long from) {
    return Futures.successful((long) rows.getOrDefault(persistenceId, List.of()).size());
  }
}
