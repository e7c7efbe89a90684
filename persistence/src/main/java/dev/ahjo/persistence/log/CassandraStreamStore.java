package dev.ahjo.persistence.log;

import com.datastax.oss.driver.api.core.CqlSession;
import com.datastax.oss.driver.api.core.DriverException;
import java.io.IOException;
import java.time.InstantSource;
import java.util.List;

/** Streams in Cassandra, where what is answered as stored is stored on a quorum of the replicas. */
public final class CassandraStreamStore {
  private CassandraStreamStore() {}

  /**
   * A store in a keyspace that has the tables of {@link #schema}.
   *
   * @param growth brings the news of what other nodes have stored
   * @throws IOException when Cassandra can't be reached or has no such tables
   */
  public static SharedStreamStore open(
      CqlSession session, String keyspace, Growth growth, InstantSource clock) throws IOException {
    try {
      return new SharedStreamStore(new CassandraStreamRows(session, keyspace), growth, clock);
    } catch (DriverException failed) {
      throw new IOException(
          "The log store in keyspace " + keyspace + " can't be opened: " + failed.getMessage(),
          failed);
    }
  }

  /** The statements that make the tables in {@code keyspace}, where they are not there yet. */
  public static List<String> schema(String keyspace) {
    return CassandraStreamRows.schema(keyspace);
  }
}
