package dev.ahjo.cli.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.ahjo.cli.BuildName;
import dev.ahjo.cli.Client;
import dev.ahjo.cli.CommandFailed;
import dev.ahjo.cli.Console;
import dev.ahjo.cli.Events;
import dev.ahjo.cli.Exit;
import dev.ahjo.cli.NodeOptions;
import dev.ahjo.cli.bench.BenchFarm.Accepted;
import dev.ahjo.cli.bench.SimulatedAgents.Manner;
import dev.ahjo.core.id.PoolName;
import java.io.IOException;
import java.io.InputStream;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code ahjo bench}: loads a running farm, and prints a table of what it did. */
@Command(
    name = "bench",
    description = {
      "Measure a running node. Without a mode: submit M builds, wait until all have finished.",
      "Simulated workers speak the real protocol and start no process; they serve a pool of their"
          + " own, so a farm's real workers and builds are left alone. The figures are those of the"
          + " node, this command and the workers together on one machine; compare ratios."
    })
public final class Bench implements Callable<Integer> {
  private static final Duration WELCOME = Duration.ofSeconds(30);

  /** How far the read tables may be behind. */
  private static final Duration READ_TABLES = Duration.ofSeconds(10);

  /** A step longer than this has gone wrong. */
  private static final Duration PATIENCE = Duration.ofMinutes(30);

  private final Console console;
  private final Map<String, String> table = new LinkedHashMap<>();

  @Mixin NodeOptions node = new NodeOptions();

  @ArgGroup @Nullable Mode mode;

  /** At most one of these; none means builds. */
  static final class Mode {
    @Option(
        names = "--builds",
        paramLabel = "M",
        description = "Submit M builds to finished (the default, 1000).")
    @Nullable Integer builds;

    @Option(
        names = "--one",
        paramLabel = "N",
        description = "Latency: N builds one after the other on an idle farm.")
    @Nullable Integer one;

    @Option(
        names = "--queue",
        paramLabel = "N",
        description = "Queue N requests with no worker, look at them, then let workers come.")
    @Nullable Integer queue;

    @Option(
        names = "--cancel",
        paramLabel = "N",
        description = "Cancel a buildset of N running builds.")
    @Nullable Integer cancel;

    @Option(
        names = "--crowd",
        paramLabel = "N",
        description = {
          "N workers with a connection each, by --way, that do nothing; what they cost the node.",
          "By WebSocket then all of them come back at once, while builds go on elsewhere."
        })
    @Nullable Integer crowd;

    @Option(
        names = "--log",
        paramLabel = "MB",
        description = "One step that prints so many MB, on a real worker of --pool.")
    @Nullable Integer log;
  }

  @Option(
      names = "--workers",
      paramLabel = "N",
      defaultValue = "4",
      description = "Simulated workers (default ${DEFAULT-VALUE}); 0: real workers of --pool.")
  int workers = 4;

  @Option(
      names = "--slots",
      paramLabel = "S",
      defaultValue = "8",
      description = "Slots of each (default ${DEFAULT-VALUE}).")
  int slots = 8;

  @Option(
      names = "--builders",
      paramLabel = "B",
      defaultValue = "1",
      description = "Builders of each project (default ${DEFAULT-VALUE}).")
  int builders = 1;

  @Option(
      names = "--projects",
      paramLabel = "P",
      defaultValue = "1",
      description = "Projects (default ${DEFAULT-VALUE}).")
  int projects = 1;

  @Option(
      names = "--at-once",
      paramLabel = "N",
      defaultValue = "32",
      description = "Submissions on their way at a time (default ${DEFAULT-VALUE}).")
  int atOnce = 32;

  @Option(
      names = "--run",
      paramLabel = "COMMAND",
      defaultValue = "true",
      description = "What the one step runs on real workers (default ${DEFAULT-VALUE}).")
  String run = "true";

  @Option(
      names = "--way",
      paramLabel = "WAY",
      defaultValue = "ws",
      description = "How a crowd comes: ws or remoting (default ${DEFAULT-VALUE}).")
  String way = "ws";

