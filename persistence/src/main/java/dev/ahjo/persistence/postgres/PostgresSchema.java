package dev.ahjo.persistence.postgres;

import dev.ahjo.persistence.jdbc.PostgresServer;
import dev.ahjo.persistence.jdbc.PostgresSettings;
import dev.ahjo.persistence.journal.PostgresJournal;
import dev.ahjo.persistence.log.PostgresStreamStore;
import dev.ahjo.persistence.status.PostgresTables;
import java.io.IOException;
import java.net.ConnectException;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The tables, and how they come to be. Each version adds to the one before and takes nothing away,
 * so that nodes of the previous version go on while a new one has migrated.
 */
public final class PostgresSchema {
  /** What this program needs. */
  static final int VERSION = 1;

  private static final Logger LOG = LoggerFactory.getLogger(PostgresSchema.class);

  /** Nodes that make tables at the same time take turns by this lock. */
  private static final long TURN = 0x61686a6f;

  private final PostgresSettings settings;

  public PostgresSchema(PostgresSettings settings) {
    this.settings = settings;
  }

  /**
   * All statements, for an administrator who makes the tables by hand: in order, as one
   * transaction; each may be repeated.
   */
  public List<String> statements() {
    List<String> all = new ArrayList<>(farm());
    all.addAll(PostgresTables.schema(settings.schema()));
    return all;
  }

  /** All but the read tables. */
  private List<String> farm() {
    List<String> all = new ArrayList<>();
    all.add("CREATE SCHEMA IF NOT EXISTS " + settings.schema());
    all.add("SET search_path TO " + settings.schema());
    all.addAll(PostgresJournal.schema());
    all.addAll(PostgresStreamStore.schema());
    all.add(
        """
        CREATE TABLE IF NOT EXISTS ahjo_schema (
          part VARCHAR(255) PRIMARY KEY,
          version INTEGER NOT NULL)\
        """);
    all.add(
        "INSERT INTO ahjo_schema VALUES ('tables', %d) ON CONFLICT (part) DO UPDATE SET version = GREATEST(ahjo_schema.version, EXCLUDED.version)"
            .formatted(VERSION));
    return all;
  }

  /**
   * Makes what lacks, all of it or nothing.
   *
   * @throws IOException when the server can't be reached or refuses
   */
  public static void create(PostgresSettings settings) throws IOException {
    var server = new PostgresServer(settings, "schema");
    try (Connection connection = server.connectPatiently();
        Statement statement = connection.createStatement()) {
      connection.setAutoCommit(false);
      try (ResultSet turn = statement.executeQuery("SELECT pg_advisory_xact_lock(" + TURN + ")")) {
        turn.next();
      }
      List<String> lacking = new ArrayList<>();
      if (version(statement) < VERSION) {
        lacking.addAll(new PostgresSchema(settings).farm());
      }
      if (!readable(statement, settings.schema())) {
        lacking.addAll(PostgresTables.schema(settings.schema()));
      }
      for (String each : lacking) {
        statement.execute(each);
      }
      connection.commit();
      if (!lacking.isEmpty()) {
        LOG.info("The tables in {} are of version {} now", server, VERSION);
      }
    } catch (SQLException failed) {
      throw server.failed("The tables in " + server + " can't be made", failed);
    }
  }

  /**
   * Refuses tables that this program can't use.
   *
   * @throws ConnectException when they may be made yet, saying how
   * @throws IOException when they are of a newer version
   */
  static void check(PostgresServer server) throws IOException {
    int found;
    boolean readable;
    try (Connection connection = server.connect(server.schema());
        Statement statement = connection.createStatement()) {
      found = version(statement);
      readable = readable(statement, server.schema());
    } catch (SQLException failed) {
      throw server.failed(server + " can't be read", failed);
    }
    if (found < VERSION || (found == VERSION && !readable)) {
      // Another node, or a person, may be making them just now.
      throw new ConnectException(
          server
              + (found == 0 ? " has no tables of Ahjo" : " has tables of version " + found)
              + (found == VERSION
                  ? ", but not the read tables of this program ("
                      + PostgresTables.schemaBeside(server.schema())
                      + ")"
                  : ", but this program needs version " + VERSION)
              + ": run 'ahjo schema create --config FILE', or set storage.postgresql.create: true");
    }
    if (found > VERSION) {
      throw new IOException(
          server
              + " has tables of version "
              + found
              + ", but this program knows them only up to version "
              + VERSION
              + ": run a newer program");
    }
  }

  private static boolean readable(Statement statement, String farm) throws SQLException {
    try (ResultSet there =
        statement.executeQuery(
            "SELECT to_regclass('%s.meta')".formatted(PostgresTables.schemaBeside(farm)))) {
      return there.next() && there.getString(1) != null;
    }
  }

  /** 0 when the tables are not there. */
  private static int version(Statement statement) throws SQLException {
    try (ResultSet there = statement.executeQuery("SELECT to_regclass('ahjo_schema')")) {
      if (!there.next() || there.getString(1) == null) {
        return 0;
      }
    }
    try (ResultSet row =
        statement.executeQuery("SELECT version FROM ahjo_schema WHERE part = 'tables'")) {
      return row.next() ? row.getInt(1) : 0;
    }
  }
}
