package dev.ahjo.persistence.status;

import dev.ahjo.core.kernel.EntityRef;
import dev.ahjo.core.kernel.Fact;
import dev.ahjo.core.port.StreamStore.Subscription;
import java.io.IOException;
import java.time.Instant;
import java.util.List;

/** The journal, as those read it who turn its facts into something else. */
public interface FactSource {
  /**
   * One record: the facts of one decision.
   *
   * @param offset its place in the journal; later records have greater ones
   * @param sequenceNr its place among the entity's own
   */
  record Entry(long offset, EntityRef entity, long sequenceNr, Instant at, List<Fact> facts) {
    public Entry {
      facts = List.copyOf(facts);
    }
  }

  /**
   * Up to {@code limit} records after {@code offset}, in order; none at the end.
   *
   * @throws IOException when the journal can't be read
   */
  List<Entry> after(long offset, int limit) throws IOException;

  /**
   * Some records, and how far the journal was read for them.
   *
   * @param seen there is nothing else up to here, and never will be
   */
  record Page(List<Entry> entries, long seen) {
    public Page {
      entries = List.copyOf(entries);
    }
  }

  /**
   * As {@link #after}, for whoever never reads up to there again. This form is for a journal whose
   * records can all be read up to {@link #end}: where none are, there are none.
   *
   * @throws IOException when the journal can't be read
   */
  default Page page(long offset, int limit) throws IOException {
    // First: what is appended meanwhile has not been looked at.
    long end = end();
    List<Entry> entries = after(offset, limit);
    return new Page(
        entries, entries.isEmpty() ? Math.max(offset, end) : entries.getLast().offset());
  }

  /** The offset of the last record; 0 when there is none. */
  long end();

  /** Calls {@code appended} after each append, from any thread: it must be quick. */
  Subscription onAppend(Runnable appended);
}
