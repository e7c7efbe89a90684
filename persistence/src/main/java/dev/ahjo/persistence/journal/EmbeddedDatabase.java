package dev.ahjo.persistence.journal;

import dev.ahjo.persistence.jdbc.Dialect;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.List;
import org.h2.engine.SessionLocal;
import org.h2.jdbc.JdbcConnection;

/**
 * The journal's file: H2, which this process has to itself. When the disk is nearly full nothing is
 * tried at all, since H2 closes a database whose file it can't write.
 */
final class EmbeddedDatabase implements JournalDatabase {
  /** Room on the disk below which nothing is written. */
  static final long MIN_FREE_BYTES = 64L << 20;

  /** Connections that read, at most; each takes about a megabyte while it does. */
  private static final int READERS = 3;

  private static final int MIN_FILL_PERCENT = 70;
  private static final int TIDY_BYTES = 4 << 20;

  /** How much room the disk has. */
  interface FreeSpace {
    long bytes() throws IOException;
  }

  private final Path folder;
  private final FreeSpace freeSpace;

  EmbeddedDatabase(Path folder, FreeSpace freeSpace) {
    this.folder = folder;
    this.freeSpace = freeSpace;
  }

  @Override
  public int readers() {
    return READERS;
  }

  @Override
  public Dialect dialect() {
    return Dialect.H2;
  }

  /** Opens the database, and makes it if there is none. */
  @Override
  public Connection connect() throws SQLException {
    DurableFiles.register();
    // A semicolon in the path would end it. WRITE_DELAY=0 writes at every commit, not half a second
    // later. Old pages may be reused soon, since what replaced them has been forced.
    String file = folder.resolve("journal").toString().replace("\\", "/").replace(";", "\\;");
    return DriverManager.getConnection(
        "jdbc:h2:"
            + DurableFiles.SCHEME
            + ":"
            + file
            + ";DB_CLOSE_ON_EXIT=FALSE;DB_CLOSE_DELAY=-1;WRITE_DELAY=0;RETENTION_TIME=2000"
            + ";CACHE_SIZE=32768");
  }

  @Override
  public Pen pen() throws SQLException {
    Connection connection = connect();
    try (var statement = connection.createStatement()) {
      for (String sql : JournalTables.schema(Dialect.H2)) {
        statement.execute(sql);
      }
    }
    connection.setAutoCommit(false);
    return new FilePen(
        connection, JournalTables.insert(connection), JournalTables.lastOrdering(connection));
  }

  @Override
  public void requireRoom() throws IOException {
    long free = freeSpace.bytes();
    if (free < MIN_FREE_BYTES) {
      throw new JournalUnavailable(
          "the disk of %s has %d MiB left, less than %d"
              .formatted(folder, free >> 20, MIN_FREE_BYTES >> 20));
    }
  }

  @Override
  public String toString() {
    return folder.toString();
  }

  /** Being alone it can number rows by itself, in the order of their commits. */
  private static final class FilePen implements Pen {
    private final Connection database;
    private final PreparedStatement insert;
    private long last;

    FilePen(Connection database, PreparedStatement insert, long last) {
      this.database = database;
      this.insert = insert;
      this.last = last;
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
      long number = last;
      for (Row row : rows) {
        JournalTables.fill(insert, ++number, row);
        insert.addBatch();
      }
      if (number > last) {
        insert.executeBatch();
      }
      database.commit();
      last = number;
      return number;
    }

    @Override
    public void change(JournalWriter.Statement change) throws SQLException {
      change.on(database);
      database.commit();
    }

    @Override
    public void rollback() throws SQLException {
      insert.clearBatch();
      database.rollback();
    }

    /** Rewrites live pages out of mostly dead stretches of the file, a few megabytes of them. */
    @Override
    public boolean tidy() throws SQLException {
      if (database.unwrap(JdbcConnection.class).getSession() instanceof SessionLocal session) {
        return session.getDatabase().getStore().getMvStore().compact(MIN_FILL_PERCENT, TIDY_BYTES);
      }
      return false;
    }

    @Override
    public void close() throws SQLException {
      database.close();
    }
  }
}
