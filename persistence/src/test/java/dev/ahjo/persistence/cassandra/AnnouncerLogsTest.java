package dev.ahjo.persistence.cassandra;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ahjo.persistence.cassandra.server.CassandraExtension;
import dev.ahjo.persistence.cassandra.server.CassandraRing;
import dev.ahjo.persistence.cassandra.server.TestKeyspace;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** The logs of nodes, with what only an accident leaves in them. */
@Tag("processes")
@ExtendWith(CassandraExtension.class)
class AnnouncerLogsTest {
  private static TestKeyspace cassandra;
  private static AnnouncerLogs.Statements statements;

  private long stamp = 1_000;

  @BeforeAll
  static void connect(CassandraRing ring) {
    cassandra = TestKeyspace.in(ring, FactTables::schema);
    statements = new AnnouncerLogs.Statements(cassandra.session(), cassandra.name());
  }

  @AfterAll
  static void disconnect() {
    cassandra.close();
  }

  @AfterEach
  void clear() {
    run("TRUNCATE %s.announcer");
    run("TRUNCATE %s.announcement");
  }

  private static void run(String statement) {
    cassandra.session().execute(statement.formatted(cassandra.name()));
  }

  private static void register(String log) {
    run("INSERT INTO %s.announcer (farm, name, done) VALUES (0, '" + log + "', 0) IF NOT EXISTS");
  }

  /** One announcement a batch, of an entity called like its place. */
  private void announce(String log, int... places) {
    for (int n : places) {
      run(
          "INSERT INTO %s.announcement (name, chunk, n, entities, numbers, stamps) VALUES ('"
              + "%s', %d, %d, ['%s%d'], [1], [%d]) USING TIMESTAMP 1"
                  .formatted(log, n / FactTables.BATCHES_OF_CHUNK, n, log, n, stamp++));
    }
  }

  /** Another scribe has put the batches before {@code done} into the feed. */
  private static void done(String log, long done) {
    run(
        "UPDATE %s.announcer SET done = "
            + done
            + " WHERE farm = 0 AND name = '"
            + log
            + "' IF done < "
            + done);
    run("DELETE FROM %s.announcement USING TIMESTAMP 2 WHERE name = '" + log + "' AND chunk = 0");
  }

  private static List<String> taken(AnnouncerLogs logs) {
    List<String> taken = new ArrayList<>();
    for (var next = logs.next(); next.isPresent(); next = logs.next()) {
      taken.add(next.get().entity());
    }
    return taken;
  }

  @Test
  void aLostBatchIsGivenUpAndHoldsUpNobodyForEver() {
    register("a");
    register("b");
    announce("a", 0, 2);
    announce("b", 0);
    var patient = new AnnouncerLogs(statements);
    assertThat(patient.read()).isTrue();
    assertThat(patient.read()).as("nothing can be taken, so there is time to wait").isFalse();
    assertThat(patient.trouble()).contains("Waits for announcement #1 of a");
    assertThat(taken(patient)).as("b0 may come after a1").containsExactly("a0");

    var logs = new AnnouncerLogs(statements, Duration.ofMillis(50));
    List<String> taken = new ArrayList<>();
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
    while (taken.size() < 3) {
      assertThat(System.nanoTime()).as("only %s", taken).isLessThan(deadline);
      logs.read();
      taken.addAll(taken(logs));
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(5));
    }
    assertThat(taken).containsExactly("a0", "a2", "b0");
    assertThat(logs.holes()).isEqualTo(1);
    assertThat(logs.trouble()).isEqualTo(Optional.empty());
  }

  @Test
  void aScribeThatWasPausedSeesThatAnotherHasReadFurther() {
    register("x");
    announce("x", 0, 1);
    var paused = new AnnouncerLogs(statements);
    paused.read();
    paused.read();
    assertThat(taken(paused)).containsExactly("x0", "x1");

    done("x", 600);
    assertThatThrownBy(paused::read).isInstanceOf(Scribe.Overtaken.class);
  }

  /** Its name and its tail are asked for at once: it may have been ended between the two. */
  @Test
  void aLogIsNotForgottenByTheReadingThatFindsItEnded() {
    register("x");
    announce("x", 0);
    var logs = new AnnouncerLogs(statements);
    logs.read();
    logs.read();
    assertThat(taken(logs)).containsExactly("x0");
    logs.save().join();

    run("UPDATE %s.announcer SET ended = true WHERE farm = 0 AND name = 'x' IF EXISTS");
    assertThat(logs.read()).isFalse();
    announce("x", 1);
    logs.forgetEnded();
    logs.read();
    logs.read();
    assertThat(taken(logs)).containsExactly("x1");
    logs.save().join();
    logs.forgetEnded();
    assertThat(rows("announcer")).isZero();
    assertThat(rows("announcement")).isZero();
  }

  /** What is asked ahead is an answer to the next reading, not to one before. */
  @Test
  void aReadingAheadMakesNothingSureThatWasSeenLater() {
    register("a");
    register("b");
    announce("a", 0);
    var logs = new AnnouncerLogs(statements);
    logs.read();
    logs.readAhead();
    logs.readAhead();
    assertThat(taken(logs)).as("b may have announced its cause").isEmpty();
    logs.read();
    assertThat(taken(logs)).containsExactly("a0");
    announce("a", 1);
    logs.read();
    assertThat(taken(logs)).isEmpty();
    logs.read();
    assertThat(taken(logs)).containsExactly("a1");
  }

  @Test
  void aScribeThatWasPausedForgetsNoLogThatIsNotRead() {
    register("x");
    announce("x", 0, 1);
    run("UPDATE %s.announcer SET ended = true WHERE farm = 0 AND name = 'x' IF EXISTS");
    var paused = new AnnouncerLogs(statements);
    paused.read();
    paused.read();
    assertThat(taken(paused)).containsExactly("x0", "x1");
    paused.read();

    // The other has read a chunk and more, and some of it is still to come.
    done("x", 600);
    announce("x", 600, 601);
    paused.save().join();
    paused.forgetEnded();

    var other = new AnnouncerLogs(statements);
    other.read();
    other.read();
    assertThat(taken(other)).containsExactly("x600", "x601");
    other.read();
    other.save().join();
    other.forgetEnded();
    assertThat(rows("announcer")).isZero();
    assertThat(rows("announcement")).isZero();
  }

  private static long rows(String table) {
    return cassandra
        .session()
        .execute("SELECT count(*) FROM " + cassandra.name() + "." + table)
        .all()
        .getFirst()
        .getLong(0);
  }
}
