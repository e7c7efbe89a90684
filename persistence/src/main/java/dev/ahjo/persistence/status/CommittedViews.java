package dev.ahjo.persistence.status;

import dev.ahjo.core.kernel.EntityRef;
import dev.ahjo.core.status.Views;
import java.time.Duration;
import java.util.Set;

/**
 * The read tables as {@link StatusProjection} writes them, whatever they are kept in. What is put
 * gathers until {@link #commit}; only then do readers see it, and with it the place in the journal
 * up to which the tables speak. Whatever happens between two commits, the next start finds the
 * tables as one of them left them, never in between. Used by one thread at a time.
 */
public interface CommittedViews extends Views {
  /** A store on the same machine rests as long as this for each record, */
  Duration REST = Duration.ofNanos(200_000);

  /** and no longer. */
  Duration LONGEST_REST = Duration.ofMillis(50);

  /**
   * The journal's offset up to which the tables speak; 0 when they are empty. May be read by any
   * thread.
   */
  long applied();

  /**
   * Writes what has changed, and that it is all up to {@code offset}: both or neither.
   *
   * @param offset greater than {@link #applied}
   * @throws StatusUnavailable when it can't be written, or nobody knows whether it was; {@link
   *     #forget} finds out
   */
  void commit(long offset);

  /**
   * Goes back to what is committed, which {@link #applied} then tells.
   *
   * @throws StatusUnavailable when the tables can't be read
   */
  void forget();

  /**
   * The facts of these entities come next. A store that reads views one by one may read them
   * together now.
   *
   * @throws StatusUnavailable when they can't be read
   */
  default void expect(Set<EntityRef> entities) {}

  /**
   * How long a busy projection gathers facts after a commit, so that the next is worth what it
   * costs.
   *
   * @param records those of the last commit
   */
  default Duration rest(int records) {
    Duration rest = REST.multipliedBy(records);
    return rest.compareTo(LONGEST_REST) < 0 ? rest : LONGEST_REST;
  }

  /**
   * What readers were shown before can't be reached again for now, whatever is tried: they see what
   * there is.
   */
  default void showAsIs() {}
}
