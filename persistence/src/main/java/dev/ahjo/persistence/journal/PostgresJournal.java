package dev.ahjo.persistence.journal;

import dev.ahjo.persistence.jdbc.Dialect;
import dev.ahjo.persistence.jdbc.PostgresServer;
import java.io.IOException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The journal and the snapshots of a farm in PostgreSQL, as one of its nodes writes and reads them.
 * All nodes number their rows in one sequence without gaps, in the order of their commits.
 */
public final class PostgresJournal extends JdbcJournal {
  private static final Logger LOG = LoggerFactory.getLogger(PostgresJournal.class);
  private static final int READERS = 8;

  private volatile @Nullable Runnable committing;

  private PostgresJournal(PostgresServer server) throws SQLException {
    super(new Shared(server));
  }

  /**
   * Opens the journal, whose tables must be there.
   *
   * @throws IOException when the server can't be reached or has no such tables
   */
  public static PostgresJournal open(PostgresServer server) throws IOException {
    try {
      return new PostgresJournal(server);
    } catch (SQLException failed) {
      throw server.failed("The journal in " + server + " can't be opened", failed);
    }
  }

  /** The statements that make the tables, where they are not there yet. */
  public static List<String> schema() {
    List<String> all = new ArrayList<>(JournalTables.schema(Dialect.POSTGRESQL));
    // Every append changes the one row; with room in its page that moves no index.
    all.add(
        """
        CREATE TABLE IF NOT EXISTS journal_end (
          one BOOLEAN PRIMARY KEY CHECK (one),
          last BIGINT NOT NULL) WITH (fillfactor = 10)\
        """);
    all.add("INSERT INTO journal_end VALUES (true, 0) ON CONFLICT DO NOTHING");
    return all;
  }

  /**
   * Calls {@code told} after each commit of this node, on the writer's thread: it must be quick.
   */
  public void onCommit(Runnable told) {
    committing = told;
  }

  @Override
  void committed(long ordering) {
    super.committed(ordering);
    Runnable told = committing;
    if (told != null) {
      told.run();
    }
  }

  /** Another node has said how far the journal reaches. */
  public void heard(long ordering) {
    if (ordering > lastOrdering()) {
      grown(ordering);
    }
  }

  /**
   * Looks how far the journal reaches.
   *
   * @throws IOException when it can't be read
   */
  public void look() throws IOException {
    try {
      heard(reading(PostgresJournal::end));
    } catch (SQLException failed) {
      throw new IOException("The journal can't be read: " + failed.getMessage(), failed);
    }
  }

  private static long end(Connection database) throws SQLException {
    try (var query = database.prepareStatement("SELECT last FROM journal_end");
        ResultSet found = query.executeQuery()) {
      if (!found.next()) {
        throw new SQLException("Expected one row in journal_end, but found none");
      }
      return found.getLong(1);
    }
  }

  /** The tables that all nodes share. */
  private record Shared(PostgresServer server) implements JournalDatabase {
    @Override
    public int readers() {
      return READERS;
    }

    @Override
    public Dialect dialect() {
      return Dialect.POSTGRESQL;
    }

    @Override
    public Connection connect() throws SQLException {
      return server.connect(server.schema());
    }

    @Override
    public Pen pen() throws SQLException {
      Connection connection = connect();
      try (var statement = connection.createStatement()) {
        // What is acknowledged must outlive the server. Stricter settings are left as they are.
        statement.execute(
            "SELECT set_config('synchronous_commit', 'on', false)"
                + " WHERE current_setting('synchronous_commit') = 'off'");
        try (ResultSet forced = statement.executeQuery("SELECT current_setting('fsync')")) {
          if (forced.next() && forced.getString(1).equals("off")) {
            LOG.warn("{} has fsync off: a power cut takes back what was acknowledged", server);
          }
        }
        return new SharedPen(connection, connection.prepareStatement(SharedPen.APPEND));
      } catch (SQLException failed) {
        connection.close();
        throw failed;
      }
    }

    /** A server whose disk is full says so by itself. */
    @Override
    public void requireRoom() {}
  }

  /**
   * Appends with a single statement. It takes the numbers from a row that stays locked until its
   * commit, so that the numbers of all nodes follow their commits; and the server goes through all
   * of it without waiting for this node in between, which may hang at any place.
   */
  private static final class SharedPen implements JournalDatabase.Pen {
    static final String APPEND =
        """
        WITH place AS (
          UPDATE journal_end SET last = last + ? RETURNING last),
        stored AS (
          INSERT INTO journal (ordering, entity, sequence_nr, writer, written, adapter, serializer,
            manifest, payload)
          SELECT place.last - ? + nth, entity, sequence_nr, writer, written, adapter, serializer,
            manifest, payload
          FROM place, unnest(?::text[], ?::bigint[], ?::text[], ?::bigint[], ?::text[], ?::int[],
            ?::text[], ?::bytea[]) WITH ORDINALITY
            AS fresh (entity, sequence_nr, writer, written, adapter, serializer, manifest, payload,
              nth))
        SELECT last FROM place\
        """;

    private final Connection database;
    private final PreparedStatement append;
    private long last;

    SharedPen(Connection database, PreparedStatement append) throws SQLException {
      this.database = database;
      this.append = append;
      this.last = end(database);
    }

    @Override
    public Connection database() {
      return database;
    }

    @Override
    public long last() {
      return last;
    }

    @Override
    public long append(List<Row> rows) throws SQLException {
      append.setLong(1, rows.size());
      append.setLong(2, rows.size());
      array(3, "text", rows.stream().map(Row::persistenceId).toArray());
      array(4, "int8", rows.stream().map(Row::sequenceNr).toArray());
      array(5, "text", rows.stream().map(Row::writer).toArray());
      array(6, "int8", rows.stream().map(Row::written).toArray());
      array(7, "text", rows.stream().map(Row::adapter).toArray());
      array(8, "int4", rows.stream().map(Row::serializer).toArray());
      array(9, "text", rows.stream().map(Row::manifest).toArray());
      array(10, "bytea", rows.stream().map(Row::payload).toArray(byte[][]::new));
      try (ResultSet stored = append.executeQuery()) {
        if (!stored.next()) {
          throw new SQLException("Expected one row in journal_end, but found none");
        }
        last = stored.getLong(1);
      }
      return last;
    }

    private void array(int parameter, String type, Object[] values) throws SQLException {
      append.setArray(parameter, database.createArrayOf(type, values));
    }

    @Override
    public void change(JournalWriter.Statement change) throws SQLException {
      database.setAutoCommit(false);
      try {
        change.on(database);
        database.commit();
      } catch (SQLException failed) {
        database.rollback();
        throw failed;
      } finally {
        database.setAutoCommit(true);
      }
    }

    /** An append that fails leaves nothing open. */
    @Override
    public void rollback() throws SQLException {
      append.clearParameters();
    }

    /** PostgreSQL's own vacuum does. */
    @Override
    public boolean tidy() {
      return false;
    }

    @Override
    public void close() throws SQLException {
      database.close();
    }
  }
}
