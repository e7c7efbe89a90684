package dev.ahjo.persistence;

import com.typesafe.config.Config;
import dev.ahjo.core.port.Events;
import dev.ahjo.core.status.StatusStore;
import dev.ahjo.persistence.journal.EmbeddedJournal;
import dev.ahjo.persistence.journal.FactFeed;
import dev.ahjo.persistence.log.FileStreamStore;
import dev.ahjo.persistence.log.Pruned;
import dev.ahjo.persistence.status.LiveEvents;
import dev.ahjo.persistence.status.StatusProjection;
import dev.ahjo.persistence.status.StatusTables;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;
import org.apache.pekko.actor.typed.ActorSystem;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Everything in one data folder, for a node that is alone. */
public final class EmbeddedStorage implements Storage {
  private static final Logger LOG = LoggerFactory.getLogger(EmbeddedStorage.class);

  private final DataFolder folder;
  private final EmbeddedJournal journal;

  private EmbeddedStorage(DataFolder folder, EmbeddedJournal journal) {
    this.folder = folder;
    this.journal = journal;
  }

  /**
   * Opens the folder, and makes it on the first start.
   *
   * @throws IOException when another node uses it, or it is damaged or of a newer version
   */
  public static EmbeddedStorage open(Path path) throws IOException {
    var folder = DataFolder.open(path);
    try {
      return new EmbeddedStorage(folder, EmbeddedJournal.open(folder));
    } catch (IOException | RuntimeException failed) {
      folder.close();
      throw failed;
    }
  }

  @Override
  public Config config() {
    return journal.config();
  }

  @Override
  public Stores open(ActorSystem<?> system) throws IOException {
    return Files.open(folder, journal);
  }

  @Override
  public void close() throws IOException {
    try (folder) {
      journal.close();
    }
  }

  /** The logs and the read tables; they need no actor system. */
  private record Files(
      EmbeddedJournal journal,
      FileStreamStore streams,
      FactFeed facts,
      StatusTables tables,
      LiveEvents live,
      StatusProjection projection)
      implements Stores {

    static Files open(DataFolder folder, EmbeddedJournal journal) throws IOException {
      var streams = FileStreamStore.open(folder);
      try {
        var facts = new FactFeed(journal);
        var tables = StatusTables.open(folder.path(), facts::end);
        var live = new LiveEvents(tables, facts);
        var projection =
            StatusProjection.start(
                tables.views(),
                facts,
                live,
                p -> LOG.info("Read tables: {} of {} rows", p.applied(), p.journal()));
        return new Files(journal, streams, facts, tables, live, projection);
      } catch (IOException | RuntimeException failed) {
        streams.close();
        throw failed;
      }
    }

    @Override
    public StatusStore status() {
      return tables;
    }

    @Override
    public Events events() {
      return live;
    }

    @Override
    public List<String> problems() {
      return Stream.of(journal.trouble(), projection.trouble(), tables.trouble())
          .flatMap(t -> t.stream())
          .toList();
    }

    @Override
    public List<Gauge> readings() {
      return List.of(
          new Gauge(
              "ahjo_journal_rows_unreadable_total",
              "Rows of the journal that could not be read",
              true,
              facts.unreadable()),
          new Gauge(
              "ahjo_status_strangers_total",
              "Facts about something that the read tables do not know",
              true,
              projection.strangers()));
    }

    @Override
    public Pruned prune(Duration maxAge, long maxTotalBytes, Instant now) throws IOException {
      return streams.prune(maxAge, maxTotalBytes, now);
    }

    @Override
    public void close() throws IOException {
      try (streams;
          tables) {
        projection.close();
      }
    }
  }
}
