package dev.ahjo.persistence.cassandra;

import com.datastax.oss.driver.api.core.CqlSession;
import com.datastax.oss.driver.api.core.DriverException;
import com.datastax.oss.driver.api.core.cql.Row;
import com.datastax.oss.driver.api.core.cql.SimpleStatement;
import com.datastax.oss.driver.api.core.servererrors.InvalidQueryException;
import com.datastax.oss.driver.api.core.servererrors.ServerError;
import com.datastax.oss.driver.api.core.servererrors.WriteTimeoutException;
import dev.ahjo.persistence.log.CassandraStreamStore;
import dev.ahjo.persistence.status.CassandraTables;
import java.io.IOException;
import java.net.ConnectException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The tables, and how they come to be. Each version adds to the one before and takes nothing away,
 * so that nodes of the previous version go on while a new one has migrated.
 */
public final class CassandraSchema {
  /** What this program needs. */
  static final int VERSION = 1;

  private static final Logger LOG = LoggerFactory.getLogger(CassandraSchema.class);

  /** Making tables takes a busy ring a while. */
  private static final Duration DDL = Duration.ofSeconds(60);

  /** A migrating node that is killed lets the next one begin after this. */
  private static final int LOCK_SECONDS = 120;

  private static final long LOOK_EVERY_MILLIS = 500;

  private final CassandraSettings settings;

  public CassandraSchema(CassandraSettings settings) {
    this.settings = settings;
  }

  /**
   * All statements, for an administrator who makes the tables by hand: in order, each may be
   * repeated.
   */
  public List<String> statements() {
    List<String> all = new ArrayList<>();
    all.add(keyspace());
    all.add(versionTable());
    all.addAll(tables());
    all.add(
        "INSERT INTO %s.ahjo_schema (part, version) VALUES ('tables', %d)"
            .formatted(settings.keyspace(), VERSION));
    return all;
  }

  private String keyspace() {
    return "CREATE KEYSPACE IF NOT EXISTS %s WITH replication = {'class': 'NetworkTopologyStrategy', '%s': %d}"
        .formatted(settings.keyspace(), settings.datacenter(), settings.replication());
  }

  private String versionTable() {
    return """
    CREATE TABLE IF NOT EXISTS %s.ahjo_schema (
      part text PRIMARY KEY,
      version int,
      holder text
    )\
    """
        .formatted(settings.keyspace());
  }

  private List<String> tables() {
    List<String> all = new ArrayList<>(FactTables.schema(settings.keyspace()));
    all.addAll(CassandraTables.schema(settings.keyspace()));
    all.addAll(CassandraStreamStore.schema(settings.keyspace()));
    return all;
  }

  /**
   * Makes what lacks. Nodes that do so at the same time take turns.
   *
   * @throws ConnectException when the servers don't answer or fail, or somebody else has been at it
   *     for minutes: later it may go
   * @throws IOException when the servers refuse this node
   */
  public static void create(CassandraSettings settings) throws IOException {
    try (CqlSession session = CassandraSessions.open(settings)) {
      new CassandraSchema(settings).create(session);
    }
  }

  void create(CqlSession session) throws IOException {
    try {
      OptionalInt found = version(session);
      if (found.isPresent() && found.getAsInt() >= VERSION) {
        return;
      }
      if (!keyspaceThere(session)) {
        ddl(session, keyspace());
      }
      ddl(session, versionTable());
      String me = ProcessHandle.current().pid() + "@" + System.nanoTime();
      long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(2L * LOCK_SECONDS);
      while (!lock(session, me)) {
        if (System.nanoTime() - end > 0) {
          throw new ConnectException(
              "Somebody else has been migrating keyspace "
                  + settings.keyspace()
                  + " for too long; see the row 'lock' of its table ahjo_schema");
        }
        TimeUnit.MILLISECONDS.sleep(LOOK_EVERY_MILLIS);
      }
      try {
        migrate(session);
      } finally {
        session.execute(
            "DELETE FROM %s.ahjo_schema WHERE part = 'lock' IF holder = '%s'"
                .formatted(settings.keyspace(), me));
      }
    } catch (DriverException failed) {
      throw CassandraSessions.failed(
          "The tables in keyspace " + settings.keyspace() + " can't be made", failed);
    } catch (InterruptedException stop) {
      Thread.currentThread().interrupt();
      throw new IOException("Interrupted while making the tables", stop);
    }
  }

