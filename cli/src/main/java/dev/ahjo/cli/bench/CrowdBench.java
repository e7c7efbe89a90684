package dev.ahjo.cli.bench;

import com.fasterxml.jackson.databind.JsonNode;
import dev.ahjo.cli.Client;
import dev.ahjo.cli.CommandFailed;
import dev.ahjo.cli.Exit;
import dev.ahjo.cli.bench.SimulatedAgents.Manner;
import dev.ahjo.cli.bench.SimulatedAgents.Settings;
import dev.ahjo.core.id.PoolName;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * What very many workers cost a node that only holds their connections, and what a storm of them
 * does to the builds of others.
 */
final class CrowdBench {
  /** Makes the few workers that build meanwhile. */
  interface Builders {
    SimulatedAgents join(String pool, Manner manner);
  }

  private static final Duration WELCOME = Duration.ofMinutes(10);
  private static final Duration IDLE = Duration.ofSeconds(20);
  private static final Duration BETWEEN_BUILDS = Duration.ofMillis(250);

  private final BenchFarm farm;
  private final Map<String, String> table;
  private final Builders builders;
  private final Consumer<String> note;

  CrowdBench(BenchFarm farm, Map<String, String> table, Builders builders, Consumer<String> note) {
    this.farm = farm;
    this.table = table;
    this.builders = builders;
    this.note = note;
  }

  void run(int agents, String way, String pool, String token, String gate)
      throws IOException, InterruptedException {
    boolean sockets = way.equals("ws");
    if (!sockets && !way.equals("remoting")) {
      throw new CommandFailed(
          Exit.USAGE, "--way: expected ws or remoting, but found '" + way + "'");
    }
    farm.define(1, 1, pool, "true");
    var settings =
        new Settings(
            gate,
            token,
            pool + "-crowd",
            agents,
            1,
            new PoolName(pool + "-crowd"),
            Manner.FINISH,
            sockets ? 1 : agents);
    Cost before = cost();
    long start = System.nanoTime();
    if (sockets) {
      try (var crowd = new SocketCrowd(farm.client().base(), settings)) {
        settle(agents, crowd.counter(), before, start);
        storm(agents, crowd, pool);
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
    table.put("workers", agents + " with a connection each");
    table.put("all here after", seconds(System.nanoTime() - start));
    note.accept("all are here; the node is left alone for " + IDLE.toSeconds() + " s");
    Cost joined = cost();
    long from = System.nanoTime();
    awaitNothing(IDLE);
    Cost idle = cost();
    double span = (System.nanoTime() - from) / 1e9;
    table.put(
        "node's CPU to join",
        String.format(
            Locale.ROOT, "%.2f ms per worker", (joined.cpu() - before.cpu()) * 1000 / agents));
    table.put(
        "node's CPU idle",
        String.format(
            Locale.ROOT,
            "%.1f %% of a processor, %.1f us a second per worker",
            (idle.cpu() - joined.cpu()) / span * 100,
            (idle.cpu() - joined.cpu()) / span * 1e6 / agents));
    table.put(
        "node's memory",
        String.format(
            Locale.ROOT,
            "%.0f MB resident (%.1f kB more per worker), %.0f MB heap in use",
            idle.resident() / 1e6,
            (idle.resident() - before.resident()) / 1e3 / agents,
            idle.heap() / 1e6));
    table.put(
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

  private void storm(int agents, SocketCrowd crowd, String pool)
      throws IOException, InterruptedException {
    try (SimulatedAgents few = builders.join(pool, Manner.FINISH)) {
      few.counter().awaitWelcome(WELCOME);
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
      table.put("storm: all back after", seconds(took));
      table.put(
          "storm: node's CPU",
          String.format(
              Locale.ROOT, "%.2f ms per worker", (cost().cpu() - before.cpu()) * 1000 / agents));
      few.counter().awaitFinished(requests.size(), WELCOME);
      started(requests);
    }
  }

  /** How long builds waited that were submitted around and in the storm. */
  private void started(List<String> requests) throws InterruptedException {
    List<Long> nanos = new ArrayList<>();
    for (String request : requests) {
      Optional<Long> span = Optional.empty();
      for (int tries = 0; tries < 100 && span.isEmpty(); tries++) {
        JsonNode shown = farm.client().get(Client.path("requests", request));
        span =
            Optional.of(shown.path("started_at").asText(""))
                .filter(at -> !at.isEmpty() && !at.equals("null"))
                .map(at ->
                    Duration.between(
                            Instant.parse(shown.path("submitted_at").asText()), Instant.parse(at))
                        .toNanos());
        if (span.isEmpty()) {
          awaitNothing(Duration.ofMillis(100));
        }
      }
      span.ifPresent(nanos::add);
    }
    table.put(
        "storm: submit to start",
        new Figures(nanos.stream().mapToLong(Long::longValue).toArray())
            + " ("
            + nanos.size()
            + " of "
            + requests.size()
            + " builds of others)");
  }

  private static String seconds(long nanos) {
    return String.format(Locale.ROOT, "%.1f s", nanos / 1e9);
  }
}
