package dev.ahjo.persistence.status;

import dev.ahjo.core.status.Views;

/**
 * The read tables as {@link StatusProjection} writes them, whatever they are kept in. What is put
 * gathers until {@link #commit}; only then do readers see it, and with it the place in the journal
 * up to which the tables speak. Whatever happens between two commits, the next start finds the
 * tables as one of them left them, never in between. Used by one thread at a time.
 */
public interface CommittedViews extends Views {
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
   * What readers were shown before can't be reached again for now, whatever is tried: they see what
   * there is.
   */
  default void showAsIs() {}
}
