package dev.ahjo.cli.bench;

import com.fasterxml.jackson.databind.JsonNode;
import dev.ahjo.cli.Client;
import dev.ahjo.cli.CommandFailed;
import dev.ahjo.cli.Exit;
import dev.ahjo.cli.bench.SimulatedAgents.Manner;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * What very many workers cost a node that only holds their connections, and what a storm of them
 * does to the builds of others.
 */
final class CrowdBench {
  private static final Duration WELCOME = Duration.ofMinutes(10);
  private static final Duration IDLE = Duration.ofSeconds(20);
  private static final Duration BETWEEN_BUILDS = Duration.ofMillis(250);

  /** How often a request is looked at until the read tables show that it has begun. */
  private static final int LOOKS = 100;

  private static final Duration BETWEEN_LOOKS = Duration.ofMillis(100);

  private final BenchFarm farm;
  private final Crew crew;
  private final Report report;
  private final Consumer<String> note;

  /**
   * @param crew the few workers that build meanwhile
   */
  CrowdBench(BenchFarm farm, Crew crew, Report report, Consumer<String> note) {
    this.farm = farm;
    this.crew = crew;
    this.report = report;
    this.note = note;
  }

  void run(int agents, String way) throws IOException, InterruptedException {
    boolean sockets = way.equals("ws");
    if (!sockets && !way.equals("remoting")) {
      throw new CommandFailed(
          Exit.USAGE, "--way: expected ws or remoting, but found '" + way + "'");
    }
    farm.define(1, 1, crew.pool(), "true");
    Crew waiting = crew.servingPool(crew.pool() + "-crowd");
    SimulatedAgents.Settings settings =
        waiting.settings(waiting.pool(), agents, 1, Manner.FINISH, sockets ? 1 : agents);
    Cost before = cost();
    long start = System.nanoTime();
    if (sockets) {
      try (var crowd = new SocketCrowd(farm.client().base(), settings)) {
        settle(agents, crowd.counter(), before, start);
        storm(agents, crowd);
      }
    } else {
      try (var crowd = SimulatedAgents.start(settings)) {
        settle(agents, crowd.counter(), before, start);
      }
    }
  }

  /** What the node has used so far, and uses now. */
  private record Cost(double cpu, double resident, double heap, double descriptors) {}

  private Cost cost() {
    return new Cost(
        farm.reading("process_cpu_seconds_total").orElse(0.0),
        farm.reading("process_resident_memory_bytes").orElse(0.0),
        farm.reading("jvm_memory_used_bytes{area=\"heap\"}").orElse(0.0),
        farm.reading("process_open_fds").orElse(0.0));
  }

  private void settle(int agents, Counter counter, Cost before, long start)
      throws IOException, InterruptedException {
    counter.awaitWelcome(WELCOME);
    report.put("workers", agents + " with a connection each");
    report.put("all here after", Report.seconds(System.nanoTime() - start));
    note.accept("all are here; the node is left alone for " + IDLE.toSeconds() + " s");
    Cost joined = cost();
    long from = System.nanoTime();
    awaitNothing(IDLE);
    Cost idle = cost();
    double span = (System.nanoTime() - from) / 1e9;
    report.put(
        "node's CPU to join",
        Report.millisEach(joined.cpu() - before.cpu(), agents) + " per worker");
    report.put(
        "node's CPU idle",
        String.format(
            Locale.ROOT,
            "%.1f %% of a processor, %.1f us a second per worker",
            (idle.cpu() - joined.cpu()) / span * 100,
            (idle.cpu() - joined.cpu()) / span * 1e6 / agents));
    report.put(
        "node's memory",
        String.format(
            Locale.ROOT,
            "%.0f MB resident (%.1f kB more per worker), %.0f MB heap in use",
            idle.resident() / 1e6,
            (idle.resident() - before.resident()) / 1e3 / agents,
            idle.heap() / 1e6));
    report.put(
        "node's descriptors",
        String.format(
            Locale.ROOT,
            "%.0f (%.2f more per worker)",
            idle.descriptors(),
            (idle.descriptors() - before.descriptors()) / agents));
  }

  private static void awaitNothing(Duration span) throws InterruptedException {
    new java.util.concurrent.CountDownLatch(1).await(span.toMillis(), TimeUnit.MILLISECONDS);
  }

  private void storm(int agents, SocketCrowd crowd) throws IOException, InterruptedException {
    try (SimulatedAgents few = crew.join(Manner.FINISH)) {
      List<String> requests = new ArrayList<>();
      ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor();
      var unused =
          clock.scheduleWithFixedDelay(
              () -> {
                var one = farm.submit(farm.project(0), List.of("b0"));
                synchronized (requests) {
                  requests.addAll(one.requests());
                }
              },
              0,
              BETWEEN_BUILDS.toMillis(),
              TimeUnit.MILLISECONDS);
      awaitNothing(Duration.ofSeconds(3));
      note.accept("every connection is cut");
      Cost before = cost();
      long start = System.nanoTime();
      crowd.drop();
      if (!crowd.counter().awaitAway(agents / 10, WELCOME)) {
        throw new IOException("The storm did not begin");
      }
      crowd.counter().awaitWelcome(WELCOME);
      long took = System.nanoTime() - start;
      clock.shutdown();
      if (!clock.awaitTermination(1, TimeUnit.MINUTES)) {
        throw new IOException("A submission is not answered");
      }
      report.put("storm: all back after", Report.seconds(took));
      report.put(
          "storm: node's CPU",
          Report.millisEach(cost().cpu() - before.cpu(), agents) + " per worker");
      few.counter().awaitFinished(requests.size(), WELCOME);
      started(requests);
    }
  }

  /** How long builds waited that were submitted around and in the storm. */
  private void started(List<String> requests) throws InterruptedException {
    List<Long> nanos = new ArrayList<>();
    for (String request : requests) {
      JsonNode shown = farm.client().get(Client.path("requests", request));
      for (int i = 0; i < LOOKS && !shown.path("started_at").isTextual(); i++) {
        awaitNothing(BETWEEN_LOOKS);
        shown = farm.client().get(Client.path("requests", request));
      }
      if (shown.path("started_at").isTextual()) {
        nanos.add(
            Duration.between(
                    BenchFarm.time(shown, "submitted_at"), BenchFarm.time(shown, "started_at"))
                .toNanos());
      }
    }
    report.put(
        "storm: submit to start",
        new Figures(nanos.stream().mapToLong(Long::longValue).toArray())
            + " ("
            + nanos.size()
            + " of "
            + requests.size()
            + " builds of others)");
  }
}
