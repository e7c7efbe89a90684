package dev.ahjo.persistence.status;

import static dev.ahjo.core.status.Samples.build;
import static dev.ahjo.core.status.Samples.builder;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.datastax.oss.driver.api.core.CqlSession;
import dev.ahjo.core.id.BuildKey;
import dev.ahjo.core.project.Result;
import dev.ahjo.core.status.BuildView;
import dev.ahjo.core.status.MemoryStatus;
import dev.ahjo.core.status.StatusStore;
import dev.ahjo.core.status.StatusStore.Page;
import dev.ahjo.core.status.StatusStore.Query;
import dev.ahjo.persistence.cassandra.server.CassandraExtension;
import dev.ahjo.persistence.cassandra.server.CassandraRing;
import dev.ahjo.persistence.cassandra.server.TestKeyspace;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@Tag("processes")
@ExtendWith(CassandraExtension.class)
class CassandraTablesTest extends CommittedContract {
  private static final AtomicInteger GENERATIONS = new AtomicInteger();
  private static TestKeyspace cassandra;
  private static CqlSession session;
  private static String keyspace;

  private String generation = "";
  private CassandraTables tables;
  private CommittedViews views;

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

  @BeforeEach
  void open() throws IOException {
    generation = "contract-" + System.nanoTime() + "-" + GENERATIONS.incrementAndGet();
    openTables();
  }

  @Override
  protected void reopen() throws IOException {
    openTables();
  }

  private void openTables() throws IOException {
    tables = CassandraTables.open(session, keyspace, generation, () -> 1000);
    views = tables.project();
  }

  @Override
  protected StatusStore store() {
    return tables;
  }

  @Override
  protected CommittedViews views() {
    return views;
  }

  @Test
  void tablesOfAnotherJournalAreRefused() {
    views().put(build("zlib/debian#1", "r1", "s1", "w1", "running", null));
    views().commit(1001);
    assertThatThrownBy(this::reopen).isInstanceOf(IOException.class).hasMessageContaining("1001");
  }

  /** The last who began is the only one who can commit. */
  @Test
  void aSupersededProjectionCommitsNothing() throws IOException {
    var superseded = views;
    reopen();
    superseded.put(build("zlib/debian#1", "r1", "s1", "w1", "running", null));
    assertThatThrownBy(() -> superseded.commit(1))
        .isInstanceOf(StatusUnavailable.class)
        .hasMessageContaining("Another node has begun to write");
    assertThatThrownBy(superseded::forget).isInstanceOf(StatusUnavailable.class);
    assertThat(store().build(BuildKey.parse("zlib/debian#1"))).isEmpty();
    views().put(build("zlib/debian#2", "r1", "s1", "w1", "running", null));
    shown();
    assertThat(store().builds(Query.ALL).items()).hasSize(1);
  }

  @Test
  void aBuildThatChangesItsWorkerLeavesTheListOfTheFormer() {
    views().put(build("zlib/debian#1", "r1", "s1", "w1", "running", null));
    views().put(build("zlib/debian#2", "r2", "s1", "w2", "running", null));
    shown();
    views().put(build("zlib/debian#1", "r1", "s1", "w2", "finished", Result.SUCCESS));
    shown();
    assertThat(store().builds(query(Map.of("worker", List.of("w1")))).items()).isEmpty();
    assertThat(store().builds(query(Map.of("worker", List.of("w2")))).items())
        .extracting(b -> b.key().number())
        .containsExactly(2L, 1L);
    assertThat(store().builds(Query.ALL).items()).hasSize(2);
  }

  /**
   * Thousands of views that change at random, listed by every filter, as the plainest store does.
   */
  @Test
  void longListsAreReadAsInMemory() {
    var memory = new MemoryStatus();
    var random = new Random(11);
    String[] states = {"starting", "running", "stopping"};
    for (String builder : List.of("zlib/debian", "zlib/fedora", "lua/debian")) {
      memory.put(builder(builder, false));
      views().put(builder(builder, false));
    }
    for (int i = 1; i <= 1300; i++) {
      int n = random.nextInt(4) == 0 ? 1 + random.nextInt(i) : i;
      String builder = n % 3 == 0 ? "zlib/debian" : n % 3 == 1 ? "zlib/fedora" : "lua/debian";
      boolean finished = random.nextInt(10) != 0;
      var view =
          build(
              builder + "#" + n,
              "r" + n,
              "s" + n / 10,
              "w" + (n * 7919 % 5),
              finished ? "finished" : states[random.nextInt(3)],
              !finished ? null : random.nextInt(50) == 0 ? Result.FAILURE : Result.SUCCESS);
      memory.put(view);
      views().put(view);
      if (random.nextInt(300) == 0) {
        shown();
      }
    }
    shown();
    List<Map<String, List<String>>> filters = new ArrayList<>();
    filters.add(Map.of());
    filters.add(Map.of("builder", List.of("debian")));
    filters.add(Map.of("project", List.of("zlib"), "builder", List.of("fedora")));
    filters.add(Map.of("project", List.of("zlib", "lua"), "state", List.of("running")));
    filters.add(Map.of("worker", List.of("w1"), "result", List.of("failure")));
    filters.add(Map.of("worker", List.of("w1", "w3"), "builder", List.of("lua/debian")));
    filters.add(Map.of("state", List.of("starting", "stopping")));
    filters.add(Map.of("result", List.of("failure")));
    filters.add(Map.of("result", List.of("cancelled")));
    filters.add(Map.of("buildset", List.of("s7", "s8"), "state", List.of("finished")));
    filters.add(Map.of("request", List.of("r7", "r1100", "r9999")));
    for (Map<String, List<String>> filter : filters) {
      for (int limit : new int[] {60, 1000}) {
        assertThat(walk(q -> tables.builds(q), filter, limit))
            .as("%s by %d", filter, limit)
            .isEqualTo(walk(memory::builds, filter, limit));
      }
    }
  }

  private static List<String> walk(
      Function<Query, Page<BuildView>> list, Map<String, List<String>> filter, int limit) {
    List<String> seen = new ArrayList<>();
    Optional<String> after = Optional.empty();
    do {
      var page = list.apply(new Query(new HashMap<>(filter), limit, after));
      assertThat(page.items().size() == limit || page.next().isEmpty()).isTrue();
      page.items().forEach(b -> seen.add(b.key() + " " + b.state()));
      after = page.next();
    } while (after.isPresent());
    return seen;
  }
}
