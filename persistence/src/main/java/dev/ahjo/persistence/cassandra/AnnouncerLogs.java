package dev.ahjo.persistence.cassandra;

import com.datastax.oss.driver.api.core.CqlSession;
import com.datastax.oss.driver.api.core.cql.BoundStatement;
import com.datastax.oss.driver.api.core.cql.PreparedStatement;
import com.datastax.oss.driver.api.core.cql.Row;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The logs of all nodes, merged into one that never puts an effect before its cause.
 *
 * <p>Stamps ascend in each log, and a cause has a smaller stamp than its effect ({@link
 * CausalClock}). So the smallest stamp of all that was read comes next, once it is sure that
 * nothing smaller that it may depend on is still unread in another log. It is sure of a log that
 * has been read beyond that stamp; or that was read to its end by a reading begun after the
 * announcement in question was seen, because a cause was announced before its effect began ({@link
 * Announcer}).
 *
 * <p>Used by one thread.
 */
final class AnnouncerLogs {
  /**
   * Batches of one log that are read at once. A node that is not busy announces one row in each,
   * and whoever catches up pays a dozen messages a round, however much it brings.
   */
  private static final int BATCHES = 250;

  /** Announcements of one log in memory, about. */
  private static final int KEPT = 5_000;

  /** A batch that lacks, though later ones are there, lacks for good after this. */
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private static final Logger LOG = LoggerFactory.getLogger(AnnouncerLogs.class);

  private final CqlSession session;
  private final Statements statements;
  private final Map<String, Log> logs = new LinkedHashMap<>();
  private final Duration patience;
  private long round;
  private @Nullable Reading reading;
  private long holes;

  /**
   * The entity's rows up to {@code sequenceNr} are stored.
   *
   * @param batch where in the log it stands
   * @param ends whether it is the last of its batch
   * @param seen in which round it was read
   */
  record Announcement(
      String entity, long sequenceNr, long stamp, long batch, boolean ends, long seen) {}

  private static final class Log {
    final String name;
    final Deque<Announcement> queue = new ArrayDeque<>();

    /** The round that has found it ended first. */
    @Nullable Long ended;

    long next;
    long lastStamp;

    /** The last round that read it to its end. */
    long exhausted;

    /** Since when a batch lacks that others follow, of {@link System#nanoTime}. */
    @Nullable Long gapSince;

    /** Batches before this are in the feed. */
    long done;

    long savedDone;

    Log(String name, long done) {
      this.name = name;
      next = done;
      this.done = done;
      savedDone = done;
    }
  }

  /** What is asked of the logs. */
  static final class Statements {
    private final CqlSession session;
    private final PreparedStatement names;
    private final PreparedStatement tail;
    private final PreparedStatement setDone;
    private final PreparedStatement forget;
    private final PreparedStatement deleteChunk;

    Statements(CqlSession session, String keyspace) {
      this.session = session;
      String logs = keyspace + ".announcer";
      String log = keyspace + ".announcement";
      names = session.prepare("SELECT name, done, ended FROM " + logs + " WHERE farm = ?");
      tail =
          session.prepare(
              "SELECT n, entities, numbers, stamps FROM "
                  + log
                  + " WHERE name = ? AND chunk = ? AND n >= ? LIMIT ?");
      setDone =
          session.prepare(
              "UPDATE " + logs + " SET done = ? WHERE farm = ? AND name = ? IF done < ?");
      forget = session.prepare("DELETE FROM " + logs + " WHERE farm = ? AND name = ? IF done = ?");
      // Later than any announcement, and whatever the clocks of the nodes say.
      deleteChunk =
          session.prepare("DELETE FROM " + log + " USING TIMESTAMP 2 WHERE name = ? AND chunk = ?");
    }
  }

  AnnouncerLogs(Statements statements) {
    this(statements, PATIENCE);
  }

