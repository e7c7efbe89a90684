package dev.ahjo.persistence.journal;

import dev.ahjo.persistence.jdbc.Dialect;
import java.io.ByteArrayInputStream;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Types;
import java.util.ArrayList;
import java.util.List;

/**
 * The tables of the journal's database, and each statement on them.
 *
 * <p>{@code journal} has its rows in the order of {@code ordering}, which are numbered without gaps
 * in the order of their commits; the index {@code journal_entity} finds an entity's records and
 * refuses a second one of the same number. A payload stands in its row, since H2 keeps large
 * objects in tables of their own at several times the cost; only one that exceeds what a row may
 * hold goes to {@code large}. A row without either was deleted, and is kept because an entity's
 * numbers must never be used again.
 */
final class JournalTables {
  /** H2 admits a little more in one row. */
  static final int MAX_INLINE = 1_000_000;

  private static final String COLUMNS =
      "entity, sequence_nr, writer, written, adapter, serializer, manifest, payload, large";

  private JournalTables() {}

  /** The statements that make the tables, where they are not there yet. */
  static List<String> schema(Dialect dialect) {
    return List.of(
        """
        CREATE TABLE IF NOT EXISTS journal (
          ordering BIGINT PRIMARY KEY,
          entity %s NOT NULL,
          sequence_nr BIGINT NOT NULL,
          writer VARCHAR(64) NOT NULL,
          written BIGINT NOT NULL,
          adapter VARCHAR(255) NOT NULL,
          serializer INTEGER NOT NULL,
          manifest VARCHAR(255) NOT NULL,
          payload %s,
          large %s)\
        """
            .formatted(dialect.name255(), dialect.bytes(), dialect.large()),
        "CREATE UNIQUE INDEX IF NOT EXISTS journal_entity ON journal (entity, sequence_nr)",
        """
        CREATE TABLE IF NOT EXISTS snapshot (
          entity %s NOT NULL,
          sequence_nr BIGINT NOT NULL,
          written BIGINT NOT NULL,
          serializer INTEGER NOT NULL,
          manifest VARCHAR(255) NOT NULL,
          payload %s NOT NULL,
          PRIMARY KEY (entity, sequence_nr))\
        """
            .formatted(dialect.name255(), dialect.large()));
  }

  static long lastOrdering(Connection database) throws SQLException {
    try (var query = database.prepareStatement("SELECT MAX(ordering) FROM journal");
        ResultSet found = query.executeQuery()) {
      return found.next() ? found.getLong(1) : 0;
    }
  }

  static PreparedStatement insert(Connection database) throws SQLException {
    return database.prepareStatement(
        "INSERT INTO journal (ordering, " + COLUMNS + ") VALUES (?,?,?,?,?,?,?,?,?,?)");
  }

  static void fill(PreparedStatement insert, long ordering, Row row) throws SQLException {
    insert.setLong(1, ordering);
    insert.setString(2, row.persistenceId());
    insert.setLong(3, row.sequenceNr());
    insert.setString(4, row.writer());
    insert.setLong(5, row.written());
    insert.setString(6, row.adapter());
    insert.setInt(7, row.serializer());
    insert.setString(8, row.manifest());
    if (row.payload().length <= MAX_INLINE) {
      insert.setBytes(9, row.payload());
      insert.setNull(10, Types.BLOB);
    } else {
      insert.setNull(9, Types.VARBINARY);
      insert.setBinaryStream(10, new ByteArrayInputStream(row.payload()), row.payload().length);
    }
  }

  /**
   * Up to {@code limit} records of an entity from {@code from} to {@code to}, deleted ones left
   * out.
   */
  static List<Row> records(Connection database, String persistenceId, long from, long to, int limit)
      throws SQLException {
    try (var query =
        database.prepareStatement(
            "SELECT "
                + COLUMNS
                + " FROM journal WHERE entity = ? AND sequence_nr BETWEEN ? AND ?"
                + " AND (payload IS NOT NULL OR large IS NOT NULL) ORDER BY sequence_nr LIMIT ?")) {
      query.setString(1, persistenceId);
      query.setLong(2, from);
      query.setLong(3, to);
      query.setInt(4, limit);
      List<Row> rows = new ArrayList<>();
      try (ResultSet found = query.executeQuery()) {
        while (found.next()) {
          rows.add(row(found, 1));
        }
      }
      return rows;
    }
  }

  /** A record and its place among all. */
  record Placed(long ordering, Row row) {}

  /** Up to {@code limit} records of all entities after {@code ordering}, deleted ones left out. */
  static List<Placed> after(Connection database, long ordering, int limit) throws SQLException {
    try (var query =
        database.prepareStatement(
            "SELECT ordering, "
                + COLUMNS
                + " FROM journal WHERE ordering > ?"
                + " AND (payload IS NOT NULL OR large IS NOT NULL) ORDER BY ordering LIMIT ?")) {
      query.setLong(1, ordering);
      query.setInt(2, limit);
      List<Placed> rows = new ArrayList<>();
      try (ResultSet found = query.executeQuery()) {
        while (found.next()) {
          rows.add(new Placed(found.getLong(1), row(found, 2)));
        }
      }
      return rows;
    }
  }

  private static Row row(ResultSet found, int first) throws SQLException {
    byte[] payload = found.getBytes(first + 7);
    return new Row(
        found.getString(first),
        found.getLong(first + 1),
        found.getString(first + 2),
        found.getLong(first + 3),
        found.getString(first + 4),
        found.getInt(first + 5),
        found.getString(first + 6),
        payload != null ? payload : found.getBytes(first + 8));
  }

  /** The number of an entity's last record, deleted or not; 0 when it has none. */
  static long highest(Connection database, String persistenceId) throws SQLException {
    try (var query =
        database.prepareStatement(
            "SELECT sequence_nr FROM journal WHERE entity = ? ORDER BY entity DESC, sequence_nr DESC"
                + " LIMIT 1")) {
      query.setString(1, persistenceId);
      try (ResultSet found = query.executeQuery()) {
        return found.next() ? found.getLong(1) : 0;
      }
    }
  }

  /** Whether exactly this record is stored already. */
  static boolean holds(Connection database, Row row) throws SQLException {
    try (var query =
        database.prepareStatement(
            "SELECT writer FROM journal WHERE entity = ? AND sequence_nr = ?")) {
      query.setString(1, row.persistenceId());
      query.setLong(2, row.sequenceNr());
      try (ResultSet found = query.executeQuery()) {
        return found.next() && row.writer().equals(found.getString(1));
      }
    }
  }

  static void delete(Connection database, String persistenceId, long to) throws SQLException {
    long highest = highest(database, persistenceId);
    try (var gone =
            database.prepareStatement(
                "DELETE FROM journal WHERE entity = ? AND sequence_nr <= ? AND sequence_nr < ?");
        var emptied =
            database.prepareStatement(
                "UPDATE journal SET payload = NULL, large = NULL"
                    + " WHERE entity = ? AND sequence_nr <= ?")) {
      gone.setString(1, persistenceId);
      gone.setLong(2, to);
      gone.setLong(3, highest);
      gone.executeUpdate();
      emptied.setString(1, persistenceId);
      emptied.setLong(2, to);
      emptied.executeUpdate();
    }
  }
}
