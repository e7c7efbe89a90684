package dev.ahjo.cli.chaos;

import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A whole run: a farm, its users and a storm for some time, then calm until everything has ended,
 * and the judge's verdict. {@code ChaosRun NODES SECONDS SEED FOLDER [KIND,...]} from the command
 * line; the same seed draws the same faults, though no two runs are alike.
 */
final class ChaosRun {
  static final int GRACE_SECONDS = 25;
  static final int LIMIT = 5;

  /** Of a long step: lines, seconds before each, exit code. */
  static final String LONG = "25 0.3 0";

  /** How long everything may take to end once the storm is over. */
  private static final int CALM_SECONDS = 180;

  /**
   * How it is set up.
   *
   * @param nodes one is on the embedded journal, several are on a server of Cassandra
   * @param planted class path of what goes before the product's own
   */
  record Setup(
      String name,
      int net,
      long seed,
      int seconds,
      int nodes,
      int workers,
      int users,
      Set<Storm.Kind> kinds,
      double pace,
      Judge.Enough enough,
      List<String> planted) {}

  private ChaosRun() {}

  static Judge.Verdict run(Setup setup, Path folder, PrintStream told)
      throws IOException, InterruptedException {
    told.printf("chaos: seed %d, %d s, in %s%n", setup.seed(), setup.seconds(), folder);
    var machines = Machines.open(setup.name(), setup.net(), folder.resolve("machines"));
    try (var farm = new ProcessFarm(machines, folder.resolve("record"), setup.planted())) {
      build(farm, setup);
      Machine users = machines.add("users");
      define(farm);
      Path stop = folder.resolve("stop");
      Process clients =
          farm.startClients(
              users, stop, setup.seed(), setup.users(), setup.seconds() * 4 + CALM_SECONDS);
      ProcessFarm.await("first builds", () -> clients.isAlive() && ended(farm) >= 5);
      var storm =
          new Storm(
              farm, setup.seed(), List.copyOf(EnumSet.copyOf(setup.kinds())), setup.pace(), told);
      try {
        storm.rage(setup.seconds(), setup.enough().faults());
      } catch (AssertionError crippled) {
        told.println("chaos: broken off: " + crippled.getMessage());
      }
      Files.writeString(stop, "");
      told.println("chaos: calm");
      boolean ended = calm(farm, clients);
      told.printf("chaos: everything %s ended%n", ended ? "has" : "has NOT");
      var verdict = Judge.judge(farm.history(), LIMIT, setup.enough());
      told.println(verdict);
      if (!verdict.right()) {
        told.println(words(folder));
      }
      return verdict;
    } catch (AssertionError | IOException stuck) {
      told.println(words(folder));
      throw stuck;
    }
  }

  private static void build(ProcessFarm farm, Setup setup) throws IOException {
    if (setup.nodes() > 1) {
      Machine store = farm.addStore("4G");
      farm.start(store);
      ProcessFarm.await("the store listens", () -> farm.listens(store, ProcessFarm.CQL));
    }
    for (int i = 1; i <= setup.nodes(); i++) {
      farm.addNode("n" + i, "2G");
    }
    for (int i = 1; i <= setup.workers(); i++) {
      farm.addWorker("w" + i, "300M");
    }
    for (Machine node : farm.nodes()) {
      farm.start(node);
    }
    farm.awaitReady();
    for (Machine worker : farm.workers()) {
      farm.start(worker);
    }
  }

  /** Again and again: a node that has just begun, on a busy machine, may be slow to answer. */
  private static void define(ProcessFarm farm) {
    String[] said = {""};
    ProcessFarm.await(
        "the project is taken",
        () -> {
          try {
            said[0] =
                farm.send(
                    farm.nodes().getFirst(),
                    "PUT",
                    "/api/v1/projects/chaos",
                    "application/yaml",
                    project(farm));
          } catch (IOException failed) {
            throw new UncheckedIOException(failed);
          }
          if (said[0].contains(" 422 ")) {
            throw new AssertionError("The project was refused: " + said[0]);
          }
          return said[0].contains(" 20");
        });
  }

  /** What processes said last, for whoever looks into a run that got stuck. */
  private static String words(Path folder) throws IOException {
    var words = new StringBuilder();
    try (Stream<Path> outputs = Files.walk(folder.resolve("machines"), 2)) {
      for (Path output : outputs.filter(file -> file.toString().endsWith(".out")).toList()) {
        List<String> lines = Files.readString(output, StandardCharsets.ISO_8859_1).lines().toList();
        words.append("== ").append(output).append('\n');
        lines
            .subList(Math.max(0, lines.size() - 15), lines.size())
            .forEach(line -> words.append(line).append('\n'));
      }
    }
    return words.toString();
  }

  private static boolean calm(ProcessFarm farm, Process clients)
      throws IOException, InterruptedException {
    for (int i = 0; i < CALM_SECONDS; i++) {
      if (clients.waitFor(1, TimeUnit.SECONDS)) {
        return clients.exitValue() == 0;
      }
      farm.keep();
      if (farm.crippled()) {
        return false;
      }
    }
    return false;
  }

  private static long ended(ProcessFarm farm) {
    try {
      return farm.history().stream().filter(e -> e.f().equals("end")).count();
    } catch (IOException unreadable) {
      throw new UncheckedIOException(unreadable);
    }
  }

  private static String project(ProcessFarm farm) {
    String step = "sh " + farm.record().resolve("step.sh") + " " + farm.record();
    return """
    project: chaos
    defaults:
      grace: %ds
      timeout: 60s
      max_time: 80s
      retry: {limit: %d, backoff: 1s..4s}
    builders:
      short: {steps: [{run: "%s 6 0.08 0"}]}
      long: {steps: [{run: "%s %s"}]}
      fails: {steps: [{run: "%s 5 0.1 3"}]}
    """
        .formatted(GRACE_SECONDS, LIMIT, step, step, LONG, step);
  }

  public static void main(String[] args) throws Exception {
    int nodes = Integer.parseInt(args[0]);
    int seconds = Integer.parseInt(args[1]);
    long seed = Long.parseLong(args[2]);
    Path folder = Files.createDirectories(Path.of(args[3]));
    Set<Storm.Kind> kinds = nodes > 1 ? Storm.Kind.ofAFarm() : Storm.Kind.ofOneNode();
    if (args.length > 4) {
      kinds =
          List.of(args[4].split(",", -1)).stream()
              .map(Storm.Kind::valueOf)
              .collect(Collectors.toSet());
    }
    var enough =
        args.length > 4 ? new Judge.Enough(1, 1, 1, Set.of()) : Judge.Enough.in(seconds, kinds);
    var setup = new Setup("ahjoc", 3, seed, seconds, nodes, 3, 4, kinds, 1, enough, List.of());
    System.exit(run(setup, folder, System.out).right() ? 0 : 1);
  }
}
