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

  /** What must hold in the row of {@code meta} besides its place, for its owner to move it on. */
  String fence();
}
