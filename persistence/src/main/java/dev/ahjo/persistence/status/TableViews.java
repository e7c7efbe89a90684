package dev.ahjo.persistence.status;

import dev.ahjo.persistence.jdbc.Connections;
import java.io.IOException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The views as the projection sees them: the one connection that writes, and what was used lately
 * in memory. Changes gather there until {@link #commit}, so that many facts about one build make
 * one row. Used by one thread at a time.
 */
final class TableViews implements ByTable.Written {
  private static final Logger LOG = LoggerFactory.getLogger(TableViews.class);

  /** Views of one kind that stay in memory when nothing about them is unwritten. */
  private static final int KEPT = 5_000;

  private final StatusDatabase store;
  private Writer writer;
  private volatile long applied;

  /** What the tables must speak of before anyone reads them. */
  private volatile long owed;

  /**
   * The connection and its statements; made anew when the database has closed itself.
   *
   * @param shelves by the names of their tables
   */
  private record Writer(
      Connection database,
      Map<String, Shelf<?>> shelves,
      PreparedStatement setApplied,
      PreparedStatement setTally) {
    static Writer on(StatusDatabase store, Connection database) throws SQLException {
      database.setAutoCommit(false);
      Map<String, Shelf<?>> shelves = new LinkedHashMap<>();
      for (Table<?> table : Table.ALL) {
        shelves.put(table.name(), new Shelf<>(database, table, KEPT));
      }
      return new Writer(
          database,
          shelves,
          database.prepareStatement(
              "UPDATE meta SET applied = ? WHERE applied = ?" + store.fence()),
          database.prepareStatement(
              store.dialect().upsert("tally", List.of("kind", "phase"), List.of("n"))));
    }
  }

  TableViews(StatusDatabase store, Connection database) throws SQLException {
    this.store = store;
    writer = Writer.on(store, database);
    applied = read();
  }

  @Override
  public long applied() {
    return applied;
  }

  /** Until the tables speak of what is up to {@code offset}, they are not to be read. */
  void owe(long offset) {
    owed = Math.max(owed, offset);
  }

  @Override
  public void showAsIs() {
    owed = Math.min(owed, applied);
  }

  /**
   * Asked around each reading: whoever has seen something is never shown that it has not happened
   * yet.
   *
   * @throws StatusUnavailable when what is read may be older than what was read before
   */
  void confirm() {
    long reached = applied;
    if (reached < owed) {
      throw new StatusUnavailable(
          "The read tables are being brought up to date: " + reached + " of " + owed);
    }
  }

  @Override
  public void commit(long offset) {
    if (store.isDamaged()) {
      // One who reads has seen it. What is in memory here would be written behind it.
      throw new StatusUnavailable("The read tables are damaged");
    }
    try {
      // First, so that of two who write one waits here, and not in the middle of the rows.
      writer.setApplied().setLong(1, offset);
      writer.setApplied().setLong(2, applied);
      if (writer.setApplied().executeUpdate() != 1) {
        throw new StatusUnavailable("Another has written the read tables after this one began to");
      }
      for (Shelf<?> shelf : writer.shelves().values()) {
        shelf.write(writer.setTally());
      }
      writer.database().commit();
    } catch (SQLException failed) {
      store.failed(failed);
      throw new StatusUnavailable("The read tables can't be written", failed);
    }
    applied = offset;
    owe(offset);
    writer.shelves().values().forEach(Shelf::written);
  }

  /**
   * {@inheritDoc}
   *
   * <p>After a disk's failure that may be what had reached the disk by then, or nothing.
   */
  @Override
  public void forget() {
    try {
      if (store.isDamaged()) {
        Connections.close(writer.database());
        applied = 0;
        writer = Writer.on(store, store.makeAnew());
        applied = read();
        return;
      }
      try {
        writer.database().rollback();
        applied = read();
      } catch (SQLException broken) {
        LOG.info("The read tables are opened again after: {}", broken.getMessage());
        Connections.close(writer.database());
        applied = 0;
        writer = Writer.on(store, store.reopen());
        applied = read();
      }
    } catch (SQLException | IOException failed) {
      throw new StatusUnavailable("The read tables can't be opened again", failed);
    }
  }

  /** Lets go of its connection. */
  void close() {
    Connections.close(writer.database());
  }

  private long read() throws SQLException {
    writer.setTally().clearBatch();
    for (Shelf<?> shelf : writer.shelves().values()) {
      shelf.forget();
    }
    try (var statement = writer.database().createStatement();
        ResultSet row = statement.executeQuery("SELECT applied FROM meta")) {
      row.next();
      return row.getLong(1);
    } finally {
      writer.database().rollback();
    }
  }

  @Override
  public <V> Optional<V> find(Table<V> table, String id) {
    return reading(() -> shelf(table).find(id));
  }

  @Override
  public <V> void put(Table<V> table, V view) {
    reading(() -> {
      shelf(table).put(view);
      return view;
    });
  }

  private <T> T reading(Supplier<T> question) {
    try {
      return question.get();
    } catch (StatusUnavailable failed) {
      store.failed(failed);
      throw failed;
    }
  }

  @SuppressWarnings("unchecked") // each table's shelf was made for its views
  private <V> Shelf<V> shelf(Table<V> table) {
    return (Shelf<V>) Objects.requireNonNull(writer.shelves().get(table.name()));
  }
}