  /**
   * @param patience a batch that lacks for so long is given up
   */
  AnnouncerLogs(Statements statements, Duration patience) {
    this.patience = patience;
    this.session = statements.session;
    this.statements = statements;
  }

  /** What the servers were asked, all at once. */
  private record Reading(
      CompletableFuture<List<Row>> names, Map<Log, CompletableFuture<List<Row>>> tails) {}

  /**
   * Begins the next {@link #read} already, while there is something else to wait for; but not while
   * something lacks, lest it be given up for what an old reading did not see.
   */
  void readAhead() {
    if (reading == null && trouble().isEmpty()) {
      reading = begin();
    }
  }

  private Reading begin() {
    CompletableFuture<List<Row>> names =
        rows(statements.names.bind(Announcer.FARM).setIdempotent(true));
    Map<Log, CompletableFuture<List<Row>>> tails = new LinkedHashMap<>();
    for (Log log : logs.values()) {
      if (log.queue.size() < KEPT) {
        tails.put(log, tail(log));
      }
    }
    return new Reading(names, tails);
  }

  /**
   * Reads what is new in all logs.
   *
   * @throws Scribe.Overtaken when another scribe has read further
   * @return whether there was anything
   */
  boolean read() {
    Reading asked = reading == null ? begin() : reading;
    reading = null;
    round++;
    Map<Log, CompletableFuture<List<Row>>> tails = new LinkedHashMap<>(asked.tails());
    for (Row row : asked.names().join()) {
      String name = JournalRows.text(row.getString("name"));
      @Nullable Log log = logs.get(name);
      if (log == null) {
        log = new Log(name, row.getLong("done"));
        logs.put(name, log);
        tails.put(log, tail(log));
      }
      if (row.getLong("done") > log.next) {
        // What seems to be its end may be where the other has deleted.
        throw new Scribe.Overtaken();
      }
      if (log.ended == null && !row.isNull("ended") && row.getBoolean("ended")) {
        log.ended = round;
      }
    }
    boolean any = false;
    for (var read : tails.entrySet()) {
      any |= add(read.getKey(), read.getValue().join());
    }
    return any;
  }

  private CompletableFuture<List<Row>> tail(Log log) {
    return rows(
        statements
            .tail
            .bind(log.name, log.next / FactTables.BATCHES_OF_CHUNK, log.next, BATCHES)
            .setPageSize(BATCHES)
            .setIdempotent(true));
  }

  private CompletableFuture<List<Row>> rows(BoundStatement question) {
    return session
        .executeAsync(question)
        .thenApply(found -> {
          List<Row> rows = new ArrayList<>();
          found.currentPage().forEach(rows::add);
          return rows;
        })
        .toCompletableFuture();
  }

  private boolean add(Log log, List<Row> rows) {
    long chunk = log.next / FactTables.BATCHES_OF_CHUNK;
    long from = log.next;
    boolean gap = false;
    for (Row row : rows) {
      if (row.getLong("n") != log.next && !skips(log, row.getLong("n"))) {
        gap = true; // Not all replicas that were asked had all of it yet.
        break;
      }
      List<String> entities = list(row.getList("entities", String.class));
      List<Long> numbers = list(row.getList("numbers", Long.class));
      List<Long> stamps = list(row.getList("stamps", Long.class));
      for (int i = 0; i < entities.size(); i++) {
        log.queue.add(
            new Announcement(
                entities.get(i),
                numbers.get(i),
                stamps.get(i),
                log.next,
                i == entities.size() - 1,
                round));
        log.lastStamp = stamps.get(i);
      }
      log.next++;
    }
    boolean whole = !gap && rows.size() < BATCHES;
    if (whole && log.next / FactTables.BATCHES_OF_CHUNK == chunk) {
      log.exhausted = round;
    }
    if (!gap) {
      log.gapSince = null;
    }
    return log.next > from;
  }

