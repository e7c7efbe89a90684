package dev.ahjo.persistence.log;

import dev.ahjo.persistence.jdbc.Connections;
import dev.ahjo.persistence.jdbc.PostgresServer;
import java.time.InstantSource;
import java.util.List;

/** Streams in PostgreSQL, where what is answered as stored is committed. */
public final class PostgresStreamStore {
  /** Connections of a node, at most. */
  static final int CONNECTIONS = 8;

  private PostgresStreamStore() {}

  /**
   * A store in a schema that has the tables of {@link #schema}.
   *
   * @param connections to that schema; they stay open
   * @param growth brings the news of what other nodes have stored
   */
  public static SharedStreamStore open(
      Connections connections, Growth growth, InstantSource clock) {
    return new SharedStreamStore(new PostgresStreamRows(connections), growth, clock);
  }

  /** As many connections as a node's store should have. */
  public static Connections connections(PostgresServer server) {
    return new Connections(() -> server.connect(server.schema()), CONNECTIONS);
  }

  /** The statements that make the tables, where they are not there yet. */
  public static List<String> schema() {
    return PostgresStreamRows.SCHEMA;
  }
}
