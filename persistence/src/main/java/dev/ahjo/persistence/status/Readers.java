package dev.ahjo.persistence.status;

import dev.ahjo.persistence.jdbc.Connections;
import dev.ahjo.persistence.jdbc.Dialect;
import java.io.IOException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A few connections that read. Each reading sees the tables as they stood when it began, whatever
 * is written meanwhile, and no writer waits for it.
 */
final class Readers implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Readers.class);

  /** More at once would only share the same processors; the others wait their turn. */
  static final int READERS = 4;

  /** A reader that has waited so long is told that it is not to be. */
  private static final long PATIENCE_SECONDS = 10;

  private static final int STATEMENTS = 64;

  /** Something to ask of the tables. */
  interface Reading<T> {
    T on(Reader tables) throws SQLException, IOException;
  }

  private final StatusDatabase store;
  private final BlockingQueue<Optional<Reader>> idle = new ArrayBlockingQueue<>(READERS);
  private volatile boolean closed;

  Readers(StatusDatabase store) {
    this.store = store;
    for (int i = 0; i < READERS; i++) {
      idle.add(Optional.empty());
    }
  }

  /**
   * @throws StatusUnavailable when the tables can't be read, or too many are reading already
   */
  <T> T ask(Reading<T> question) {
    Optional<Reader> kept = take();
    Optional<Reader> next = Optional.empty();
    try {
      if (kept.isPresent()) {
        try {
          T answer = use(kept.get(), question);
          next = kept;
          return answer;
        } catch (SQLException failed) {
          if (!Connections.lost(failed)) {
            throw failed;
          }
          LOG.debug("A reading connection is made anew", failed);
        }
      }
      Reader fresh = new Reader(store);
      T answer = use(fresh, question);
      next = Optional.of(fresh);
      return answer;
    } catch (SQLException | IOException failed) {
      store.failed(failed);
      throw new StatusUnavailable("The read tables can't be read", failed);
    } finally {
      idle.add(next);
    }
  }

  private static <T> T use(Reader reader, Reading<T> question) throws SQLException, IOException {
    boolean sound = false;
    try {
      T answer = question.on(reader);
      reader.end();
      sound = true;
      return answer;
    } finally {
      if (!sound) {
        reader.close();
      }
    }
  }

  private Optional<Reader> take() {
    try {
      Optional<Reader> place = closed ? null : idle.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
      if (place == null) {
        throw new StatusUnavailable(
            closed
                ? "The read tables are closed"
                : "Too many are reading: waited "
                    + PATIENCE_SECONDS
                    + " s for one of "
                    + READERS
                    + " readers");
      }
      return place;
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
      throw new StatusUnavailable("Interrupted while waiting for a reader", stopped);
    }
  }

  /** Who reads at this moment goes on; what it reads with ends with the database. */
  @Override
  public void close() {
    closed = true;
    for (Optional<Reader> each = idle.poll(); each != null; each = idle.poll()) {
      each.ifPresent(Reader::close);
    }
  }

  /** One connection and its statements, in use by one thread at a time. */
  static final class Reader {
    private final Connection connection;
    private final Dialect dialect;
    private final Map<String, PreparedStatement> statements;

    Reader(StatusDatabase store) throws SQLException {
      dialect = store.dialect();
      connection = store.connect();
      connection.setAutoCommit(false);
      connection.setTransactionIsolation(store.snapshot());
      statements =
          new LinkedHashMap<>(16, 0.75f, true) {
            private static final long serialVersionUID = 1;

            @Override
            protected boolean removeEldestEntry(Map.Entry<String, PreparedStatement> eldest) {
              if (size() > STATEMENTS) {
                try {
                  eldest.getValue().close();
                } catch (SQLException unclosed) {
                  LOG.debug("A statement could not be closed", unclosed);
                }
                return true;
              }
              return false;
            }
          };
    }

    Dialect dialect() {
      return dialect;
    }

    PreparedStatement prepare(String sql) throws SQLException {
      PreparedStatement known = statements.get(sql);
      if (known == null) {
        known = connection.prepareStatement(sql);
        statements.put(sql, known);
      }
      return known;
    }

    /** The view of a row whose first columns are {@code doc} and {@code large}. */
    static <V> V view(Table<V> table, ResultSet row) throws SQLException, IOException {
      byte[] doc = row.getBytes(1);
      return table.read(doc != null ? doc : row.getBytes(2));
    }

    /** Lets go of what it has seen. */
    private void end() throws SQLException {
      connection.rollback();
    }

    private void close() {
      Connections.close(connection);
    }
  }
}
