package dev.ahjo.persistence.cassandra;

import com.datastax.oss.driver.api.core.cql.SimpleStatement;
import com.datastax.oss.driver.api.core.metadata.Node;
import dev.ahjo.core.kernel.EntityRef;
import dev.ahjo.core.kernel.Fact;
import dev.ahjo.core.project.BuilderDefinition;
import dev.ahjo.core.project.Result;
import dev.ahjo.core.status.Story;
import dev.ahjo.persistence.cassandra.server.CassandraRing;
import dev.ahjo.persistence.formats.FactFormat;
import dev.ahjo.persistence.formats.FactSerializer;
import dev.ahjo.persistence.formats.Recorded;
import dev.ahjo.persistence.journal.Row;
import dev.ahjo.persistence.status.CassandraTables;
import dev.ahjo.persistence.status.ProjectionPost;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * What the feed and the read tables cost, and how far they lag: {@code FeedBench [BUILDS] [LANES]
 * [BUILDS_PER_SECOND] [SECONDS] [SERVERS]}. Builds of one step, told by the real rules, are stored
 * on real servers: in each lane one build after the other, each row when the one before it in its
 * lane and of its entity is stored, as causes and effects are. First the rows of BUILDS are stored
 * by themselves, then fed by themselves, then shown by themselves, so that the cost of each is told
 * apart; then as fast as they can with all three at once; last at a steady pace. Everything is done
 * twice, first to warm up. Run by hand.
 */
final class FeedBench {
  private static final String PROJECT = "bench";
  private static final Duration PATIENCE = Duration.ofMinutes(10);

  /** A row of the story, and in which lane it was caused. */
  private record Told(int lane, Row row, int facts) {}

  /** What has been used up by a moment. */
  private record Used(long nanos, long ours, long servers, long requests) {}

  private final FactStore store;
  private final CassandraTables tables;
  private final FeedSource source;
  private final int lanes;
  private final Story story = new Story(this::record);
  private final List<Told> told = new ArrayList<>();
  private final long[] numbers;
  private final Map<String, CompletableFuture<Void>> entities = new HashMap<>();
  private final List<CompletableFuture<Void>> ends = new ArrayList<>();
  private final Map<String, Long> storedAt = new ConcurrentHashMap<>();
  private final NavigableMap<Long, Long> fedAt = new ConcurrentSkipListMap<>();
  private final NavigableMap<Long, Long> shownAt = new ConcurrentSkipListMap<>();
  private volatile Runnable announced = () -> {};
  private int lane;
  private long rows;

  private FeedBench(CassandraRing ring, int lanes) throws IOException {
    this.lanes = lanes;
    CassandraSettings settings = TestRing.settings(ring);
    store =
        FactStore.open(
            settings, "bench", new CausalClock(InstantSource.system()), () -> announced.run());
    source = new FeedSource(store.feed());
    tables = CassandraTables.open(store.session(), store.keyspace(), source::end);
    numbers = new long[lanes];
  }

  public static void main(String[] arguments) throws Exception {
    int builds = argument(arguments, 0, 1_000);
    int lanes = argument(arguments, 1, 32);
    int pace = argument(arguments, 2, 20);
    int seconds = argument(arguments, 3, 20);
    int servers = argument(arguments, 4, 1);
    try (CassandraRing ring = CassandraRing.start("127.0.9.", servers, servers == 1 ? 1024 : 512)) {
      var bench = new FeedBench(ring, lanes);
      bench.open();
      print("--- warming up");
      bench.run(Math.max(1, builds / 4), pace, seconds / 4);
      print("--- %d builds in %d lanes, %d servers, load %s", builds, lanes, servers, load());
      bench.run(builds, pace, seconds);
      print("--- load %s", load());
      bench.store.close();
    }
  }

  private static int argument(String[] arguments, int n, int usual) {
    return arguments.length > n ? Integer.parseInt(arguments[n]) : usual;
  }

