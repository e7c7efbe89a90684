package dev.ahjo.persistence.status;

import dev.ahjo.core.project.Result;
import dev.ahjo.persistence.jdbc.Dialect;
import java.io.IOException;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.h2.api.ErrorCode;
import org.h2.engine.Constants;
import org.h2.mvstore.DataUtils;
import org.h2.mvstore.MVStoreException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The file of the read tables. Nothing in it is precious: a file that is damaged, or laid out by
 * another version, is thrown away and made again from the journal.
 */
final class StatusFile implements StatusDatabase {
  private static final Logger LOG = LoggerFactory.getLogger(StatusFile.class);

  private static final Set<Integer> DAMAGE =
      Set.of(
          DataUtils.ERROR_READING_FAILED,
          DataUtils.ERROR_INTERNAL,
          DataUtils.ERROR_FILE_CORRUPT,
          DataUtils.ERROR_CHUNK_NOT_FOUND);

  /**
   * Raised when the projection or the columns change in a way that the views' shapes don't show.
   */
  private static final int LAYOUT = 1;

  private static final String NAME = "status";

  private final Path folder;

  private volatile boolean damaged;

  StatusFile(Path folder) {
    this.folder = folder;
  }

  @Override
  public Dialect dialect() {
    return Dialect.H2;
  }

  @Override
  public int snapshot() {
    return Constants.TRANSACTION_SNAPSHOT;
  }

  @Override
  public Connection reopen() throws SQLException, IOException {
    return open(Long.MAX_VALUE);
  }

  @Override
  public void failed(Throwable why) {
    for (@Nullable Throwable each = why; each != null; each = each.getCause()) {
      if (!damaged
          && each instanceof MVStoreException store
          && DAMAGE.contains(store.getErrorCode())) {
        LOG.error(
            "The read tables' file {} is damaged, and is made again from the journal",
            folder.resolve(NAME + ".mv.db"),
            why);
        damaged = true;
        return;
      }
    }
  }

  @Override
  public boolean isDamaged() {
    return damaged;
  }

  @Override
  public Connection makeAnew() throws SQLException, IOException {
    try (Connection last = connect();
        var statement = last.createStatement()) {
      // In order it would write, and read again what can't be read.
      statement.execute("SHUTDOWN IMMEDIATELY");
    } catch (SQLException ended) {
      LOG.debug("The read tables' file was closed", ended);
    }
    delete();
    Connection database = connect();
    create(database);
    damaged = false;
    return database;
  }

  /** Nobody else has the file. */
  @Override
  public String fence() {
    return "";
  }

  /** Another connection to the open database. */
  @Override
  public Connection connect() throws SQLException {
    // A semicolon in the path would end it. The file is not forced and written lazily: after a
    // crash the tables are a moment older, together with their offset.
    String file = folder.resolve(NAME).toString().replace("\\", "/").replace(";", "\\;");
    return DriverManager.getConnection(
        "jdbc:h2:file:"
            + file
            + ";DB_CLOSE_ON_EXIT=FALSE;DB_CLOSE_DELAY=-1;WRITE_DELAY=1000;RETENTION_TIME=5000"
            + ";CACHE_SIZE=32768;TRACE_LEVEL_FILE=0");
  }

  /**
   * Opens the database with all its tables, empty ones if what was there can't be used.
   *
   * @param journalEnd a file that has seen more than this belongs to another journal
   */
  Connection open(long journalEnd) throws IOException, SQLException {
    Files.createDirectories(folder);
    try {
      Connection database = connect();
      String unfit = unfit(database, journalEnd);
      if (unfit.isEmpty()) {
        return database;
      }
      LOG.info("The read tables are made again from the journal: {}", unfit);
      shutDown(database);
    } catch (SQLException damaged) {
      if (damaged.getErrorCode() == ErrorCode.DATABASE_ALREADY_OPEN_1) {
        throw damaged;
      }
      LOG.warn(
          "The read tables can't be opened, and are made again from the journal: {}",
          damaged.getMessage());
    }
    delete();
    Connection database = connect();
    create(database);
    return database;
  }

  private static String unfit(Connection database, long journalEnd) throws SQLException {
    try (var statement = database.createStatement();
        ResultSet known =
            statement.executeQuery(
                "SELECT 1 FROM information_schema.tables WHERE table_name = 'META'")) {
      if (!known.next()) {
        return "there are none";
      }
    }
    try (var statement = database.createStatement();
        ResultSet meta = statement.executeQuery("SELECT layout, applied FROM meta")) {
      if (!meta.next() || !meta.getString(1).equals(layout())) {
        return "another version laid them out";
      }
      return meta.getLong(2) > journalEnd
          ? "they have seen " + meta.getLong(2) + ", but the journal ends at " + journalEnd
          : "";
    }
  }

  private static void create(Connection database) throws SQLException {
    try (var statement = database.createStatement()) {
      for (String sql : Table.schemaOfAll(Dialect.H2)) {
        statement.execute(sql);
      }
      statement.execute(
          "CREATE TABLE meta (layout VARCHAR(100) NOT NULL, applied BIGINT NOT NULL)");
      statement.execute("INSERT INTO meta VALUES ('" + layout() + "', 0)");
      statement.execute("CHECKPOINT");
    }
  }

  static void shutDown(Connection database) throws SQLException {
    try (var statement = database.createStatement()) {
      statement.execute("SHUTDOWN");
    }
  }

  private void delete() throws IOException {
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, NAME + ".*")) {
      for (Path file : files) {
        String name = file.getFileName().toString();
        if (name.startsWith(NAME + ".mv.db") || name.equals(NAME + ".trace.db")) {
          Files.delete(file);
        }
      }
    }
  }

  /** What this version writes: the tables, and the shape of every view in them. */
  static String layout() {
    return layout(Dialect.H2);
  }

  static String layout(Dialect dialect) {
    StringBuilder shapes = new StringBuilder();
    Set<Class<?>> seen = new HashSet<>();
    for (Table<?> table : Table.ALL) {
      table.schema(dialect).forEach(shapes::append);
      shapes.append(table.states());
      describe(table.type(), shapes, seen);
    }
    shapes.append(Arrays.toString(Result.values()));
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-256")
              .digest(shapes.toString().getBytes(StandardCharsets.UTF_8));
      return LAYOUT + "-" + HexFormat.of().formatHex(digest, 0, 8);
    } catch (NoSuchAlgorithmException impossible) {
      throw new IllegalStateException(impossible);
    }
  }

  private static void describe(Type type, StringBuilder shapes, Set<Class<?>> seen) {
    if (type instanceof ParameterizedType of) {
      describe(of.getRawType(), shapes, seen);
      for (Type argument : of.getActualTypeArguments()) {
        describe(argument, shapes, seen);
      }
    } else if (type instanceof Class<?> c) {
      shapes.append(c.getName()).append(' ');
      if (seen.add(c) && c.getName().startsWith("dev.ahjo.")) {
        if (c.isRecord()) {
          for (var component : c.getRecordComponents()) {
            shapes.append(component.getName()).append(':');
            describe(component.getGenericType(), shapes, seen);
          }
        } else if (c.isEnum()) {
          shapes.append(Arrays.toString(c.getEnumConstants()));
        } else if (c.isSealed()) {
          Map<String, Class<?>> members = new TreeMap<>();
          for (Class<?> member : c.getPermittedSubclasses()) {
            members.put(member.getName(), member);
          }
          members.values().forEach(member -> describe(member, shapes, seen));
        }
      }
    }
  }
}
