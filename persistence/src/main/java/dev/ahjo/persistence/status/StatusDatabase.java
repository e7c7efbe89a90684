package dev.ahjo.persistence.status;

import dev.ahjo.persistence.jdbc.Dialect;
import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;

/** What read tables are kept in, as far as not all databases are the same. */
interface StatusDatabase {
  Dialect dialect();

  /** The isolation in which a transaction sees what stood when it began. */
  int snapshot();

  /** Another connection, for one who reads. */
  Connection connect() throws SQLException;

  /** A connection for the one who writes, in place of one that is lost. */
  Connection reopen() throws SQLException, IOException;

  /** Hears of what failed, whoever read or wrote. */
  default void failed(Throwable why) {}

  /**
   * Whether what is read is not what was written, so that nothing helps but to make all anew: a
   * full disk can do that to a file, and it stays so when there is room again.
   */
  default boolean isDamaged() {
    return false;
  }

  /** As {@link #reopen}, with empty tables. */
  default Connection makeAnew() throws SQLException, IOException {
    return reopen();
  }

  /** What must hold in the row of {@code meta} besides its place, for its owner to move it on. */
  String fence();
}
