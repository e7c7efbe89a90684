package dev.ahjo.persistence;

import com.typesafe.config.Config;
import dev.ahjo.core.port.Events;
import dev.ahjo.core.port.StreamStore;
import dev.ahjo.core.status.StatusStore;
import dev.ahjo.persistence.log.Pruned;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.apache.pekko.actor.typed.ActorSystem;

/**
 * Where a node keeps what it must not lose: facts, snapshots, logs, and the read tables made of the
 * facts. An actor system that is to keep its entities here is started between the two phases:
 *
 * <pre>{@code
 * try (Storage storage = EmbeddedStorage.open(folder)) {
 *   ActorSystem<?> system = ActorSystem.create(guardian, "ahjo", storage.config().withFallback(...));
 *   try (Storage.Stores stores = storage.open(system)) {
 *     ... // entities have a journal from the first line on; readers have theirs here
 *   }
 *   system.terminate(); // and wait for it
 * }
 * }</pre>
 */
public interface Storage extends AutoCloseable {
  /** What the actor system needs to keep its entities here. */
  Config config();

  /**
   * Opens what needs the actor system, once.
   *
   * @throws IOException naming what can't be read or written
   */
  Stores open(ActorSystem<?> system) throws IOException;

  /** The actor system must have ended. */
  @Override
  void close() throws IOException;

  /** What the rest of the node reads and writes, besides its entities. */
  interface Stores extends AutoCloseable {
    StatusStore status();

    StreamStore streams();

    Events events();

    /** Why something can't be read or written now, if so: for health pages. */
    List<String> problems();

    /** For the metrics. */
    List<Gauge> readings();

    /**
     * Removes the logs and artifacts of builds older than {@code maxAge}, then of the oldest until
     * the rest fits in {@code maxTotalBytes}. In a cluster each node may call it at any time.
     *
     * @throws IOException when what is there can't be told; what was removed until then is gone
     */
    Pruned prune(Duration maxAge, long maxTotalBytes, Instant now) throws IOException;

    /** The actor system must still be there. */
    @Override
    void close() throws IOException;
  }

  /**
   * A number to watch.
   *
   * @param name in Prometheus' words, such as {@code ahjo_journal_rows_unreadable_total}
   * @param grows whether it only ever grows: a counter
   */
  record Gauge(String name, String help, boolean grows, double value) {}
}
