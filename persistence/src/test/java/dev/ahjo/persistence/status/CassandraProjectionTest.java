package dev.ahjo.persistence.status;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.datastax.oss.driver.api.core.CqlSession;
import com.datastax.oss.driver.api.core.DriverTimeoutException;
import com.datastax.oss.driver.api.core.cql.Row;
import dev.ahjo.core.project.Result;
import dev.ahjo.core.status.Projection;
import dev.ahjo.core.status.StatusStore;
import dev.ahjo.core.status.StatusStore.Query;
import dev.ahjo.core.status.Story;
import dev.ahjo.persistence.cassandra.server.CassandraExtension;
import dev.ahjo.persistence.cassandra.server.CassandraRing;
import dev.ahjo.persistence.cassandra.server.TestKeyspace;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.IntUnaryOperator;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Whatever becomes of a projection, the tables are those of an undisturbed one, row by row. */
@Tag("processes")
@ExtendWith(CassandraExtension.class)
class CassandraProjectionTest {
  private static final AtomicInteger GENERATIONS = new AtomicInteger();
  private static TestKeyspace cassandra;
  private static CqlSession session;
  private static String keyspace;

  private final Chronicle chronicle = new Chronicle();
  private final MemoryJournal journal = chronicle.journal;
  private final Story story = chronicle.story;

  @BeforeAll
  static void connect(CassandraRing ring) {
    cassandra = TestKeyspace.in(ring, CassandraTables::schema);
    session = cassandra.session();
    keyspace = cassandra.name();
  }

  @AfterAll
  static void disconnect() {
    cassandra.close();
  }

  /** The process is gone. */
  private static final class Killed extends RuntimeException {
    private static final long serialVersionUID = 1;
  }

  @Test
  void aProjectionKilledBetweenAnyTwoWritesIsGoneOnWith() throws IOException {
    story.project("zlib", Story.builder("debian"), Story.builder("docs", "debian"));
    story.worker("w1", 1);
    story.submit("zlib");
    story.starts("zlib/debian#1");
    long half = journal.end();
    story.ends("zlib/debian#1", Result.SUCCESS);
    story.starts("zlib/docs#1");
    story.leaves("w1");

    String undisturbed = generation();
    var counted = new AtomicInteger();
    var whole = open(undisturbed);
    project(whole.project(), half);
    CommittedViews counting = whole.project(counted::incrementAndGet);
    int before = counted.get();
    project(counting, Long.MAX_VALUE);
    assertThat(counted.get() - before).isGreaterThan(20);
    Map<String, String> disturbed = new TreeMap<>();
    chronicle.assertSameAsInMemory(whole);

    for (int kill = 1; kill <= counted.get(); kill++) {
      String generation = generation();
      var tables = open(generation);
      project(tables.project(), half);
      killed(tables, kill);
      project(tables.project(), Long.MAX_VALUE);
      disturbed.put(generation, "killed at write " + kill);
    }
    assertSame(undisturbed, disturbed);
  }

  private void killed(CassandraTables tables, int at) throws IOException {
    var left = new AtomicInteger(at);
    CassandraViews.Writing dies =
        () -> {
          if (left.decrementAndGet() == 0) {
            throw new Killed();
          }
        };
    try {
      project(tables.project(dies), Long.MAX_VALUE);
    } catch (Killed asPlanned) {
      assertThat(left).hasValue(0);
    }
  }

  @Test
  void aProjectionKilledOverAndOverMakesTheSameTables() throws IOException {
    chronicle.aBusyDay();
    String undisturbed = generation();
    project(open(undisturbed).project(), Long.MAX_VALUE);
    Map<String, String> disturbed = new TreeMap<>();
    chronicle.assertSameAsInMemory(open(undisturbed));
    for (int seed = 1; seed <= 3; seed++) {
      var random = new Random(seed);
      String generation = generation();
      var tables = open(generation);
      int kills = 0;
      boolean done = false;
      while (!done) {
        CassandraViews.Writing dies =
            () -> {
              if (random.nextInt(150) == 0) {
                throw new Killed();
              }
            };
        try {
          project(tables.project(dies), Long.MAX_VALUE, most -> 1 + random.nextInt(most));
          done = true;
        } catch (Killed again) {
          kills++;
        }
      }
      assertThat(kills).as("kills with seed %d", seed).isGreaterThan(3);
      disturbed.put(generation, "seed %d, %d kills".formatted(seed, kills));
    }
    assertSame(undisturbed, disturbed);
  }

  /** A node that hung for minutes in the midst of its writes, and was given up for dead. */
  @Test
  void whatASupersededProjectionStillWritesChangesNothing() throws Exception {
    chronicle.aBusyDay();
    String undisturbed = generation();
    project(open(undisturbed).project(), Long.MAX_VALUE);
    Map<String, String> disturbed = new TreeMap<>();
    for (int hang : new int[] {1, 2, 3, 5, 20, 60}) {
      String generation = generation();
      var tables = open(generation);
      var goesOn = new CountDownLatch(1);
      var hangs = new CountDownLatch(1);
      var left = new AtomicInteger(hang);
      CommittedViews old =
          tables.project(() -> {
            if (left.decrementAndGet() == 0) {
              hangs.countDown();
              await(goesOn);
            }
          });
      var hung =
          CompletableFuture.runAsync(
              () -> {
                try {
                  project(old, Long.MAX_VALUE, _ -> 60);
                } catch (IOException failed) {
                  throw new AssertionError(failed);
                }
              },
              thread -> Thread.ofVirtual().start(thread));
      await(hangs);
      project(tables.project(), Long.MAX_VALUE);
      goesOn.countDown();
      assertThatThrownBy(() -> hung.get(30, TimeUnit.SECONDS))
          .hasCauseInstanceOf(StatusUnavailable.class)
          .hasMessageContaining("Another node");
      disturbed.put(generation, "hung at write " + hang);
    }
    assertSame(undisturbed, disturbed);
  }