  /** Looked for first: {@code IF NOT EXISTS} is refused to a role that may make none. */
  private boolean keyspaceThere(CqlSession session) {
    return session
            .execute(
                SimpleStatement.newInstance(
                    "SELECT keyspace_name FROM system_schema.keyspaces WHERE keyspace_name = ?",
                    settings.keyspace()))
            .one()
        != null;
  }

  private boolean lock(CqlSession session, String me) {
    try {
      return session
          .execute(
              "INSERT INTO %s.ahjo_schema (part, holder) VALUES ('lock', '%s') IF NOT EXISTS USING TTL %d"
                  .formatted(settings.keyspace(), me, LOCK_SECONDS))
          .wasApplied();
    } catch (InvalidQueryException | ServerError | WriteTimeoutException halfMade) {
      // Another node is making the table, and it takes a ring a while until each server can use it;
      // or the
      // ring is slow with it: then the lock may be held by nobody, until its time is over.
      LOG.debug("The table ahjo_schema can't be written yet", halfMade);
      return false;
    }
  }

  private void migrate(CqlSession session) {
    OptionalInt found = version(session);
    if (found.isPresent() && found.getAsInt() >= VERSION) {
      return;
    }
    for (String table : tables()) {
      ddl(session, table);
    }
    session.execute(
        "UPDATE %s.ahjo_schema SET version = %d WHERE part = 'tables'"
            .formatted(settings.keyspace(), VERSION));
    LOG.info("The tables in keyspace {} are of version {} now", settings.keyspace(), VERSION);
  }

  private static void ddl(CqlSession session, String statement) {
    session.execute(SimpleStatement.newInstance(statement).setTimeout(DDL));
  }

  /**
   * Refuses tables that this program can't use.
   *
   * @throws ConnectException when they may be made yet, saying how
   * @throws IOException when they are of a newer version
   */
  void check(CqlSession session) throws IOException {
    OptionalInt found;
    try {
      found = version(session);
    } catch (DriverException failed) {
      throw CassandraSessions.failed(
          "The keyspace " + settings.keyspace() + " can't be read", failed);
    }
    if (found.isEmpty() || found.getAsInt() < VERSION) {
      // Another node, or a person, may be making them just now.
      throw new ConnectException(
          "The keyspace "
              + settings.keyspace()
              + (found.isEmpty()
                  ? " has no tables of Ahjo"
                  : " has tables of version " + found.getAsInt())
              + ", but this program needs version "
              + VERSION
              + ": run 'ahjo schema create --config FILE', or set storage.cassandra.create: true");
    }
    if (found.getAsInt() > VERSION) {
      throw new IOException(
          "The keyspace "
              + settings.keyspace()
              + " has tables of version "
              + found.getAsInt()
              + ", but this program knows them only up to version "
              + VERSION
              + ": run a newer program");
    }
  }

  /** Empty when the tables are not there at all, or only half made. */
  private OptionalInt version(CqlSession session) {
    boolean there =
        session
                .execute(
                    SimpleStatement.newInstance(
                        "SELECT table_name FROM system_schema.tables WHERE keyspace_name = ? AND"
                            + " table_name = 'ahjo_schema'",
                        settings.keyspace()))
                .one()
            != null;
    if (!there) {
      return OptionalInt.empty();
    }
    @Nullable Row row;
    try {
      row =
          session
              .execute(
                  "SELECT version FROM %s.ahjo_schema WHERE part = 'tables'"
                      .formatted(settings.keyspace()))
              .one();
    } catch (InvalidQueryException halfMade) {
      // Another node is making it: servers list a table before they know it.
      LOG.debug("The table ahjo_schema is listed, and can't be read yet", halfMade);
      return OptionalInt.empty();
    }
    return row == null || row.isNull("version")
        ? OptionalInt.empty()
        : OptionalInt.of(row.getInt("version"));
  }
}
