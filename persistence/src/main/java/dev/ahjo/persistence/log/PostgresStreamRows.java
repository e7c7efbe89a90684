package dev.ahjo.persistence.log;

import dev.ahjo.core.id.BuildKey;
import dev.ahjo.core.log.Chunk;
import dev.ahjo.core.log.StreamKey;
import dev.ahjo.persistence.jdbc.Connections;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The tables of streams in PostgreSQL.
 *
 * <ul>
 *   <li>{@code stream_chunk}: the frames. The key says which bytes a row holds: offset and length.
 *   <li>{@code stream}: where each stream has surely come to.
 *   <li>{@code stream_pruned}: the mark of a build whose streams were removed.
 * </ul>
 */
final class PostgresStreamRows implements StreamRows {
  private static final String KEY = "build = ? AND step = ? AND kind = ? AND name = ?";
  private static final String KNOWN =
      "SELECT build, step, kind, name, size, bytes, closed, slot, at FROM stream WHERE ";

  /** Parameters of the key. */
  private static final int KEYS = 4;

  static final List<String> SCHEMA =
      List.of(
          """
          CREATE TABLE IF NOT EXISTS stream_chunk (
            build VARCHAR(255) COLLATE "C",
            step INTEGER,
            kind VARCHAR(20),
            name TEXT COLLATE "C",
            at BIGINT,
            length INTEGER,
            last BOOLEAN NOT NULL,
            zstd BYTEA NOT NULL,
            written TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT now(),
            PRIMARY KEY (build, step, kind, name, at, length))\
          """,
          // They are compressed already.
          "ALTER TABLE stream_chunk ALTER COLUMN zstd SET STORAGE EXTERNAL",
          """
          CREATE TABLE IF NOT EXISTS stream (
            build VARCHAR(255) COLLATE "C",
            step INTEGER,
            kind VARCHAR(20),
            name TEXT COLLATE "C",
            size BIGINT NOT NULL,
            bytes BIGINT NOT NULL,
            closed BOOLEAN NOT NULL,
            slot BIGINT NOT NULL,
            at TIMESTAMP WITH TIME ZONE NOT NULL,
            PRIMARY KEY (build, step, kind, name))\
          """,
          "CREATE INDEX IF NOT EXISTS stream_by_slot ON stream (slot, build)",
          """
          CREATE TABLE IF NOT EXISTS stream_pruned (
            build VARCHAR(255) COLLATE "C" PRIMARY KEY,
            at TIMESTAMP WITH TIME ZONE NOT NULL)\
          """);

  private final Connections connections;

  PostgresStreamRows(Connections connections) {
    this.connections = connections;
  }

  /** Sets the parameters of a statement. */
  private interface Values {
    void in(PreparedStatement statement) throws SQLException;
  }

  /** Makes something of one row. */
  private interface Each<T> {
    T of(ResultSet row) throws SQLException;
  }

  private <T> List<T> ask(String sql, Values values, Each<T> each) {
    try {
      return connections.with(database -> {
        try (var statement = database.prepareStatement(sql)) {
          values.in(statement);
          List<T> all = new ArrayList<>();
          try (ResultSet row = statement.executeQuery()) {
            while (row.next()) {
              all.add(each.of(row));
            }
          }
          return all;
        }
      });
    } catch (SQLException failed) {
      throw new Unavailable(failed);
    }
  }

  private void change(String sql, Values values) {
    try {
      connections.with(database -> {
        try (var statement = database.prepareStatement(sql)) {
          values.in(statement);
          return statement.executeUpdate();
        }
      });
    } catch (SQLException failed) {
      throw new Unavailable(failed);
    }
  }

  private static void key(PreparedStatement statement, StreamKey stream) throws SQLException {
    statement.setString(1, stream.build().toString());
    statement.setInt(2, stream.step());
    statement.setString(3, stream.kind().name());
    statement.setString(4, stream.name());
  }

  private static Values of(StreamKey stream, long... more) {
    return statement -> {
      key(statement, stream);
      for (int i = 0; i < more.length; i++) {
        statement.setLong(KEYS + 1 + i, more[i]);
      }
    };
  }

  @Override
  public String place() {
    return "PostgreSQL";
  }

  @Override
  public void put(StreamKey stream, Stored chunk) {
    change(
        "INSERT INTO stream_chunk (build, step, kind, name, at, length, last, zstd)"
            + " VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
            + " ON CONFLICT (build, step, kind, name, at, length)"
            + " DO UPDATE SET last = stream_chunk.last OR EXCLUDED.last",
        statement -> {
          key(statement, stream);
          statement.setLong(5, chunk.at());
          statement.setInt(6, chunk.length());
          statement.setBoolean(7, chunk.last());
          statement.setBytes(8, chunk.zstd());
        });
  }

