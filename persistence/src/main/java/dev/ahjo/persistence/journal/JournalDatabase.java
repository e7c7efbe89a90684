package dev.ahjo.persistence.journal;

import dev.ahjo.persistence.jdbc.Dialect;
import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;

/** What a journal is kept in, as far as not all databases are the same. */
interface JournalDatabase {
  /** So many may read at once. */
  int readers();

  Dialect dialect();

  /** A connection that commits by itself. */
  Connection connect() throws SQLException;

  /** Opens what {@link JournalWriter} writes with. */
  Pen pen() throws SQLException;

  /**
   * Refuses when nothing should be tried now.
   *
   * @throws IOException when that can't be told
   * @throws JournalUnavailable saying why
   */
  void requireRoom() throws IOException;

  /** The connection of the one thread of this process that writes. */
  interface Pen {
    /** To ask what is stored. */
    Connection database();

    /** The number of the last row that this pen knows of. */
    long last();

    /**
     * Stores rows, all or none, numbered in their order and after all that were stored before. Who
     * sees one of them sees all that have smaller numbers.
     *
     * @return the number of the last
     */
    long append(List<Row> rows) throws SQLException;

    /** Makes a change, whole or not at all. */
    void change(JournalWriter.Statement change) throws SQLException;

    /** Forgets what has failed. */
    void rollback() throws SQLException;

    /** Gives back some space that nothing is in. False when there is none to gain. */
    boolean tidy() throws SQLException;

    void close() throws SQLException;
  }
}
