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

  /** The offset of the last record; 0 when there is none. */
  long end();

  /** Calls {@code appended} after each append, from any thread: it must be quick. */
  Subscription onAppend(Runnable appended);
}
