package dev.ahjo.cli.bench;

import dev.ahjo.cli.Client;
import dev.ahjo.cli.Events;
import dev.ahjo.cli.bench.BenchFarm.Accepted;
import dev.ahjo.cli.bench.SimulatedAgents.Manner;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/** How long one build takes on an idle farm, and a cancellation. */
record Latency(BenchFarm farm, Crew crew, Report report) {
  /** The first few also pay for what is loaded and compiled on first use. */
  private static final int UNCOUNTED = 20;

  /** Builds one after the other. */
  void one(int builds, String run) throws IOException, InterruptedException {
    farm.define(1, 1, crew.pool(), run);
    if (!crew.simulated()) {
      oneByOne(builds);
      return;
    }
    try (SimulatedAgents _ = crew.join(Manner.FINISH)) {
      oneByOne(builds);
    }
  }

  private void oneByOne(int builds) throws IOException {
    try (Events events = events()) {
      long[] nanos = new long[builds];
      List<Accepted> accepted = new ArrayList<>();
      for (int i = -Math.min(UNCOUNTED, builds); i < builds; i++) {
        long start = System.nanoTime();
        Accepted one = farm.submit(farm.project(0), List.of("b0"));
        farm.awaitEnd(events, one.requests().getFirst());
        if (i >= 0) {
          nanos[i] = System.nanoTime() - start;
          accepted.add(one);
        }
      }
      report.put("builds", builds + " one after the other, " + crew);
      report.put("submit to finished", new Figures(nanos).toString());
      report.put("accepting", times(accepted));
      farm.tellLatencies(accepted, 1, report);
    }
  }

  /** Cancels a buildset whose builds all run. */
  void cancel(int builds, String run) throws IOException, InterruptedException {
    farm.define(1, builds, crew.pool(), run);
    int workers = Math.max(1, crew.workers());
    Crew holding = crew.withSlots(Math.max(crew.slots(), (builds + workers - 1) / workers));
    try (SimulatedAgents agents = holding.join(Manner.HOLD)) {
      List<String> all = IntStream.range(0, builds).mapToObj(b -> "b" + b).toList();
      Accepted set = farm.submit(farm.project(0), all);
      awaitBegun(agents, builds);
      long start = System.nanoTime();
      farm.client().post(Client.path("buildsets", set.buildset(), "cancel"));
      long answered = System.nanoTime();
      boolean ended = agents.counter().awaitFinished(builds, Crew.PATIENCE);
      long end = System.nanoTime();
      report.put("running builds", builds + " of one buildset, " + holding);
      report.put("cancel answered after", Report.seconds(answered - start));
      report.put("all ended after", ended ? Report.seconds(end - start) : "never");
    }
  }

  private void awaitBegun(SimulatedAgents agents, int builds) throws IOException {
    try (Events events = events()) {
      long deadline = System.nanoTime() + Crew.PATIENCE.toNanos();
      for (long seen = events.count(); agents.counter().begun() < builds; seen = events.count()) {
        if (System.nanoTime() > deadline) {
          throw new IOException("Only " + agents.counter().begun() + " of " + builds + " started");
        }
        events.await(seen);
      }
    }
  }

  private Events events() {
    return new Events(farm.client(), Client.path("events") + "?project=" + farm.project(0));
  }

  static String times(List<Accepted> accepted) {
    return new Figures(accepted.stream().mapToLong(Accepted::nanos).toArray()).toString();
  }
}
