package dev.ahjo.cli.bench;

import dev.ahjo.cli.Client;
import dev.ahjo.cli.Events;
import dev.ahjo.cli.bench.BenchFarm.Accepted;
import dev.ahjo.cli.bench.SimulatedAgents.Manner;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * How many builds a farm makes, and what each costs its nodes.
 *
 * @param atOnce submissions on their way at a time
 */
record Throughput(
    BenchFarm farm, Crew crew, int projects, int builders, int atOnce, Report report) {
  private static final int LOOKS = 50;

  /** Submits builds to whoever is there, and waits for the last of them. */
  void builds(int builds, String run) throws IOException, InterruptedException {
    farm.define(projects, builders, crew.pool(), run);
    if (!crew.simulated()) {
      measure(builds, this::awaitShown);
      return;
    }
    try (SimulatedAgents agents = crew.join(Manner.FINISH)) {
      measure(builds, accepted -> Crew.awaitFinished(agents, accepted));
    }
  }

  /** Returns when all that was accepted has finished. */
  private interface End {
    void await(List<Accepted> accepted) throws IOException, InterruptedException;
  }

  private void measure(int builds, End end) throws IOException, InterruptedException {
    Optional<Double> before = farm.cpuSeconds();
    long start = System.nanoTime();
    List<Accepted> accepted = farm.flood(builds, projects, builders, atOnce);
    long allIn = System.nanoTime();
    end.await(accepted);
    long over = System.nanoTime();
    Optional<Double> after = farm.cpuSeconds();
    report.put(
        "builds", builds + " in " + projects + " projects x " + builders + " builders, " + crew);
    report.put("accepted", Report.rate(builds, allIn - start) + " requests/s");
    report.put("finished", Report.rate(builds, over - start) + " builds/s");
    report.put("accepting", Latency.times(accepted));
    farm.tellLatencies(accepted, projects, report);
    if (before.isPresent() && after.isPresent()) {
      report.put(
          farm.nodes() == 1 ? "node's CPU" : farm.nodes() + " nodes' CPU",
          Report.millisEach(after.get() - before.get(), builds) + " per build");
    }
  }

  private void awaitShown(List<Accepted> accepted) throws IOException {
    try (Events events = new Events(farm.client(), Client.path("events"))) {
      for (Accepted one : accepted) {
        farm.awaitEnd(events, one.requests().getFirst());
      }
    }
  }

  /** Queues requests while no worker is there, looks at them, then lets workers come. */
  void queue(int requests, String run) throws IOException, InterruptedException {
    Crew late = crew.servingPool(crew.pool() + "-queue");
    farm.define(projects, builders, late.pool(), run);
    long start = System.nanoTime();
    List<Accepted> accepted = farm.flood(requests, projects, builders, atOnce);
    long allIn = System.nanoTime();
    report.put("requests", requests + " in " + projects + " projects x " + builders + " builders");
    report.put("all accepted after", Report.seconds(allIn - start));
    report.put("accepting", Latency.times(accepted));
    long[] looks = new long[LOOKS];
    for (int i = 0; i < looks.length; i++) {
      long look = System.nanoTime();
      farm.client().get(Client.path("requests") + "?state=queued");
      looks[i] = System.nanoTime() - look;
    }
    report.put("GET /requests", new Figures(looks).toString());
    if (!crew.simulated()) {
      return;
    }
    long come = System.nanoTime();
    try (SimulatedAgents agents = late.join(Manner.FINISH)) {
      Crew.awaitFinished(agents, accepted);
      report.put(
          "all finished", Report.rate(requests, System.nanoTime() - come) + " builds/s, " + crew);
      Instant arrived =
          BenchFarm.first(
              farm.client().items(Client.path("workers") + "?pool=" + late.pool(), late.workers()),
              "since");
      Instant began = BenchFarm.first(farm.shown(accepted, projects), "started_at");
      report.put("first build after", Report.seconds(Duration.between(arrived, began).toNanos()));
    }
  }
}
