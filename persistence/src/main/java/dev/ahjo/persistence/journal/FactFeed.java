package dev.ahjo.persistence.journal;

import dev.ahjo.core.kernel.EntityRef;
import dev.ahjo.core.port.StreamStore.Subscription;
import dev.ahjo.persistence.formats.FactFormat;
import dev.ahjo.persistence.formats.FactSerializer;
import dev.ahjo.persistence.formats.NewerVersion;
import dev.ahjo.persistence.formats.Recorded;
import dev.ahjo.persistence.status.FactSource;
import java.io.IOException;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * All facts of the farm in the order in which they were stored, from any place on. The place of a
 * row is its number in the journal; whoever keeps the last place beside what it made of the facts,
 * in one transaction, has each fact exactly once.
 *
 * <p>There is no waiting for gaps here, as other journals need it: rows are numbered in the order
 * of their commits, so a number that can be read means that all lower ones can be, too.
 */
public final class FactFeed implements FactSource {
  private static final Logger LOG = LoggerFactory.getLogger(FactFeed.class);
  private static final int BATCH = 500;

  private final JdbcJournal journal;
  private final AtomicLong unreadable = new AtomicLong();

  public FactFeed(JdbcJournal journal) {
    this.journal = journal;
  }

  @Override
  public List<Entry> after(long offset, int limit) throws IOException {
    long place = offset;
    try {
      while (true) {
        List<JournalTables.Placed> rows = journal.after(place, limit);
        List<Entry> entries = entries(rows);
        // Rows that are not ours are no end: what comes after them may be.
        if (!entries.isEmpty() || rows.isEmpty()) {
          return entries;
        }
        place = rows.getLast().ordering();
      }
    } catch (SQLException failed) {
      throw new IOException(
          "The journal can't be read after place " + place + ": " + failed.getMessage(), failed);
    }
  }

  @Override
  public long end() {
    return journal.lastOrdering();
  }

  @Override
  public Subscription onAppend(Runnable appended) {
    return journal.onAppend(appended);
  }

  /** Rows that could not be read and were passed over, each told in the log. */
  public long unreadable() {
    return unreadable.get();
  }

  /**
   * @throws IOException when a newer version wrote the first: this node must not go on as if it had
   *     not been, a newer one will read it
   */
  private List<Entry> entries(List<JournalTables.Placed> rows) throws IOException {
    List<Entry> entries = new ArrayList<>(rows.size());
    for (JournalTables.Placed placed : rows) {
      Row row = placed.row();
      if (row.serializer() != FactSerializer.ID) {
        continue; // Pekko's own: which entities a shard remembers
      }
      try {
        Recorded recorded = FactFormat.CURRENT.read(row.payload(), row.manifest());
        entries.add(
            new Entry(
                placed.ordering(),
                Representation.entity(row.persistenceId()),
                row.sequenceNr(),
                recorded.at(),
                recorded.facts()));
      } catch (NewerVersion newer) {
        if (entries.isEmpty()) {
          throw new IOException(
              "The journal's record %s #%d at place %d can't be read by this version; a newer one has to go on: %s"
                  .formatted(
                      row.persistenceId(), row.sequenceNr(), placed.ordering(), newer.getMessage()),
              newer);
        }
        return entries;
      } catch (IOException | IllegalArgumentException damaged) {
        // Its entity refuses to start, which is where it must be mended; readers of all others go
        // on.
        unreadable.incrementAndGet();
        LOG.error(
            "The journal's record {} #{} at place {} can't be read and is passed over",
            row.persistenceId(),
            row.sequenceNr(),
            placed.ordering(),
            damaged);
      }
    }
    return entries;
  }

  /**
   * All rows of one entity, or what is left of them from a number on: for replays and histories.
   *
   * @throws IOException when one can't be read
   */
  public static List<Entry> of(JdbcJournal journal, EntityRef entity, long from)
      throws IOException {
    String id = entity.type().label() + "|" + entity.id();
    List<Entry> items = new ArrayList<>();
    try {
      long next = from;
      while (true) {
        long first = next;
        List<Row> rows =
            journal.reading(
                database -> JournalTables.records(database, id, first, Long.MAX_VALUE, BATCH));
        for (Row row : rows) {
          Recorded recorded = FactFormat.CURRENT.read(row.payload(), row.manifest());
          items.add(new Entry(0, entity, row.sequenceNr(), recorded.at(), recorded.facts()));
        }
        if (rows.size() < BATCH) {
          return items;
        }
        next = rows.getLast().sequenceNr() + 1;
      }
    } catch (SQLException failed) {
      throw new IOException("The journal can't be read: " + failed.getMessage(), failed);
    }
  }
}
