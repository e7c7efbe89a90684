package dev.ahjo.persistence.jdbc;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.concurrent.LinkedBlockingDeque;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A few connections to one database, kept between uses. One that failed is not used again; a server
 * that was away meanwhile is not noticed by those who only read, or write what may be written
 * twice.
 */
public final class Connections implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Connections.class);

  /** Who has waited so long for a connection is told that it is not to be. */
  private static final long PATIENCE_SECONDS = 10;

  /** Makes a connection. */
  public interface Source {
    Connection connect() throws SQLException;
  }

  /** Something to do on a connection that commits by itself. It may be done twice. */
  public interface Work<T> {
    T on(Connection database) throws SQLException;
  }

  private final Source source;
  private final int most;
  private final Semaphore places;
  private final LinkedBlockingDeque<Connection> idle;
  private volatile boolean closed;

  /**
   * @param most connections at once
   */
  public Connections(Source source, int most) {
    this.source = source;
    this.most = most;
    this.places = new Semaphore(most);
    this.idle = new LinkedBlockingDeque<>(most);
  }

  /** Does it on this thread. */
  public <T> T with(Work<T> work) throws SQLException {
    take();
    try {
      Connection kept = idle.poll();
      if (kept != null) {
        try {
          return on(kept, work);
        } catch (SQLException failed) {
          if (!lost(failed)) {
            throw failed;
          }
          // Its server was stopped, or another has taken over: the others lead nowhere either.
          closeIdle();
        }
      }
      return on(source.connect(), work);
    } finally {
      places.release();
    }
  }

  private void take() throws SQLException {
    try {
      if (!places.tryAcquire(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
        throw new SQLException(
            "waited %d s for one of %d connections".formatted(PATIENCE_SECONDS, most));
      }
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
      throw new SQLException("interrupted while waiting for a connection", stopped);
    }
  }

  private <T> T on(Connection connection, Work<T> work) throws SQLException {
    boolean sound = false;
    try {
      T answer = work.on(connection);
      sound = true;
      return answer;
    } finally {
      if (!sound || closed || !idle.offer(connection)) {
        close(connection);
      }
    }
  }

  /**
   * Whether it is the connection that failed, or could not be had, and not what was asked. Later it
   * may go.
   */
  public static boolean lost(SQLException failed) {
    String state = failed.getSQLState();
    // 57P0x and 25P03: the server is stopping or has stopped, or has ended this session; 53300: it
    // has as many sessions as it allows.
    return state != null
        && (state.startsWith("08")
            || state.startsWith("57P0")
            || state.equals("25P03")
            || state.equals("53300"));
  }

  /** Closes a connection of which nothing more is expected. */
  public static void close(@Nullable Connection connection) {
    if (connection != null) {
      try {
        connection.close();
      } catch (SQLException unclosed) {
        LOG.debug("A connection could not be closed", unclosed);
      }
    }
  }

  private void closeIdle() {
    for (Connection each = idle.poll(); each != null; each = idle.poll()) {
      close(each);
    }
  }

  @Override
  public void close() {
    closed = true;
    closeIdle();
  }
}