  private static String load() throws IOException {
    return Files.readString(Path.of("/proc/loadavg")).strip();
  }

  // --- the story

  private void record(EntityRef entity, long number, Instant at, List<Fact> facts) {
    var recorded = new Recorded(at, facts);
    String id = entity.type().label() + "|" + entity.id();
    try {
      var row =
          new Row(
              id,
              number,
              "writer of " + id,
              1,
              "",
              FactSerializer.ID,
              FactFormat.CURRENT.manifest(recorded),
              FactFormat.CURRENT.write(recorded));
      told.add(new Told(lane, row, facts.size()));
    } catch (IOException bug) {
      throw new AssertionError(bug);
    }
  }

  private void open() {
    var builders = new BuilderDefinition[lanes];
    for (int i = 0; i < lanes; i++) {
      builders[i] = Story.builder("b" + i);
      ends.add(CompletableFuture.completedFuture(null));
    }
    story.project(PROJECT, builders);
    for (int i = 0; i * 8 < lanes; i++) {
      story.worker("w" + i, 8);
    }
    store(write());
  }

  /** Tells of one build in each lane. */
  private void tell(int builds) {
    for (lane = 0; lane < builds; lane++) {
      story.submit(PROJECT, "b" + lane);
      numbers[lane]++;
    }
    for (lane = 0; lane < builds; lane++) {
      story.starts(key(lane));
    }
    for (lane = 0; lane < builds; lane++) {
      story.ends(key(lane), Result.SUCCESS);
    }
    lane = 0;
  }

  private String key(int lane) {
    return PROJECT + "/b" + lane + "#" + numbers[lane];
  }

  /** Writes all that was told, each row after its causes. */
  private List<CompletableFuture<Void>> write() {
    for (Told each : told) {
      String entity = each.row().persistenceId();
      CompletableFuture<Void> before =
          CompletableFuture.allOf(
              ends.get(each.lane()),
              entities.getOrDefault(entity, CompletableFuture.completedFuture(null)));
      CompletableFuture<Void> written =
          before
              .thenCompose(done -> store.append(List.of(each.row())))
              .thenRun(
                  () -> storedAt.put(name(entity, each.row().sequenceNr()), System.nanoTime()));
      ends.set(each.lane(), written);
      entities.put(entity, written);
      rows++;
    }
    told.clear();
    return List.copyOf(ends);
  }

  private static String name(String entity, long number) {
    return entity + "#" + number;
  }

  private static void store(List<CompletableFuture<Void>> writing) {
    CompletableFuture.allOf(writing.toArray(CompletableFuture[]::new)).join();
  }

  // --- what is measured

  private void run(int builds, int pace, int seconds) throws Exception {
    Used before = used();
    int facts = stored(builds);
    print(before, "stored by themselves", facts);
    before = used();
    try (Scribe scribe = Scribe.start(store, source::grown)) {
      until(source::end);
      print(before, "fed by themselves", facts);
    }
    before = used();
    try (ProjectionPost post =
        ProjectionPost.take(tables, source, tables::project, applied -> {})) {
      until(() -> tables.progress().applied());
      print(before, "shown by themselves", facts);
    }
    try (ScribePost post = ScribePost.take(store, source, tables, this::grown, this::shown)) {
      announced = post::wake;
      together(builds);
      steady(pace, seconds);
      announced = () -> {};
    }
  }

  private void grown(long end) {
    fedAt.put(end, System.nanoTime());
    source.grown(end);
  }

  private void shown(long applied) {
    shownAt.put(applied, System.nanoTime());
  }

  private int stored(int builds) {
    int facts = 0;
    for (int done = 0; done < builds; done += lanes) {
      tell(Math.min(lanes, builds - done));
      facts += told.stream().mapToInt(Told::facts).sum();
      store(write());
    }
    return facts;
  }

  private void together(int builds) throws Exception {
    long from = rows;
    Used before = used();
    int facts = stored(builds);
    print(before, "stored, all at once", facts);
    until(source::end);
    print(before, "fed, all at once", facts);
    until(() -> tables.progress().applied());
    print(before, "shown, all at once", facts);
    lags("all at once", from);
  }

