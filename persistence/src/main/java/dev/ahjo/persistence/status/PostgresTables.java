package dev.ahjo.persistence.status;

import dev.ahjo.persistence.jdbc.Connections;
import dev.ahjo.persistence.jdbc.Dialect;
import dev.ahjo.persistence.jdbc.PostgresServer;
import java.io.IOException;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The read tables of a farm in PostgreSQL: every node reads them, and the one that projects writes
 * them. Each layout of the views has a schema of its own, so that nodes of two versions don't meet
 * in one table; a new version makes its tables from the journal, beside the old ones.
 */
public final class PostgresTables extends SqlTables implements AutoCloseable {
  private final PostgresServer server;
  private final String schema;
  private final LongSupplier journalEnd;
  private @Nullable TableViews writing;

  private PostgresTables(PostgresServer server, String schema, LongSupplier journalEnd) {
    super(new Shared(server, schema, ""));
    this.server = server;
    this.schema = schema;
    this.journalEnd = journalEnd;
  }

  /**
   * Opens the tables of this version, which must be there.
   *
   * @param journalEnd the offset of the journal's last record
   * @throws IOException when they can't be read
   */
  public static PostgresTables open(PostgresServer server, LongSupplier journalEnd)
      throws IOException {
    var tables = new PostgresTables(server, schemaBeside(server.schema()), journalEnd);
    try {
      tables.progress();
      return tables;
    } catch (StatusUnavailable failed) {
      tables.close();
      String what =
          "The read tables in %s, schema %s, can't be read".formatted(server, tables.schema);
      Optional<Throwable> cause =
          Optional.<Throwable>ofNullable(failed.getCause()).map(Throwable::getCause);
      throw cause.orElse(failed) instanceof SQLException why
          ? server.failed(what, why)
          : new IOException(what + ": " + failed.getMessage(), failed);
    }
  }

  /** Where the tables of this version are, beside all else of a farm. */
  public static String schemaBeside(String farm) {
    return farm
        + "_status_"
        + StatusFile.layout(Dialect.POSTGRESQL).replace('-', '_').toLowerCase(Locale.ROOT);
  }

  /** The statements that make the tables of this version, where they are not there yet. */
  public static List<String> schema(String farm) {
    String own = schemaBeside(farm);
    List<String> all = new ArrayList<>();
    all.add("CREATE SCHEMA IF NOT EXISTS " + own);
    all.add("SET search_path TO " + own);
    all.addAll(Table.schemaOfAll(Dialect.POSTGRESQL));
    all.add(
        """
        CREATE TABLE IF NOT EXISTS meta (
          one BOOLEAN PRIMARY KEY CHECK (one),
          applied BIGINT NOT NULL,
          epoch BIGINT NOT NULL)\
        """);
    all.add("INSERT INTO meta VALUES (true, 0, 0) ON CONFLICT DO NOTHING");
    return all;
  }

  /**
   * Begins to write, as the only one: whoever has done so before can't commit any more. Its
   * projection on this node must have ended.
   *
   * @throws IOException when the tables can't be written, or belong to another journal
   */
  public synchronized CommittedViews project() throws IOException {
    letGo();
    Connection connection = null;
    try {
      connection = server.connect(schema);
      long epoch;
      try (var take =
              connection.prepareStatement("UPDATE meta SET epoch = epoch + 1 RETURNING epoch");
          ResultSet mine = take.executeQuery()) {
        if (!mine.next()) {
          throw new SQLException("Expected one row in meta, but found none");
        }
        epoch = mine.getLong(1);
      }
      var views = new TableViews(new Shared(server, schema, " AND epoch = " + epoch), connection);
      long end = journalEnd.getAsLong();
      if (views.applied() > end) {
        views.close();
        throw new IOException(
            "The read tables have seen the journal up to %d, but it ends at %d: they belong to another one; drop the schema %s"
                .formatted(views.applied(), end, schema));
      }
      writing = views;
      return views;
    } catch (SQLException failed) {
      Connections.close(connection);
      throw new IOException(
          "The read tables in %s, schema %s, can't be written: %s"
              .formatted(server, schema, failed.getMessage()),
          failed);
    }
  }

  @Override
  public Progress progress() {
    long applied =
        ask(reader -> {
          try (ResultSet row = reader.prepare("SELECT applied FROM meta").executeQuery()) {
            if (!row.next()) {
              throw new SQLException("Expected one row in meta, but found none");
            }
            return row.getLong(1);
          }
        });
    return new Progress(applied, Math.max(applied, journalEnd.getAsLong()));
  }

  private void letGo() {
    if (writing != null) {
      writing.close();
      writing = null;
    }
  }

  /** Lets go of the server. The projection must have ended. */
  @Override
  public synchronized void close() {
    endReading();
    letGo();
  }

  /** The tables of one layout. */
  private record Shared(PostgresServer server, String schema, String fence)
      implements StatusDatabase {
    @Override
    public Dialect dialect() {
      return Dialect.POSTGRESQL;
    }

    @Override
    public int snapshot() {
      return Connection.TRANSACTION_REPEATABLE_READ;
    }

    @Override
    public Connection connect() throws SQLException {
      return server.connect(schema);
    }

    @Override
    public Connection reopen() throws SQLException {
      return connect();
    }
  }
}
