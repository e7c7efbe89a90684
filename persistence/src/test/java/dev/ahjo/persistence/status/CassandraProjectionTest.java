package dev.ahjo.persistence.status;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.datastax.oss.driver.api.core.CqlSession;
import com.datastax.oss.driver.api.core.cql.Row;
import dev.ahjo.core.kernel.Fact;
import dev.ahjo.core.project.Result;
import dev.ahjo.core.status.BuildView;
import dev.ahjo.core.status.MemoryStatus;
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
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
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

  private final MemoryJournal journal = new MemoryJournal();
  private final Story story = new Story(journal);

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
    Map<String, List<String>> expected = rows(undisturbed);
    assertSameAsInMemory(whole);

    for (int kill = 1; kill <= counted.get(); kill++) {
      String disturbed = generation();
      var tables = open(disturbed);
      project(tables.project(), half);
      killed(tables, kill);
      project(tables.project(), Long.MAX_VALUE);
      assertThat(rows(disturbed)).as("killed at write %d", kill).isEqualTo(expected);
    }
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
    aBusyDay();
    String undisturbed = generation();
    project(open(undisturbed).project(), Long.MAX_VALUE);
    Map<String, List<String>> expected = rows(undisturbed);
    assertSameAsInMemory(open(undisturbed));
    for (int seed = 1; seed <= 3; seed++) {
      var random = new Random(seed);
      String disturbed = generation();
      var tables = open(disturbed);
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
      assertThat(rows(disturbed)).as("seed %d, %d kills", seed, kills).isEqualTo(expected);
    }
  }

  /** A node that hung for minutes in the midst of its writes, and was given up for dead. */
  @Test
  void whatASupersededProjectionStillWritesChangesNothing() throws Exception {
    aBusyDay();
    String undisturbed = generation();
    project(open(undisturbed).project(), Long.MAX_VALUE);
    Map<String, List<String>> expected = rows(undisturbed);
    for (int hang : new int[] {1, 2, 3, 5, 20, 60}) {
      String disturbed = generation();
      var tables = open(disturbed);
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
          CompletableFuture.runAsync(() -> {
            try {
              project(old, Long.MAX_VALUE, _ -> 60);
            } catch (IOException failed) {
              throw new AssertionError(failed);
            }
          });
      await(hangs);
      project(tables.project(), Long.MAX_VALUE);
      goesOn.countDown();
      assertThatThrownBy(() -> hung.get(30, TimeUnit.SECONDS))
          .hasCauseInstanceOf(StatusUnavailable.class)
          .hasMessageContaining("Another node");
      assertThat(rows(disturbed)).as("hung at write %d", hang).isEqualTo(expected);
    }
  }

  private static void await(CountDownLatch latch) {
    try {
      assertThat(latch.await(30, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException stopped) {
      throw new AssertionError(stopped);
    }
  }

  /** Some 100 requests that end in every way there is. */
  private void aBusyDay() {
    story.project(
        "zlib",
        Story.builder("debian"),
        Story.collapsing(Story.builder("fedora")),
        Story.builder("docs", "debian"));
    story.project("lua", Story.builder("debian"));
    for (int i = 0; i < 4; i++) {
      story.worker("w" + i, 4);
    }
    var seen = new MemoryStatus();
    var plain = new Projection(seen);
    long read = 0;
    for (int i = 1; i <= 30; i++) {
      story.submit("zlib", i % 3, "debian", "docs");
      story.submit("lua");
      story.submit("zlib", "fedora");
      story.passes(Duration.ofSeconds(1));
      if (i % 7 == 0) {
        story.leaves("w" + i % 4);
        story.passes(Duration.ofMinutes(3));
        story.worker("w" + i % 4, 4);
      }
      read = apply(plain, read, Integer.MAX_VALUE);
      endWhatRuns(seen, i);
    }
  }

  private void endWhatRuns(MemoryStatus seen, int round) {
    int nth = 0;
    for (BuildView build :
        seen.builds(new Query(Map.of("state", List.of("starting")), 1000, Optional.empty()))
            .items()) {
      story.starts(build.key().toString());
      if ((round + nth++) % 5 != 0) {
        story.ends(build.key().toString(), nth % 4 == 0 ? Result.FAILURE : Result.SUCCESS);
      }
    }
  }

  private long apply(Projection projection, long from, int limit) {
    try {
      long offset = from;
      for (FactSource.Entry entry : journal.after(from, limit)) {
        for (Fact fact : entry.facts()) {
          projection.apply(entry.entity(), entry.at(), fact);
        }
        offset = entry.offset();
      }
      return offset;
    } catch (IOException failed) {
      throw new AssertionError(failed);
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
      long most = Math.min(300, end - views.applied());
      views.commit(apply(projection, views.applied(), batch.applyAsInt((int) most)));
    }
  }

  private static String generation() {
    return "killed-" + System.nanoTime() + "-" + GENERATIONS.incrementAndGet();
  }

  private CassandraTables open(String generation) throws IOException {
    return CassandraTables.open(session, keyspace, generation, journal::end);
  }

  /** All that stands in the tables. */
  private static Map<String, List<String>> rows(String generation) {
    Map<String, List<String>> all = new TreeMap<>();
    for (String table : List.of("view", "entry", "leaf", "branch", "few", "name", "shown")) {
      List<String> rows = new ArrayList<>();
      for (Row row :
          session.execute(
              "SELECT JSON * FROM "
                  + keyspace
                  + ".status_"
                  + table
                  + " WHERE generation = ? ALLOW FILTERING",
              generation)) {
        rows.add(String.valueOf(row.getString(0)).replace(generation, ""));
      }
      Collections.sort(rows);
      all.put(table, rows);
    }
    return all;
  }

  private void assertSameAsInMemory(StatusStore tables) {
    var memory = new MemoryStatus();
    apply(new Projection(memory), 0, Integer.MAX_VALUE);
    assertThat(everything(tables)).isEqualTo(everything(memory));
  }

  private static List<Object> everything(StatusStore store) {
    List<Object> all = new ArrayList<>();
    var query = new Query(Map.of(), StatusStore.MAX_LIMIT, Optional.empty());
    all.add(store.projects(query));
    all.add(store.builders(query));
    all.add(store.buildsets(query).items());
    all.add(store.requests(query).items());
    all.add(store.builds(query).items());
    all.add(store.workers(query));
    all.add(store.requestCounts());
    return all;
  }
}