  /** So many builds a second, whether or not those before have ended. */
  private void steady(int pace, int seconds) throws Exception {
    long from = rows;
    int facts = 0;
    Used before = used();
    long next = System.nanoTime();
    List<CompletableFuture<Void>> writing = List.of();
    int perTick = Math.max(1, Math.min(lanes, pace / 5));
    for (int made = 0; made < pace * seconds; made += perTick) {
      while (System.nanoTime() < next) {
        LockSupport.parkNanos(next - System.nanoTime());
      }
      next += TimeUnit.SECONDS.toNanos(1) * perTick / pace;
      tell(perTick);
      facts += told.stream().mapToInt(Told::facts).sum();
      writing = write();
    }
    store(writing);
    print(before, "stored at " + pace + " builds/s", facts);
    until(source::end);
    until(() -> tables.progress().applied());
    print(before, "shown at " + pace + " builds/s", facts);
    lags("at " + pace + " builds/s", from);
  }

  private interface Reached {
    long number() throws IOException;
  }

  private void until(Reached reached) throws IOException {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (reached.number() < rows) {
      if (System.nanoTime() > deadline) {
        throw new IOException("Only %d of %d rows".formatted(reached.number(), rows));
      }
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
    }
  }

  /** From a row's being stored until it is in the feed, and until it is shown. */
  private void lags(String when, long from) throws IOException {
    List<Long> fed = new ArrayList<>();
    List<Long> shown = new ArrayList<>();
    for (long at = from; at < rows; ) {
      for (Feed.Placed row : store.feed().after(at, 500)) {
        at = row.number();
        String name = name(row.item().entity(), row.item().sequenceNr());
        long stored = Objects.requireNonNull(storedAt.get(name), name);
        fed.add(fedAt.ceilingEntry(at).getValue() - stored);
        shown.add(shownAt.ceilingEntry(at).getValue() - stored);
      }
    }
    fed.sort(null);
    shown.sort(null);
    print(
        "%s: fed p50 %,d ms, p99 %,d ms; shown p50 %,d ms, p99 %,d ms after it was stored",
        when, part(fed, 50), part(fed, 99), part(shown, 50), part(shown, 99));
    storedAt.clear();
    fedAt.clear();
    shownAt.clear();
  }

  private static long part(List<Long> sorted, int percent) {
    return TimeUnit.NANOSECONDS.toMillis(sorted.get((sorted.size() - 1) * percent / 100));
  }

  private Used used() {
    long requests = 0;
    for (Node node : store.session().getMetadata().getNodes().values()) {
      for (var client :
          store
              .session()
              .execute(
                  SimpleStatement.newInstance("SELECT request_count FROM system_views.clients")
                      .setNode(node))) {
        requests += client.getLong(0);
      }
    }
    long servers =
        ProcessHandle.current()
            .descendants()
            .filter(child -> child.info().command().filter(c -> c.endsWith("java")).isPresent())
            .mapToLong(child -> child.info().totalCpuDuration().map(Duration::toNanos).orElse(0L))
            .sum();
    var machine =
        (com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    return new Used(System.nanoTime(), machine.getProcessCpuTime(), servers, requests);
  }

  private void print(Used before, String what, int facts) {
    Used now = used();
    double seconds = (now.nanos - before.nanos) / 1e9;
    print(
        "%-24s %,7d facts in %5.1f s, %,6.0f a second; CPU of 1,000: ours %5.2f s, servers' %5.2f s;"
            + " %.2f requests a fact",
        what,
        facts,
        seconds,
        facts / seconds,
        (now.ours - before.ours) / 1e6 / facts,
        (now.servers - before.servers) / 1e6 / facts,
        (double) (now.requests - before.requests) / facts);
  }

  private static void print(String format, Object... values) {
    System.out.println(String.format(Locale.ROOT, format, values));
  }
}
