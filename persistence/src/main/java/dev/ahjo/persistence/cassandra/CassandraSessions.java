package dev.ahjo.persistence.cassandra;

import com.datastax.oss.driver.api.core.CqlSession;
import com.datastax.oss.driver.api.core.DefaultConsistencyLevel;
import com.datastax.oss.driver.api.core.config.DefaultDriverOption;
import com.datastax.oss.driver.api.core.config.DriverConfigLoader;
import com.datastax.oss.driver.internal.core.session.throttling.ConcurrencyLimitingRequestThrottler;
import com.datastax.oss.driver.internal.core.specex.ConstantSpeculativeExecutionPolicy;
import java.io.IOException;
import java.net.ConnectException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Connects to Cassandra the way a node wants it. */
final class CassandraSessions {
  /** So long a node waits for a ring that is just starting. */
  static final Duration PATIENCE = Duration.ofSeconds(60);

  /**
   * Longer than servers themselves try to write (2 s) or to agree on a condition (1.8 s), by their
   * defaults.
   */
  private static final Duration REQUEST = Duration.ofSeconds(5);

  private static final Duration INIT = Duration.ofSeconds(10);

  /** So long the driver gathers news of tables before it looks at them; each table made waits. */
  private static final Duration NEWS_OF_TABLES = Duration.ofMillis(20);

  /**
   * After so long without an answer another server is asked, too, if asking twice does no harm. So
   * one that hangs without hanging up costs each request no more.
   */
  private static final Duration SECOND_OPINION = Duration.ofMillis(500);

  private static final int OPINIONS = 2;

  /** A connection on which nothing came in for so long is tried, */
  private static final Duration HEARTBEAT = Duration.ofSeconds(5);

  /** and given up when nothing comes back for so long. */
  private static final Duration HEARTBEAT_ANSWER = Duration.ofSeconds(2);

  private static final Duration FIRST_RECONNECT = Duration.ofMillis(200);
  private static final Duration LONGEST_RECONNECT = Duration.ofSeconds(5);

  /** Requests under way at once; more would only wait in the servers instead. */
  private static final int CONCURRENT = 1_000;

  /** Requests that wait for their turn; beyond, they fail at once. */
  private static final int QUEUED = 50_000;

  private static final int PER_CONNECTION = 2_048;

  private CassandraSessions() {}

  /**
   * Connects; a majority of the datacenter's replicas answers for every read and write.
   *
   * @throws IOException naming the contact points when none lets us in for a minute
   */
  static CqlSession open(CassandraSettings settings) throws IOException {
    return open(settings, PATIENCE);
  }

  /** Says that servers don't do what they are asked for now: later they may. */
  static ConnectException away(String what, Throwable cause) {
    var away = new ConnectException(what);
    away.initCause(cause);
    return away;
  }

  static CqlSession open(CassandraSettings settings, Duration patience) throws IOException {
    var config =
        DriverConfigLoader.programmaticBuilder()
            .withString(
                DefaultDriverOption.REQUEST_CONSISTENCY,
                DefaultConsistencyLevel.LOCAL_QUORUM.name())
            .withString(
                DefaultDriverOption.REQUEST_SERIAL_CONSISTENCY,
                DefaultConsistencyLevel.LOCAL_SERIAL.name())
            .withDuration(DefaultDriverOption.REQUEST_TIMEOUT, REQUEST)
            .withDuration(DefaultDriverOption.CONNECTION_INIT_QUERY_TIMEOUT, INIT)
            .withDuration(DefaultDriverOption.METADATA_SCHEMA_REQUEST_TIMEOUT, INIT)
            .withDuration(DefaultDriverOption.METADATA_SCHEMA_WINDOW, NEWS_OF_TABLES)
            .withDuration(DefaultDriverOption.HEARTBEAT_INTERVAL, HEARTBEAT)
            .withDuration(DefaultDriverOption.HEARTBEAT_TIMEOUT, HEARTBEAT_ANSWER)
            .withClass(
                DefaultDriverOption.SPECULATIVE_EXECUTION_POLICY_CLASS,
                ConstantSpeculativeExecutionPolicy.class)
            .withInt(DefaultDriverOption.SPECULATIVE_EXECUTION_MAX, OPINIONS)
            .withDuration(DefaultDriverOption.SPECULATIVE_EXECUTION_DELAY, SECOND_OPINION)
            // Else each waits for all servers, also for one that hangs.
            .withBoolean(DefaultDriverOption.PREPARE_ON_ALL_NODES, false)
            .withStringList(
                DefaultDriverOption.METADATA_SCHEMA_REFRESHED_KEYSPACES,
                List.of(settings.keyspace()))
            .withInt(DefaultDriverOption.CONNECTION_MAX_REQUESTS, PER_CONNECTION)
            .withClass(
                DefaultDriverOption.REQUEST_THROTTLER_CLASS,
                ConcurrencyLimitingRequestThrottler.class)
            .withInt(DefaultDriverOption.REQUEST_THROTTLER_MAX_CONCURRENT_REQUESTS, CONCURRENT)
            .withInt(DefaultDriverOption.REQUEST_THROTTLER_MAX_QUEUE_SIZE, QUEUED)
            .withBoolean(DefaultDriverOption.RECONNECT_ON_INIT, true)
            .withDuration(DefaultDriverOption.RECONNECTION_BASE_DELAY, FIRST_RECONNECT)
            .withDuration(DefaultDriverOption.RECONNECTION_MAX_DELAY, LONGEST_RECONNECT)
            .withString(DefaultDriverOption.SESSION_NAME, "ahjo")
            .build();
    var builder =
        CqlSession.builder()
            .withConfigLoader(config)
            .addContactPoints(settings.contactPoints())
            .withLocalDatacenter(settings.datacenter());
    settings.login().ifPresent(l -> builder.withAuthCredentials(l.user(), l.password()));
    if (settings.tls().isPresent()) {
      builder.withSslEngineFactory(ServersTls.of(settings.tls().get()));
    }
    CompletableFuture<CqlSession> connecting = builder.buildAsync().toCompletableFuture();
    try {
      return connecting.get(patience.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException | CancellationException late) {
      connecting.cancel(true);
      throw away(
          "No Cassandra server answers within " + patience + " at " + settings.contactPoints(),
          late);
    } catch (ExecutionException failed) {
      throw away(
          "Can't connect to Cassandra at "
              + settings.contactPoints()
              + ": "
              + String.valueOf(failed.getCause()),
          failed);
    } catch (InterruptedException stop) {
      connecting.cancel(true);
      Thread.currentThread().interrupt();
      throw new IOException("Interrupted while connecting to Cassandra", stop);
    }
  }
}