  @Option(
      names = "--pool",
      paramLabel = "POOL",
      description = "Default: bench, or default where real workers are measured.")
  @Nullable String pool;

  @Option(
      names = "--gate",
      paramLabel = "HOST:PORT",
      description = "The workers' gate (default: the one that the node tells).")
  @Nullable String gate;

  @Option(
      names = "--token-file",
      paramLabel = "FILE",
      description = "The workers' token; else AHJO_WORKER_TOKEN, else that of ./.ahjo.")
  @Nullable Path tokenFile;

  public Bench(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() throws InterruptedException {
    Mode chosen = mode == null ? new Mode() : mode;
    try (Client client = node.client(console)) {
      BenchFarm farm = new BenchFarm(client, "bench");
      table.put("load before", load());
      if (chosen.one != null) {
        one(farm, chosen.one);
      } else if (chosen.queue != null) {
        queue(farm, chosen.queue);
      } else if (chosen.cancel != null) {
        cancel(farm, chosen.cancel);
      } else if (chosen.crowd != null) {
        new CrowdBench(farm, table, (to, manner) -> agents(farm, to, manner), console::note)
            .run(chosen.crowd, way, poolName(), token(), gateAddress(farm));
      } else if (chosen.log != null) {
        log(farm, chosen.log);
      } else {
        builds(farm, chosen.builds == null ? 1000 : chosen.builds);
      }
      table.put("load after", load());
      print();
      return Exit.DONE.code();
    } catch (IOException wrong) {
      String why = wrong.getMessage();
      throw new CommandFailed(Exit.UNREACHABLE, why == null ? wrong.toString() : why, wrong);
    }
  }

  private void builds(BenchFarm farm, int builds) throws IOException, InterruptedException {
    farm.define(projects, builders, poolName(), run);
    try (Workers joined = join(farm, Manner.FINISH)) {
      Optional<Double> cpu = farm.cpuSeconds();
      long start = System.nanoTime();
      List<Accepted> accepted = farm.flood(builds, projects, builders, atOnce);
      long allIn = System.nanoTime();
      joined.awaitFinished(accepted);
      long end = System.nanoTime();
      Optional<Double> cpuAfter = farm.cpuSeconds();
      table.put(
          "builds",
          builds + " in " + projects + " projects x " + builders + " builders, " + joined);
      table.put("accepted", rate(builds, allIn - start) + " requests/s");
      table.put("finished", rate(builds, end - start) + " builds/s");
      table.put("accepting", times(accepted));
      latencies(farm, accepted);
      cpuPerBuild(cpu, cpuAfter, builds);
    }
  }

  private void one(BenchFarm farm, int builds) throws IOException, InterruptedException {
    farm.define(1, 1, poolName(), run);
    try (Workers joined = join(farm, Manner.FINISH);
        Events events =
            new Events(farm.client(), Client.path("events") + "?project=" + farm.project(0))) {
      long[] nanos = new long[builds];
      List<Accepted> accepted = new ArrayList<>();
      // The first few also pay for what is loaded and compiled on first use.
      for (int i = -Math.min(20, builds); i < builds; i++) {
        long start = System.nanoTime();
        Accepted one = farm.submit(farm.project(0), List.of("b0"));
        awaitEnd(farm, events, one.requests().getFirst());
        if (i >= 0) {
          nanos[i] = System.nanoTime() - start;
          accepted.add(one);
        }
      }
      table.put("builds", builds + " one after the other, " + joined);
      table.put("submit to finished", new Figures(nanos).toString());
      table.put("accepting", times(accepted));
      latencies(farm, accepted);
    }
  }

  private void queue(BenchFarm farm, int requests) throws IOException, InterruptedException {
    String waiting = poolName() + "-queue";
    farm.define(projects, builders, waiting, run);
    long start = System.nanoTime();
    List<Accepted> accepted = farm.flood(requests, projects, builders, atOnce);
    long allIn = System.nanoTime();
    table.put("requests", requests + " in " + projects + " projects x " + builders + " builders");
    table.put("all accepted after", seconds(allIn - start));
    table.put("accepting", times(accepted));
    long[] looks = new long[50];
    for (int i = 0; i < looks.length; i++) {
      long look = System.nanoTime();
      farm.client().get(Client.path("requests") + "?state=queued");
      looks[i] = System.nanoTime() - look;
    }
    table.put("GET /requests", new Figures(looks).toString());
    if (workers == 0) {
      return;
    }
    long come = System.nanoTime();
    try (SimulatedAgents agents = agents(farm, waiting, Manner.FINISH)) {
      awaitWelcome(farm, agents);
      agents.counter().awaitFinished(requests, PATIENCE);
      table.put(
          "all finished", rate(requests, System.nanoTime() - come) + " builds/s, " + workersText());
      Instant arrived =
          first(farm.client().items(Client.path("workers") + "?pool=" + waiting, workers), "since");
      Instant began = first(shown(farm, accepted), "started_at");
      table.put("first build after", seconds(Duration.between(arrived, began).toNanos()));
    }
  }

  private void cancel(BenchFarm farm, int builds) throws IOException, InterruptedException {
    farm.define(1, builds, poolName(), run);
    slots = Math.max(slots, (builds + workers - 1) / Math.max(1, workers));
    try (SimulatedAgents agents = agents(farm, poolName(), Manner.HOLD)) {
      awaitWelcome(farm, agents);
      List<String> all = IntStream.range(0, builds).mapToObj(b -> "b" + b).toList();
      Accepted set = farm.submit(farm.project(0), all);
      try (Events events =
          new Events(farm.client(), Client.path("events") + "?project=" + farm.project(0))) {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        for (long seen = events.count(); agents.counter().begun() < builds; seen = events.count()) {
          if (System.nanoTime() > deadline) {
            throw new IOException(
                "Only " + agents.counter().begun() + " of " + builds + " started");
          }
          events.await(seen);
        }
        long start = System.nanoTime();
        farm.client().post(Client.path("buildsets", set.buildset(), "cancel"));
        long answered = System.nanoTime();
        boolean ended = agents.counter().awaitFinished(builds, PATIENCE);
        long end = System.nanoTime();
        table.put("running builds", builds + " of one buildset, " + workersText());
        table.put("cancel answered after", seconds(answered - start));
        table.put("all ended after", ended ? seconds(end - start) : "never");
      }
    }
  }

  private void log(BenchFarm farm, int megabytes) throws IOException, InterruptedException {
    // Lines of 100 bytes that differ, so that compression does not make a fairy tale of it.
    String printing =
        "awk \"BEGIN { for (i = 0; i < "
            + megabytes * 10_000L
            + "; i++) printf(\\\"%010d %088.0f\\\\n\\\", i, i * 2654435761 * 40503) }\"";
    String real = pool == null ? "default" : pool;
    farm.define(1, 1, real, printing);
    try (Events events =
        new Events(farm.client(), Client.path("events") + "?project=" + farm.project(0))) {
      Accepted one = farm.submit(farm.project(0), List.of("b0"));
      JsonNode request = awaitEnd(farm, events, one.requests().getFirst());
      JsonNode attempts = request.path("attempts");
      BuildName build = BuildName.of(attempts.path(attempts.size() - 1).path("build"));
      JsonNode step = farm.client().get(build.path()).path("steps").path(0);
      Duration took =
          Duration.between(
              Instant.parse(step.path("started_at").asText()),
              Instant.parse(step.path("finished_at").asText()));
      long start = System.nanoTime();
      long bytes = 0;
      try (InputStream body =
          farm.client().stream(
                  build.path("steps", "0", "logs", "stdio"), 0, "text/plain, */*;q=0.5")
              .orElse(InputStream.nullInputStream())) {
        byte[] buffer = new byte[128 * 1024];
        for (int read = body.read(buffer); read >= 0; read = body.read(buffer)) {
          bytes += read;
        }
      }
      long reading = System.nanoTime() - start;
      table.put(
          "log", bytes / 1_000_000 + " MB of " + build + ", " + request.path("result").asText());
      table.put("printed to stored", rate(bytes / 1e6, took.toNanos()) + " MB/s");
      table.put("read back", rate(bytes / 1e6, reading) + " MB/s");
    }
  }

  /** Whoever runs the builds: simulated agents, or the farm's own. */
  private final class Workers implements AutoCloseable {
    private final BenchFarm farm;
    private final @Nullable SimulatedAgents agents;

    Workers(BenchFarm farm, @Nullable SimulatedAgents agents) {
      this.farm = farm;
      this.agents = agents;
    }

    void awaitFinished(List<Accepted> accepted) throws IOException, InterruptedException {
      if (agents == null) {
        try (Events events = new Events(farm.client(), Client.path("events"))) {
          for (Accepted one : accepted) {
            awaitEnd(farm, events, one.requests().getFirst());
          }
        }
      } else if (!agents.counter().awaitFinished(accepted.size(), PATIENCE)) {
        throw new IOException(
            "Only "
                + agents.counter().ended()
                + " of "
                + accepted.size()
                + " builds have finished");
      }
    }

    @Override
    public void close() {
      if (agents != null) {
        agents.close();
      }
    }

    @Override
    public String toString() {
      return agents == null ? "real workers" : workersText();
    }
  }

  private Workers join(BenchFarm farm, Manner manner) throws IOException, InterruptedException {
    if (workers == 0) {
      return new Workers(farm, null);
    }
    SimulatedAgents agents = agents(farm, poolName(), manner);
    awaitWelcome(farm, agents);
    return new Workers(farm, agents);
  }

  private SimulatedAgents agents(BenchFarm farm, String servedPool, Manner manner) {
    return SimulatedAgents.start(
        new SimulatedAgents.Settings(
            gateAddress(farm),
            token(),
            servedPool + "-worker",
            workers,
            slots,
            new PoolName(servedPool),
            manner,
            1));
  }

  /** Only the address that the gate calls itself will do, and that the node knows best. */
  private String gateAddress(BenchFarm farm) {
    return gate != null
        ? gate.replace(BenchFarm.REMOTING, "")
        : farm.gate()
            .orElseThrow(() ->
                new CommandFailed(
                    Exit.USAGE,
                    "The node at "
                        + farm.client().base()
                        + " has no gate for workers; name another node's by --gate"));
  }

  /** Waits until all are welcome; says what may be wrong when they are not. */
  private void awaitWelcome(BenchFarm farm, SimulatedAgents agents)
      throws IOException, InterruptedException {
    try {
      agents.counter().awaitWelcome(WELCOME);
    } catch (IOException late) {
      agents.close();
      String asked = gateAddress(farm);
      String known = farm.gate().orElse(asked);
      if (agents.counter().present() == 0 && !asked.equals(known)) {
        throw new IOException(
            late.getMessage()
                + ". They called the gate "
                + asked
                + ", but this node's calls itself "
                + known
                + " and hears no other name: leave --gate out, or name that one",
            late);
      }
      throw late;
    }
  }

  private String token() {
    Path file = tokenFile == null ? Path.of(".ahjo", "worker.token") : tokenFile;
    return console
        .variable("AHJO_WORKER_TOKEN")
        .filter(_ -> tokenFile == null)
        .orElseGet(() -> {
          try {
            return Files.readString(file).strip();
          } catch (IOException unreadable) {
            throw new CommandFailed(
                Exit.USAGE,
                "Expected the workers' token in --token-file or AHJO_WORKER_TOKEN, but could"
                    + " not read "
                    + file,
                unreadable);
          }
        });
  }

  private String poolName() {
    return pool != null ? pool : workers == 0 ? "default" : "bench";
  }

  private String workersText() {
    return workers + " simulated workers x " + slots + " slots";
  }

  private static JsonNode awaitEnd(BenchFarm farm, Events events, String request)
      throws IOException {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (System.nanoTime() < deadline) {
      long seen = events.count();
      JsonNode now = farm.client().get(Client.path("requests", request));
      switch (now.path("state").asText()) {
        case "finished", "cancelled", "shelved" -> {
          return now;
        }
        default -> events.await(seen);
      }
    }
    throw new IOException("Request " + request + " does not end");
  }

  /** The earliest of a field of all that have it, by the node's clock. */
  private static Instant first(Iterable<JsonNode> items, String field) throws IOException {
    Instant first = Instant.MAX;
    for (JsonNode item : items) {
      if (item.path(field).isTextual()) {
        Instant at = Instant.parse(item.path(field).asText());
        first = at.isBefore(first) ? at : first;
      }
    }
    if (first.equals(Instant.MAX)) {
      throw new IOException("Expected a time " + field + " of anything, but the node tells none");
    }
    return first;
  }

  /** What was accepted as the node shows it, when all of it has finished. */
  private List<JsonNode> shown(BenchFarm farm, List<Accepted> accepted) {
    Set<String> ours = new HashSet<>();
    accepted.forEach(one -> ours.addAll(one.requests()));
    List<JsonNode> shown = new ArrayList<>();
    long deadline = System.nanoTime() + READ_TABLES.toNanos();
    long finished;
    // An agent hears of the end before the read tables show the last of them.
    do {
      shown.clear();
      for (int p = 0; p < projects; p++) {
        String path = Client.path("requests") + "?project=" + farm.project(p);
        for (JsonNode request : farm.client().items(path, accepted.size() + 1000)) {
          if (ours.contains(request.path("id").asText())) {
            shown.add(request);
          }
        }
      }
      finished = shown.stream().filter(r -> r.path("finished_at").isTextual()).count();
    } while (finished < ours.size() && System.nanoTime() < deadline);
    return shown;
  }

  /** From the node's own times of its requests: it knows best when it did what. */
  private void latencies(BenchFarm farm, List<Accepted> accepted) {
    List<Long> started = new ArrayList<>();
    List<Long> finished = new ArrayList<>();
    for (JsonNode request : shown(farm, accepted)) {
      span(request, "submitted_at", "started_at").ifPresent(started::add);
      span(request, "submitted_at", "finished_at").ifPresent(finished::add);
    }
    table.put("submitted to started", figures(started) + " (" + started.size() + ")");
    table.put("submitted to finished", figures(finished) + " (" + finished.size() + ")");
  }

  private static Optional<Long> span(JsonNode item, String from, String to) {
    String start = item.path(from).asText("");
    String end = item.path(to).asText("");
    return start.isEmpty() || end.isEmpty() || item.path(to).isNull()
        ? Optional.empty()
        : Optional.of(Duration.between(Instant.parse(start), Instant.parse(end)).toNanos());
  }

  private static Figures figures(List<Long> nanos) {
    return new Figures(nanos.stream().mapToLong(Long::longValue).toArray());
  }

  private static String times(List<Accepted> accepted) {
    return new Figures(accepted.stream().mapToLong(Accepted::nanos).toArray()).toString();
  }

  private void cpuPerBuild(Optional<Double> before, Optional<Double> after, int builds) {
    if (before.isPresent() && after.isPresent()) {
      table.put(
          "node's CPU",
          String.format(
              Locale.ROOT, "%.2f ms per build", (after.get() - before.get()) * 1000 / builds));
    }
  }

  private static String rate(double count, long nanos) {
    return String.format(Locale.ROOT, "%.1f", count / (nanos / 1e9));
  }

  private static String seconds(long nanos) {
    return String.format(Locale.ROOT, "%.3f s", nanos / 1e9);
  }

  private static String load() {
    var system = ManagementFactory.getOperatingSystemMXBean();
    return String.format(
        Locale.ROOT,
        "%.2f on %d processors",
        system.getSystemLoadAverage(),
        system.getAvailableProcessors());
  }

  private void print() {
    if (node.json()) {
      ObjectNode all = Client.JSON.createObjectNode();
      table.forEach((key, value) -> all.put(key.replace(' ', '_'), value));
      NodeOptions.print(console, all);
      return;
    }
    int widest = table.keySet().stream().mapToInt(String::length).max().orElse(0);
    table.forEach(
        (key, value) -> console.line(key + " ".repeat(widest - key.length()) + "  " + value));
  }
}
