package dev.ahjo.cluster;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.function.Consumer;
import org.apache.pekko.dispatch.Futures;
import org.apache.pekko.persistence.AtomicWrite;
import org.apache.pekko.persistence.PersistentRepr;
import org.apache.pekko.persistence.journal.japi.AsyncWriteJournal;
import scala.concurrent.Future;

/** A journal in memory that all nodes of this JVM share, and that refuses a number's second row. */
public final class SharedJournal extends AsyncWriteJournal {
  private static final Map<String, ConcurrentSkipListMap<Long, PersistentRepr>> ROWS =
      new ConcurrentHashMap<>();

  static final String CONFIG =
      """
      pekko.persistence.journal.plugin = "shared-journal"
      shared-journal.class = "dev.ahjo.cluster.SharedJournal"
      shared-journal.recovery-event-timeout = 30s
      shared-journal.replay-filter.mode = fail
      pekko.persistence.snapshot-store.plugin = "memory-snapshots"
      memory-snapshots.class = "dev.ahjo.cluster.kernel.MemorySnapshots"
      """;

  private static ConcurrentSkipListMap<Long, PersistentRepr> rows(String id) {
    return ROWS.computeIfAbsent(id, _ -> new ConcurrentSkipListMap<>());
  }

  static void clear() {
    ROWS.clear();
  }

  @Override
  public Future<Iterable<Optional<Exception>>> doAsyncWriteMessages(Iterable<AtomicWrite> writes) {
    List<Optional<Exception>> done = new ArrayList<>();
    for (AtomicWrite write : writes) {
      for (PersistentRepr row : scala.jdk.javaapi.CollectionConverters.asJava(write.payload())) {
        if (rows(write.persistenceId()).putIfAbsent(row.sequenceNr(), row) != null) {
          return Futures.failed(
              new IllegalStateException(
                  "A second row " + row.sequenceNr() + " of " + write.persistenceId()));
        }
      }
      done.add(Optional.empty());
    }
    return Futures.successful(done);
  }

  @Override
  public Future<Void> doAsyncDeleteMessagesTo(String id, long to) {
    rows(id).headMap(to, true).clear();
    return Futures.successful(null);
  }

  @Override
  public Future<Void> doAsyncReplayMessages(
      String id, long from, long to, long max, Consumer<PersistentRepr> replay) {
    rows(id).subMap(from, true, Math.max(from, to), true).values().stream()
        .limit(max)
        .forEach(replay);
    return Futures.successful(null);
  }

  @Override
  public Future<Long> doAsyncReadHighestSequenceNr(String id, long from) {
    var rows = rows(id);
    return Futures.successful(rows.isEmpty() ? 0L : rows.lastKey());
  }
}
