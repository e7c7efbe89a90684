package dev.ahjo.persistence.status;

import dev.ahjo.core.id.BuildKey;
import dev.ahjo.core.id.BuildsetId;
import dev.ahjo.core.id.Ids;
import dev.ahjo.core.id.RequestId;
import dev.ahjo.core.kernel.EntityRef;
import dev.ahjo.core.kernel.Fact;
import dev.ahjo.core.project.BuilderDefinition;
import dev.ahjo.core.project.Result;
import dev.ahjo.core.status.BuildView;
import dev.ahjo.core.status.Projection;
import dev.ahjo.core.status.RequestView;
import dev.ahjo.core.status.StatusStore;
import dev.ahjo.core.status.StatusStore.Query;
import dev.ahjo.core.status.Story;
import dev.ahjo.persistence.PassingFolder;
import dev.ahjo.persistence.cassandra.server.CassandraRing;
import dev.ahjo.persistence.cassandra.server.TestKeyspace;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * How much the read tables cost: {@code StatusBench [BUILDS] [FOLDER|cassandra]}. Applies the facts
 * of builds of one step, in batches of several sizes, to empty tables and to those of BUILDS
 * finished builds; then queues 25,000 requests, then reads lists. Run by hand; figures are CPU of
 * the one thread that works, and wall time of the reads.
 */
final class StatusBench {
  private static final int BUILDERS = 50;
  private static final int AT_ONCE = 32;

  private final StatusStore tables;
  private final CommittedViews views;
  private final Projection projection;
  private final List<FactSource.Entry> items = new ArrayList<>();
  private final Story story = new Story(this::record);
  private final long[] numbers = new long[BUILDERS];
  private long place;
  private long offset;

  private StatusBench(StatusStore tables, CommittedViews views) {
    this.tables = tables;
    this.views = views;
    this.projection = new Projection(views);
  }

  private void record(EntityRef entity, long number, Instant at, List<Fact> facts) {
    items.add(new FactSource.Entry(++place, entity, number, at, facts));
  }

  public static void main(String[] arguments) throws IOException {
    int history = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 100_000;
    if (arguments.length > 1 && arguments[1].equals("cassandra")) {
      try (CassandraRing ring = CassandraRing.start("127.0.1.", 1, 1024);
          var keyspace = TestKeyspace.durable(ring, CassandraTables::schema)) {
        var tables = CassandraTables.open(keyspace.session(), keyspace.name(), () -> 0);
        new StatusBench(tables, tables.project()).run(history, 1, 150, 500);
      }
      return;
    }
    if (arguments.length > 1) {
      measure(Path.of(arguments[1]), history);
      return;
    }
    try (var passing = PassingFolder.make("ahjo-status")) {
      measure(passing.path(), history);
    }
  }

  private static void measure(Path folder, int history) throws IOException {
    try (var tables = StatusTables.open(folder, () -> 0)) {
      new StatusBench(tables, tables.views()).run(history, 3, 1, 20, 150, 500);
      print("file: %,d bytes", Files.size(folder.resolve("status.mv.db")));
    }
  }

  private void run(int history, int rounds, int... batches) {
    open();
    for (int round = 0; round < rounds; round++) {
      for (int batch : batches) {
        build("empty tables", 640, batch);
      }
    }
    fill(history);
    for (int batch : batches) {
      build(String.format(Locale.ROOT, "%,d builds", history), 640, batch);
    }
    queue();
    reads();
  }

  private void open() {
    var builders = new BuilderDefinition[BUILDERS];
    for (int i = 0; i < BUILDERS; i++) {
      builders[i] = Story.builder("b" + i);
    }
    story.project("bench", builders);
    workers();
    apply(500);
  }

  private void workers() {
    for (int i = 0; i < 4; i++) {
      story.worker("w" + i, AT_ONCE / 4);
    }
  }

  /** Applies what was told, and answers the nanoseconds of CPU that it took. */
  private long apply(int batch) {
    long start = cpu();
    for (int from = 0; from < items.size(); from += batch) {
      for (var item : items.subList(from, Math.min(items.size(), from + batch))) {
        for (Fact fact : item.facts()) {
          projection.apply(item.entity(), item.at(), fact);
        }
      }
      views.commit(++offset);
    }
    items.clear();
    return cpu() - start;
  }

