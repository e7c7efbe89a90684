package dev.ahjo.core.port;

import dev.ahjo.core.port.StreamStore.Subscription;
import dev.ahjo.core.status.StatusEvent;
import java.util.List;
import java.util.function.Consumer;

/** What happens, as it happens, once the read tables show it. */
public interface Events {
  /**
   * Hears of batches of events from now on, in order, from one thread that must not be held up: a
   * listener that can't keep up drops, and tells its client to look again.
   */
  Subscription listen(Consumer<List<StatusEvent>> listener);

  /** Up to {@code limit} events after that offset and index, from the journal. */
  List<StatusEvent> since(long offset, int index, int limit);
}
