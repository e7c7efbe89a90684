package dev.ahjo.persistence.cassandra;

import com.datastax.oss.driver.api.core.DriverException;
import dev.ahjo.core.port.StreamStore.Subscription;
import dev.ahjo.persistence.formats.FactFormat;
import dev.ahjo.persistence.formats.NewerVersion;
import dev.ahjo.persistence.formats.Recorded;
import dev.ahjo.persistence.journal.Representation;
import dev.ahjo.persistence.status.FactSource;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The feed as the readers of a node see it. The scribe, on whatever node it is, tells how far the
 * feed has grown; now and then the node looks by itself, for what it was not told.
 */
final class FeedSource implements FactSource {
  private static final Logger LOG = LoggerFactory.getLogger(FeedSource.class);

  private final Feed feed;
  private final AtomicLong end;
  private final AtomicLong unreadable = new AtomicLong();
  private final CopyOnWriteArrayList<Runnable> listeners = new CopyOnWriteArrayList<>();

  /**
   * @throws IOException when the feed can't be read
   */
  FeedSource(Feed feed) throws IOException {
    this.feed = feed;
    try {
      end = new AtomicLong(feed.end(feed.mark()));
    } catch (DriverException failed) {
      throw unavailable(0, failed);
    }
  }

  @Override
  public List<Entry> after(long offset, int limit) throws IOException {
    return page(offset, limit).entries();
  }

  /** Where {@link #end} says that there are rows, a quorum may not show them yet. */
  @Override
  public Page page(long offset, int limit) throws IOException {
    long place = offset;
    try {
      while (true) {
        List<Feed.Placed> rows = feed.after(place, limit);
        List<Entry> entries = entries(rows);
        // Rows that can't be read are no end: what comes after them may be.
        if (!entries.isEmpty() || rows.isEmpty()) {
          return new Page(entries, entries.isEmpty() ? place : entries.getLast().offset());
        }
        place = rows.getLast().number();
      }
    } catch (DriverException failed) {
      throw unavailable(place, failed);
    }
  }

  private static IOException unavailable(long place, DriverException failed) {
    return new IOException(
        "The feed of facts can't be read after place " + place + ": " + failed.getMessage(),
        failed);
  }

  /**
   * @throws IOException when a newer version wrote the first: this node must not go on as if it had
   *     not been, a newer one will read it
   */
  private List<Entry> entries(List<Feed.Placed> rows) throws IOException {
    List<Entry> entries = new ArrayList<>(rows.size());
    for (Feed.Placed row : rows) {
      Feed.Item item = row.item();
      try {
        Recorded recorded = FactFormat.CURRENT.read(item.payload(), item.manifest());
        entries.add(
            new Entry(
                row.number(),
                Representation.entity(item.entity()),
                item.sequenceNr(),
                recorded.at(),
                recorded.facts()));
      } catch (NewerVersion newer) {
        if (entries.isEmpty()) {
          throw new IOException(
              "The feed's record %s #%d at place %d can't be read by this version; a newer one has to go on: %s"
                  .formatted(item.entity(), item.sequenceNr(), row.number(), newer.getMessage()),
              newer);
        }
        return entries;
      } catch (IOException | IllegalArgumentException damaged) {
        unreadable.incrementAndGet();
        LOG.error(
            "The feed's record {} #{} at place {} can't be read and is passed over",
            item.entity(),
            item.sequenceNr(),
            row.number(),
            damaged);
      }
    }
    return entries;
  }

  @Override
  public long end() {
    return end.get();
  }

  @Override
  public Subscription onAppend(Runnable appended) {
    listeners.add(appended);
    return () -> listeners.remove(appended);
  }

  /** The feed has grown up to there. */
  void grown(long to) {
    if (end.getAndAccumulate(to, Math::max) < to) {
      listeners.forEach(Runnable::run);
    }
  }

  /**
   * Looks how far it has grown.
   *
   * @throws IOException when the feed can't be read
   */
  void look() throws IOException {
    try {
      grown(feed.end(end.get()));
    } catch (DriverException failed) {
      throw unavailable(end.get(), failed);
    }
  }

  /** Rows that could not be read and were passed over, each told in the log. */
  long unreadable() {
    return unreadable.get();
  }
}
