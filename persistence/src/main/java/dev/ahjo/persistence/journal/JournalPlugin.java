package dev.ahjo.persistence.journal;

import com.typesafe.config.Config;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.apache.pekko.persistence.AtomicWrite;
import org.apache.pekko.persistence.PersistentRepr;
import org.apache.pekko.persistence.journal.japi.AsyncWriteJournal;
import scala.concurrent.Future;

/** Pekko's door to the journal's tables. */
public final class JournalPlugin extends AsyncWriteJournal {
  private static final int REPLAY_PAGE = 500;

  private final JdbcJournal journal;
  private final Representation representation;

  public JournalPlugin(Config config) {
    journal = JdbcJournal.of(config);
    representation = new Representation(context().system());
  }

  @Override
  public Future<Iterable<Optional<Exception>>> doAsyncWriteMessages(
      Iterable<AtomicWrite> messages) {
    List<Optional<Exception>> rejections = new ArrayList<>();
    List<CompletableFuture<Void>> appends = new ArrayList<>();
    for (AtomicWrite write : messages) {
      try {
        appends.add(journal.writer().append(representation.rows(write)));
        rejections.add(Optional.empty());
      } catch (Exception unwritable) {
        rejections.add(Optional.of(unwritable));
      }
    }
    return Representation.scala(
        CompletableFuture.allOf(appends.toArray(CompletableFuture[]::new))
            .thenApply(stored -> rejections));
  }

  @Override
  public Future<Void> doAsyncDeleteMessagesTo(String persistenceId, long toSequenceNr) {
    return Representation.scala(
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
    return Representation.scala(replay(persistenceId, fromSequenceNr, toSequenceNr, max, replay));
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
            replay.accept(representation.event(row));
          }
          return rows.size() < page
              ? CompletableFuture.completedFuture(null)
              : replay(persistenceId, rows.getLast().sequenceNr() + 1, to, max - page, replay);
        });
  }

  @Override
  public Future<Long> doAsyncReadHighestSequenceNr(String persistenceId, long fromSequenceNr) {
    return Representation.scala(
        journal.read(database -> JournalTables.highest(database, persistenceId)));
  }
}