  /** A server hung with it, and its projection has been told nothing. */
  @Test
  void aMoveThatHappensLateChangesNothing() throws IOException {
    chronicle.aBusyDay();
    String undisturbed = generation();
    project(open(undisturbed).project(), Long.MAX_VALUE);
    String generation = generation();
    var left = new AtomicInteger(Integer.MAX_VALUE);
    CommittedViews views =
        open(generation)
            .project(() -> {
              if (left.decrementAndGet() == 0) {
                throw new DriverTimeoutException("no answer");
              }
            });
    long half = journal.end() / 2;
    project(views, half);
    var head = new Head(session, keyspace, generation);
    Head.At before = head.read().orElseThrow();

    left.set(2); // All lies beside the head; its move hangs.
    assertThatThrownBy(() -> project(views, half + 20)).isInstanceOf(StatusUnavailable.class);
    views.forget();
    assertThat(views.applied()).isEqualTo(half);
    assertThat(head.move(before, half + 20, 1 - before.slot(), 1, before.seqs())).isEmpty();

    project(views, Long.MAX_VALUE);
    assertSame(undisturbed, Map.of(generation, "a late move"));
  }

  @Test
  void anOutageStopsTheTablesAndTheyGoOn(CassandraRing ring) throws Exception {
    String generation = generation();
    var live = new MemoryJournal();
    var patience = new StatusProjection.Patience(Duration.ofMillis(20), Duration.ofMillis(200));
    var outlives = TestKeyspace.durable(ring, CassandraTables::schema);
    var tables = CassandraTables.open(outlives.session(), outlives.name(), generation, live::end);
    try (outlives;
        var projection =
            StatusProjection.start(
                tables.project(), live, new LiveEvents(tables, live), _ -> {}, patience)) {
      chronicle.aBusyDay();
      List<FactSource.Entry> all = journal.after(0, Integer.MAX_VALUE);
      int half = all.size() / 2;
      for (var entry : all.subList(0, half)) {
        live.record(entry.entity(), entry.sequenceNr(), entry.at(), entry.facts());
      }
      ring.kill(0);
      for (var entry : all.subList(half, all.size())) {
        live.record(entry.entity(), entry.sequenceNr(), entry.at(), entry.facts());
      }
      until("it says so", () -> projection.trouble().isPresent());
      assertThatThrownBy(() -> tables.builds(Query.ALL)).isInstanceOf(StatusUnavailable.class);
      ring.restart(0);
      until(
          "the tables have caught up",
          () -> projection.trouble().isEmpty() && applied(tables) == live.end());
      assertThat(projection.strangers()).isZero();
      chronicle.assertSameAsInMemory(tables);
    }
  }

  private static long applied(StatusStore tables) {
    try {
      return tables.progress().applied();
    } catch (StatusUnavailable away) {
      return -1;
    }
  }

  private static void until(String what, BooleanSupplier so) {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (!so.getAsBoolean()) {
      assertThat(System.nanoTime()).as("not within a minute: %s", what).isLessThan(deadline);
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(10));
    }
  }

  private static void await(CountDownLatch latch) {
    try {
      assertThat(latch.await(30, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException stopped) {
      throw new AssertionError(stopped);
    }
  }

  private void project(CommittedViews views, long until) throws IOException {
    project(views, until, most -> most);
  }

  /** Applies the journal in batches, as {@link StatusProjection} does. */
  private void project(CommittedViews views, long until, IntUnaryOperator batch)
      throws IOException {
    var projection = new Projection(views);
    long end = Math.min(until, journal.end());
    while (views.applied() < end) {
      int most = batch.applyAsInt((int) Math.min(300, end - views.applied()));
      views.expect(StatusProjection.subjects(journal.after(views.applied(), most)));
      views.commit(chronicle.apply(projection, views.applied(), most));
    }
  }

  private static String generation() {
    return "killed-" + System.nanoTime() + "-" + GENERATIONS.incrementAndGet();
  }

  private CassandraTables open(String generation) throws IOException {
    return CassandraTables.open(session, keyspace, generation, journal::end);
  }

  /** All that stands in the tables is the same in all generations. */
  private static void assertSame(String expected, Map<String, String> others) {
    for (String table : List.of("view", "entry", "leaf", "branch", "few", "name", "shown")) {
      Map<String, List<String>> rows = new TreeMap<>();
      for (Row row : session.execute("SELECT JSON * FROM " + keyspace + ".status_" + table)) {
        String json = String.valueOf(row.getString(0));
        int quote = json.indexOf("\"generation\": \"") + 15;
        String generation = json.substring(quote, json.indexOf('"', quote));
        rows.computeIfAbsent(generation, _ -> new ArrayList<>()).add(json.replace(generation, ""));
      }
      rows.values().forEach(Collections::sort);
      assertThat(rows.get(expected)).isNotEmpty();
      others.forEach((generation, what) ->
          assertThat(rows.get(generation)).as("%s %s", table, what).isEqualTo(rows.get(expected)));
    }
  }
}
