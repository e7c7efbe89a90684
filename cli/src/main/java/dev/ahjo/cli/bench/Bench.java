package dev.ahjo.cli.bench;

import dev.ahjo.cli.Client;
import dev.ahjo.cli.CommandFailed;
import dev.ahjo.cli.Console;
import dev.ahjo.cli.Exit;
import dev.ahjo.cli.NodeOptions;
import dev.ahjo.cli.Trust;
import dev.ahjo.wire.tls.TlsFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
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
  /** The pool of real workers where none is named. */
  private static final String REAL = "default";

  private final Console console;

  @Mixin NodeOptions node = new NodeOptions();

  @Option(
      names = "--also",
      paramLabel = "URL",
      description = {
        "Another node of the same cluster, again and again: submissions and workers are spread over"
            + " all of them, and the CPU told is that of all."
      })
  List<String> also = List.of();

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
      description = "The workers' gates (default: those that the nodes tell).")
  List<String> gate = List.of();

  @Option(
      names = "--bind",
      paramLabel = "HOST",
      defaultValue = "127.0.0.1",
      description = "This machine's address, which the gates dial back (default ${DEFAULT-VALUE}).")
  String bind = "127.0.0.1";

  @Option(
      names = {"--certificate", "--cert"},
      paramLabel = "FILE",
      description = {
        "PEM of a worker's certificate, which all simulated workers show to gates with TLS;",
        "`ahjo cert worker bench` makes one. --ca is the gates' authority, too."
      })
  @Nullable Path certificate;

  @Option(names = "--key", paramLabel = "FILE", description = "PEM of its key.")
  @Nullable Path key;

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
    var report = new Report();
    List<Client> nodes = new ArrayList<>();
    try {
      nodes.add(node.client(console));
      also.forEach(url -> nodes.add(node.client(console, url)));
      report.load("before");
      measure(new BenchFarm(nodes, "bench"), report);
      report.load("after");
      if (node.json()) {
        NodeOptions.print(console, report.json());
      } else {
        report.print(console);
      }
      return Exit.DONE.code();
    } catch (IOException wrong) {
      String why = wrong.getMessage();
      throw new CommandFailed(Exit.UNREACHABLE, why == null ? wrong.toString() : why, wrong);
    } finally {
      nodes.forEach(Client::close);
    }
  }

  private void measure(BenchFarm farm, Report report) throws IOException, InterruptedException {
    Mode chosen = mode == null ? new Mode() : mode;
    if (chosen.log != null) {
      new LogBench(farm, pool == null ? REAL : pool, report).run(chosen.log);
      return;
    }
    Crew crew = crew(farm, chosen);
    if (chosen.one != null) {
      new Latency(farm, crew, report).one(chosen.one, run);
    } else if (chosen.cancel != null) {
      new Latency(farm, crew, report).cancel(chosen.cancel, run);
    } else if (chosen.crowd != null) {
      new CrowdBench(farm, crew, report, console::note).run(chosen.crowd, way);
    } else {
      var throughput = new Throughput(farm, crew, projects, builders, atOnce, report);
      if (chosen.queue != null) {
        throughput.queue(chosen.queue, run);
      } else {
        throughput.builds(chosen.builds == null ? 1000 : chosen.builds, run);
      }
    }
  }

  private Crew crew(BenchFarm farm, Mode chosen) {
    String served = pool != null ? pool : workers == 0 ? REAL : "bench";
    if (workers == 0 && chosen.crowd == null && chosen.cancel == null) {
      return new Crew(farm, door(List.of(), ""), served, 0, slots);
    }
    if (workers < 1) {
      throw new CommandFailed(
          Exit.USAGE, "--workers: expected 1 or more to hold or run builds, but found " + workers);
    }
    return new Crew(farm, door(gates(farm), token()), served, workers, slots);
  }

  private Door door(List<String> gates, String token) {
    Trust trust = node.trust(console);
    if (certificate == null && key == null) {
      return new Door(gates, token, bind, Optional.empty(), trust);
    }
    if (certificate == null || key == null || trust.authority().isEmpty()) {
      throw new CommandFailed(
          Exit.USAGE,
          "Expected --ca, --certificate and --key together: both sides show who they are");
    }
    return new Door(
        gates, token, bind, Optional.of(new TlsFiles(certificate, key, trust.authority())), trust);
  }

  /** Only the address that a gate calls itself will do, and that its node knows best. */
  private List<String> gates(BenchFarm farm) {
    List<String> gates =
        gate.isEmpty()
            ? farm.gates()
            : gate.stream().map(address -> address.replace(BenchFarm.REMOTING, "")).toList();
    if (gates.isEmpty()) {
      throw new CommandFailed(
          Exit.USAGE,
          "The node at "
              + farm.client().base()
              + " has no gate for workers; name another node's by --gate");
    }
    return gates;
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
}