  private static Stored stored(ResultSet row) throws SQLException {
    return new Stored(row.getLong(1), row.getInt(2), row.getBoolean(3), row.getBytes(4));
  }

  @Override
  public List<Stored> from(StreamKey stream, long part, long from, long to) {
    long end = Math.min(to, (part + 1) * PART);
    return ask(
        "SELECT at, length, last, zstd FROM stream_chunk WHERE "
            + KEY
            + " AND at >= ? AND at < ? ORDER BY at, length",
        of(stream, Math.max(from, part * PART), end),
        PostgresStreamRows::stored);
  }

  @Override
  public List<Stored> reaching(StreamKey stream, long place) {
    return ask(
        "SELECT at, length, last, zstd FROM stream_chunk WHERE "
            + KEY
            + " AND at > ? AND at < ? AND at + length > ? ORDER BY at, length",
        of(stream, place - Chunk.MAX_LENGTH, place, place),
        PostgresStreamRows::stored);
  }

  @Override
  public Optional<Instant> lastWritten(StreamKey stream, long part) {
    return ask(
            "SELECT written FROM stream_chunk WHERE "
                + KEY
                + " AND at >= ? AND at < ? ORDER BY at DESC, length DESC LIMIT 1",
            of(stream, part * PART, (part + 1) * PART),
            row -> row.getTimestamp(1).toInstant())
        .stream()
        .findFirst();
  }

  @Override
  public void deletePart(StreamKey stream, long part) {
    change(
        "DELETE FROM stream_chunk WHERE " + KEY + " AND at >= ? AND at < ?",
        of(stream, part * PART, (part + 1) * PART));
  }

  @Override
  public void note(Known known) {
    change(
        "INSERT INTO stream (build, step, kind, name, size, bytes, closed, slot, at)"
            + " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
            + " ON CONFLICT (build, step, kind, name) DO UPDATE SET size = EXCLUDED.size,"
            + " bytes = EXCLUDED.bytes, closed = EXCLUDED.closed, at = EXCLUDED.at"
            + " WHERE (stream.size, stream.closed) <= (EXCLUDED.size, EXCLUDED.closed)",
        statement -> {
          key(statement, known.stream());
          statement.setLong(5, known.size());
          statement.setLong(6, known.bytes());
          statement.setBoolean(7, known.closed());
          statement.setLong(8, known.slot());
          statement.setTimestamp(9, Timestamp.from(known.at()));
        });
  }

  private static Known known(ResultSet row) throws SQLException {
    return new Known(
        new StreamKey(
            BuildKey.parse(row.getString(1)),
            row.getInt(2),
            StreamKey.Kind.valueOf(row.getString(3)),
            row.getString(4)),
        row.getLong(5),
        row.getLong(6),
        row.getBoolean(7),
        row.getLong(8),
        row.getTimestamp(9).toInstant());
  }

  @Override
  public Optional<Known> known(StreamKey stream) {
    return ask(KNOWN + KEY, of(stream), PostgresStreamRows::known).stream().findFirst();
  }

  @Override
  public List<Known> known(BuildKey build) {
    return ask(
        KNOWN + "build = ? ORDER BY step, kind, name",
        statement -> statement.setString(1, build.toString()),
        PostgresStreamRows::known);
  }

  @Override
  public boolean pruned(BuildKey build) {
    return !ask(
            "SELECT at FROM stream_pruned WHERE build = ?",
            statement -> statement.setString(1, build.toString()),
            row -> true)
        .isEmpty();
  }

  @Override
  public void markPruned(BuildKey build, Instant at) {
    change(
        "INSERT INTO stream_pruned (build, at) VALUES (?, ?) ON CONFLICT DO NOTHING",
        statement -> {
          statement.setString(1, build.toString());
          statement.setTimestamp(2, Timestamp.from(at));
        });
  }

  @Override
  public void forget(Known known) {
    change("DELETE FROM stream WHERE " + KEY, of(known.stream()));
  }

  /** What is noted of a stream names its slot. */
  @Override
  public void open(long slot) {}

  @Override
  public List<Long> slots() {
    return ask(
        "SELECT DISTINCT slot FROM stream ORDER BY slot", statement -> {}, row -> row.getLong(1));
  }

  @Override
  public Iterable<InSlot> inSlot(long slot) {
    return ask(
        "SELECT build, bytes FROM stream WHERE slot = ? ORDER BY build",
        statement -> statement.setLong(1, slot),
        row -> new InSlot(BuildKey.parse(row.getString(1)), row.getLong(2)));
  }

  /** With its last stream it is gone. */
  @Override
  public void forgetSlot(long slot) {}
}