  /** Nothing holds up the whole farm for ever: whether what lacks is given up. */
  private boolean skips(Log log, long to) {
    long now = System.nanoTime();
    Long since = log.gapSince;
    if (since == null) {
      log.gapSince = now;
    }
    if (since == null || now - since < patience.toNanos()) {
      return false;
    }
    LOG.error(
        "The announcements {} to {} of {} are lost; their entities announce the same rows and more"
            + " with the next, or when they wake",
        log.next,
        to - 1,
        log.name);
    log.gapSince = null;
    log.next = to;
    holes++;
    return true;
  }

  /** What is waited for, if so. */
  Optional<String> trouble() {
    return logs.values().stream()
        .filter(log -> log.gapSince != null)
        .map(log -> "Waits for announcement #" + log.next + " of " + log.name)
        .findFirst();
  }

  /** How often something lacked for good. */
  long holes() {
    return holes;
  }

  private static <T> List<T> list(@Nullable List<T> column) {
    return column == null ? List.of() : column;
  }

  /** Whether any announcement was read that has not been taken. */
  boolean waiting() {
    return logs.values().stream().anyMatch(log -> !log.queue.isEmpty());
  }

  /** Takes the next announcement, if it is sure which that is. */
  Optional<Announcement> next() {
    @Nullable Log first = null;
    for (Log log : logs.values()) {
      if (!log.queue.isEmpty()
          && (first == null || log.queue.element().stamp() < first.queue.element().stamp())) {
        first = log;
      }
    }
    if (first == null || !sure(first, first.queue.element())) {
      return Optional.empty();
    }
    Announcement next = first.queue.remove();
    if (next.ends()) {
      first.done = next.batch() + 1;
    }
    return Optional.of(next);
  }

  private boolean sure(Log from, Announcement next) {
    if (round <= next.seen()) {
      return false; // A log that nobody knew of yet may hold its cause.
    }
    for (Log log : logs.values()) {
      if (log != from && log.lastStamp < next.stamp() && log.exhausted <= next.seen()) {
        return false;
      }
    }
    return true;
  }

  /**
   * Notes how far the logs are in the feed, and deletes what nobody will read again; one log after
   * the other, since transactions of one partition would only get in each other's way.
   */
  CompletableFuture<Void> save() {
    CompletableFuture<Void> saved = CompletableFuture.completedFuture(null);
    for (Log log : logs.values()) {
      if (log.done > log.savedDone) {
        long chunk = log.savedDone / FactTables.BATCHES_OF_CHUNK;
        long to = log.done;
        saved =
            saved
                .thenCompose(before ->
                    session.executeAsync(statements.setDone.bind(to, Announcer.FARM, log.name, to)))
                .thenCompose(
                    done -> deleteChunks(log.name, chunk, to / FactTables.BATCHES_OF_CHUNK));
        log.savedDone = to;
      }
    }
    return saved;
  }

  private CompletableFuture<Void> deleteChunks(String log, long from, long to) {
    return from >= to
        ? CompletableFuture.completedFuture(null)
        : session
            .executeAsync(statements.deleteChunk.bind(log, from).setIdempotent(true))
            .toCompletableFuture()
            .thenCompose(done -> deleteChunks(log, from + 1, to));
  }

  /** Forgets the logs that were ended, once all of them is in the feed and that is saved. */
  void forgetEnded() {
    for (Log log : List.copyOf(logs.values())) {
      // What was announced before its end may be missed by a reading begun with the asking for
      // that.
      if (log.ended != null
          && log.ended < round
          && log.exhausted == round
          && log.done == log.next
          && log.done == log.savedDone) {
        // Not if another scribe has read further: then there may be more.
        if (session
            .execute(statements.forget.bind(Announcer.FARM, log.name, log.done))
            .wasApplied()) {
          deleteChunks(
                  log.name,
                  log.done / FactTables.BATCHES_OF_CHUNK,
                  log.done / FactTables.BATCHES_OF_CHUNK + 1)
              .join();
        }
        logs.remove(log.name);
      }
    }
  }
}