  /** Builds walk side by side, as many as there are slots. */
  private void build(String behind, int builds, int batch) {
    long cpu = 0;
    long facts = 0;
    long wall = 0;
    for (int done = 0; done < builds; done += AT_ONCE) {
      List<String> running = new ArrayList<>();
      for (int i = 0; i < AT_ONCE; i++) {
        int b = (done + i) % BUILDERS;
        story.submit("bench", "b" + b);
        running.add("bench/b" + b + "#" + ++numbers[b]);
      }
      running.forEach(story::starts);
      running.forEach(b -> story.ends(b, Result.SUCCESS));
      facts += items.stream().mapToLong(i -> i.facts().size()).sum();
      long start = System.nanoTime();
      cpu += apply(batch);
      wall += System.nanoTime() - start;
    }
    print(
        "%-15s batches of %3d records: %5.1f us CPU a fact, %4.0f us a build (%.0f facts), %5.0f us"
            + " of time",
        behind,
        batch,
        cpu / 1e3 / facts,
        cpu / 1e3 / builds,
        (double) facts / builds,
        wall / 1e3 / builds);
  }

  /** A past of copies of a finished build. */
  private void fill(int builds) {
    BuildView build = views.build(BuildKey.parse("bench/b7#1")).orElseThrow();
    RequestView request = views.request(build.request()).orElseThrow();
    long start = cpu();
    for (int i = 0; i < builds; i++) {
      var builder = BuildKey.parse("bench/b" + i % BUILDERS + "#1").builder();
      var buildset = new BuildsetId(Ids.at(Story.BEGIN, 1, i));
      RequestId id = Ids.request(buildset, 0);
      views.put(
          new RequestView(
              id,
              builder,
              buildset,
              request.state(),
              request.result(),
              request.detail(),
              0,
              request.reason(),
              request.by(),
              request.branch(),
              request.needs(),
              request.attempts(),
              request.waits(),
              request.submittedAt(),
              request.startedAt(),
              request.finishedAt(),
              request.retryAt()));
      views.put(
          new BuildView(
              new BuildKey(builder, 1_000_000 + i),
              id,
              buildset,
              1,
              build.worker(),
              build.reason(),
              build.state(),
              i % 100 == 0 ? Optional.of(Result.FAILURE) : build.result(),
              build.detail(),
              build.stamps(),
              build.properties(),
              build.steps(),
              build.submittedAt(),
              build.startedAt(),
              build.finishedAt()));
      if (i % 500 == 499) {
        views.commit(++offset);
      }
    }
    views.commit(++offset);
    print(
        "%,d builds and requests of history: %.0f us each", builds, (cpu() - start) / 2e3 / builds);
  }

  private void queue() {
    for (int i = 0; i < 4; i++) {
      story.leaves("w" + i);
    }
    long cpu = apply(500);
    for (int i = 0; i < 25_000; i++) {
      story.submit("bench", "b" + i % BUILDERS);
      if (i % 100 == 99) {
        cpu += apply(500);
      }
    }
    print("25,000 requests queued: %.0f us each", cpu / 1e3 / 25_000);
  }

  private void reads() {
    time("GET /builds", () -> tables.builds(query(50)).items().size());
    time("GET /builds?limit=1000", () -> tables.builds(query(1000)).items().size());
    builds("builder", "bench/b7");
    builds("builder", "b7", "result", "failure");
    builds("worker", "w1", "state", "running");
    builds("project", "bench", "result", "cancelled");
    builds("worker", "w1", "builder", "bench/b7");
    requests(50, "state", "queued");
    requests(1000, "state", "queued");
    requests(50, "builder", "b7", "state", "queued");
    time("GET /builders", () -> tables.builders(query(50)).items().size());
    time("counts of requests", () -> tables.requestCounts().size());
    var key = BuildKey.parse("bench/b7#5");
    time("one build", () -> tables.build(key).map(b -> b.steps().size()).orElse(0));
  }

  private void builds(String... filters) {
    time(
        "GET /builds?" + String.join(" ", filters),
        () -> tables.builds(query(50, filters)).items().size());
  }

  private void requests(int limit, String... filters) {
    time(
        "GET /requests?" + String.join(" ", filters) + " limit " + limit,
        () -> tables.requests(query(limit, filters)).items().size());
  }

  private static Query query(int limit, String... filters) {
    Map<String, List<String>> by = new HashMap<>();
    for (int i = 0; i < filters.length; i += 2) {
      by.put(filters[i], List.of(filters[i + 1]));
    }
    return new Query(by, limit, Optional.empty());
  }

  private interface Read {
    int items();
  }

  private static void time(String what, Read read) {
    int items = 0;
    for (int i = 0; i < 50; i++) {
      items = read.items();
    }
    List<Long> times = new ArrayList<>();
    long cpu = cpu();
    for (int i = 0; i < 50; i++) {
      long start = System.nanoTime();
      items = read.items();
      times.add(System.nanoTime() - start);
    }
    cpu = cpu() - cpu;
    times.sort(null);
    print(
        "%-45s %4d items  %6.2f ms CPU, p50 %6.2f ms, max %6.2f ms",
        what, items, cpu / 50e6, times.get(25) / 1e6, times.getLast() / 1e6);
  }

  private static long cpu() {
    return ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
  }

  private static void print(String format, Object... values) {
    System.out.println(String.format(Locale.ROOT, format, values));
  }
}
