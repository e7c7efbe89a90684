package dev.ahjo.persistence.cassandra;

import com.datastax.oss.driver.api.core.AllNodesFailedException;
import com.datastax.oss.driver.api.core.CqlSession;
import com.datastax.oss.driver.api.core.DefaultConsistencyLevel;
import com.datastax.oss.driver.api.core.DriverException;
import com.datastax.oss.driver.api.core.config.DefaultDriverOption;
import com.datastax.oss.driver.api.core.config.DriverConfigLoader;
import com.datastax.oss.driver.api.core.metadata.Node;
import com.datastax.oss.driver.api.core.servererrors.UnauthorizedException;
import com.datastax.oss.driver.internal.core.session.throttling.ConcurrencyLimitingRequestThrottler;
import com.datastax.oss.driver.internal.core.specex.ConstantSpeculativeExecutionPolicy;
import java.io.IOException;
import java.net.ConnectException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Connects to Cassandra the way a node wants it. */
final class CassandraSessions {
  private static final Logger LOG = LoggerFactory.getLogger(CassandraSessions.class);

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
   * @throws ConnectException when no server can be asked for a minute
   * @throws IOException when each of them refuses this node, or is not believed, naming the setting
   */
  static CqlSession open(CassandraSettings settings) throws IOException {
    return open(settings, PATIENCE);
  }

  /**
   * What servers answered, as a start is told it: a {@link ConnectException} when it may go better
   * later.
   *
   * @param what what could not be done, as in "can't be read"
   */
  static IOException failed(String what, DriverException why) {
    String message = what + ": " + why.getMessage();
    return why instanceof UnauthorizedException
        ? new IOException(message + "; see storage.cassandra.login", why)
        : away(message, why);
  }

  /** Says that servers don't do what they are asked for now: later they may. */
  static ConnectException away(String what, Throwable cause) {
    var away = new ConnectException(what);
    away.initCause(cause);
    return away;
  }

  static CqlSession open(CassandraSettings settings, Duration patience) throws IOException {
    DriverConfigLoader config = config(settings);
    long end = System.nanoTime() + patience.toNanos();
    @Nullable ConnectException last = null;
    for (Duration pause = FIRST_RECONNECT; ; pause = longer(pause)) {
      try {
        CqlSession session =
            connect(settings, config, Duration.ofNanos(end - System.nanoTime()), last);
        requireDatacenter(session, settings);
        return session;
      } catch (ConnectException away) {
        if (System.nanoTime() + pause.toNanos() > end) {
          throw away;
        }
        LOG.warn("{}; they are asked again", away.getMessage());
        last = away;
      }
      try {
        TimeUnit.MILLISECONDS.sleep(pause.toMillis());
      } catch (InterruptedException stop) {
        Thread.currentThread().interrupt();
        throw new IOException("Interrupted while waiting for Cassandra", stop);
      }
    }
  }

  /** Tries once, where {@link #open} would go on. */
  static CqlSession once(CassandraSettings settings, Duration patience) throws IOException {
    return connect(settings, config(settings), patience, null);
  }

  /** The driver takes a name that no server has for a datacenter that is away. */
  private static void requireDatacenter(CqlSession session, CassandraSettings settings)
      throws IOException {
    Set<String> found = new TreeSet<>();
    for (Node server : session.getMetadata().getNodes().values()) {
      Optional.ofNullable(server.getDatacenter()).ifPresent(found::add);
    }
    if (!found.contains(settings.datacenter())) {
      session.close();
      throw new IOException(
          "Expected storage.cassandra.datacenter to be one of "
              + found
              + ", but found '"
              + settings.datacenter()
              + "'");
    }
  }

  private static Duration longer(Duration pause) {
    Duration twice = pause.multipliedBy(2);
    return twice.compareTo(LONGEST_RECONNECT) < 0 ? twice : LONGEST_RECONNECT;
  }

  private static DriverConfigLoader config(CassandraSettings settings) {
    return DriverConfigLoader.programmaticBuilder()
        .withString(
            DefaultDriverOption.REQUEST_CONSISTENCY, DefaultConsistencyLevel.LOCAL_QUORUM.name())
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
            DefaultDriverOption.METADATA_SCHEMA_REFRESHED_KEYSPACES, List.of(settings.keyspace()))
        .withInt(DefaultDriverOption.CONNECTION_MAX_REQUESTS, PER_CONNECTION)
        .withClass(
            DefaultDriverOption.REQUEST_THROTTLER_CLASS, ConcurrencyLimitingRequestThrottler.class)
        .withInt(DefaultDriverOption.REQUEST_THROTTLER_MAX_CONCURRENT_REQUESTS, CONCURRENT)
        .withInt(DefaultDriverOption.REQUEST_THROTTLER_MAX_QUEUE_SIZE, QUEUED)
        .withDuration(DefaultDriverOption.RECONNECTION_BASE_DELAY, FIRST_RECONNECT)
        .withDuration(DefaultDriverOption.RECONNECTION_MAX_DELAY, LONGEST_RECONNECT)
        // Who closes a session has ended what it asked; the driver would wait for more.
        .withInt(DefaultDriverOption.NETTY_IO_SHUTDOWN_QUIET_PERIOD, 0)
        .withInt(DefaultDriverOption.NETTY_ADMIN_SHUTDOWN_QUIET_PERIOD, 0)
        .withString(DefaultDriverOption.SESSION_NAME, "ahjo")
        .build();
  }

  /**
   * Tries once. Not by the driver's own {@code reconnect-on-init}: it takes a wrong password for a
   * server that is just starting, and tells nobody.
   *
   * @param before what came of the last time, which says more than that this time was too short
   */
  private static CqlSession connect(
      CassandraSettings settings,
      DriverConfigLoader config,
      Duration patience,
      @Nullable ConnectException before)
      throws IOException {
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
      throw before == null
          ? away("No Cassandra server answers in time at " + settings.contactPoints(), late)
          : before;
    } catch (ExecutionException failed) {
      if (failed.getCause() instanceof AllNodesFailedException all) {
        throw Refusal.of(settings, all);
      }
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
