package dev.ahjo.cli.chaos;

import dev.ahjo.persistence.cassandra.server.CassandraRing;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Nodes, workers and clients as processes of their own, each on a machine of its own. */
final class ProcessFarm implements AutoCloseable {
  static final int HTTP = 8010;
  static final int GATE = 8011;
  static final int CLUSTER = 8012;
  static final int CQL = 9042;
  static final int SLOTS = 4;
  private static final int STORE_HEAP_MIB = 512;

  /** The exit code of wrong settings. */
  private static final int MISTAKE = 2;

  private static final String TOKEN = "chaos-token";

  /** A machine that does much else starts a node in minutes. */
  private static final int PATIENCE_SECONDS = 300;

  private static final Pattern DATE = Pattern.compile("(?m)^Date: (.*?)\r?$");

  private final Machines machines;
  private final Path record;
  private final List<String> planted;
  private final List<Machine> nodes = new ArrayList<>();
  private final List<Machine> workers = new ArrayList<>();
  private final Map<Machine, Process> running = new LinkedHashMap<>();
  private final Set<Long> kept = new HashSet<>();
  private final Set<Machine> dead = new HashSet<>();
  private @Nullable Machine store;

  /**
   * @param record where steps write what they did
   * @param planted class path of what shall go before the product's own on nodes and workers
   */
  ProcessFarm(Machines machines, Path record, List<String> planted) throws IOException {
    this.machines = machines;
    this.record = Files.createDirectories(record);
    this.planted = List.copyOf(planted);
    try (var script = ProcessFarm.class.getResourceAsStream("step.sh")) {
      Files.copy(java.util.Objects.requireNonNull(script), record.resolve("step.sh"));
    }
  }

  List<Machine> nodes() {
    return List.copyOf(nodes);
  }

  List<Machine> workers() {
    return List.copyOf(workers);
  }

  Machines machines() {
    return machines;
  }

  /** A server of Cassandra, before any node: they keep all there then, and are one cluster. */
  Machine addStore(String disk) throws IOException {
    Machine machine = machines.add("store").withDisk(disk);
    store = machine;
    return machine;
  }

  Optional<Machine> store() {
    return Optional.ofNullable(store);
  }

  /** A node; on the embedded journal where there is no store. */
  Machine addNode(String name, String disk) throws IOException {
    Machine machine = machines.add(name).withDisk(disk);
    Files.writeString(machine.output("tokens"), TOKEN + "\n");
    nodes.add(machine);
    return machine;
  }

  private String settings(Machine node) {
    String alone =
        """
        name: %1$s
        data: %2$s
        listen: {host: %3$s, port: %4$d}
        http: {host: %3$s, port: %5$d}
        gate: {host: %3$s, port: %6$d}
        worker_tokens: %7$s
        """
            .formatted(
                node.name(),
                node.disk().resolve("ahjo"),
                node.address(),
                CLUSTER,
                HTTP,
                GATE,
                node.output("tokens"));
    if (store == null) {
      return alone;
    }
    return alone
        + """
        seeds: [%s]
        storage:
          cassandra: {contact_points: ["%s:%d"], replication: 1, create: true}
        """
            .formatted(
                nodes.stream()
                    .map(each -> each.address() + ":" + CLUSTER)
                    .collect(Collectors.joining(", ")),
                store.address(),
                CQL);
  }

  Machine addWorker(String name, String disk) throws IOException {
    Machine machine = machines.add(name).withDisk(disk);
    workers.add(machine);
    return machine;
  }

  /** Starts the server, the node or the worker that belongs on this machine. */
  synchronized void start(Machine machine) throws IOException {
    List<String> command;
    if (machine.equals(store)) {
      command =
          new ArrayList<>(
              CassandraRing.alone(
                  machine.disk().resolve("cassandra"), machine.address(), CQL, STORE_HEAP_MIB));
      // A full disk tears the last record of its commit log, which nobody was told of, and then it
      // does not start any more. A ring has others to take it from; here an administrator helps.
      command.add(1, "-Dcassandra.commitlog.ignorereplayerrors=true");
    } else if (nodes.contains(machine)) {
      Path settings = Files.writeString(machine.output("node.yaml"), settings(machine));
      command = java(store == null ? "-Xmx256m" : "-Xmx400m");
      command.addAll(List.of("dev.ahjo.cli.Main", "node", "--config", settings.toString()));
    } else {
      command = java("-Xmx256m");
      command.addAll(List.of("dev.ahjo.cli.Main", "worker", "--name", machine.name()));
      command.addAll(List.of("--token", TOKEN));
      for (Machine node : nodes) {
        command.addAll(List.of("--join", "pekko://" + node.address() + ":" + GATE));
      }
      command.addAll(List.of("--slots", Integer.toString(SLOTS), "--bind", machine.address()));
      command.addAll(List.of("--data", machine.disk().resolve("agent").toString()));
    }
    running.put(machine, machine.start("ahjo", command, machine.clocked()));
  }

  /**
   * Starts again what ended by itself, as the service files of {@code examples/nodes} let systemd
   * do: not what ended well, nor with 2, which is a mistake for a person. Tells the record.
   */
  synchronized void keep() throws IOException {
    for (Map.Entry<Machine, Process> each : Map.copyOf(running).entrySet()) {
      Process ended = each.getValue();
      if (!ended.isAlive() && kept.add(ended.pid())) {
        String name = each.getKey().name();
        var exit =
            Event.of(Moment.now(), "keeper", "event", "exit", name)
                .result(Integer.toString(ended.exitValue()));
        Files.writeString(
            record.resolve("keeper.jsonl"),
            exit.line() + "\n",
            StandardOpenOption.CREATE,
            StandardOpenOption.APPEND);
        if (ended.exitValue() != 0 && ended.exitValue() != MISTAKE) {
          start(each.getKey());
        } else {
          dead.add(each.getKey());
        }
      }
    }
  }

  /** Whoever is about to kill it starts it again, too. */
  synchronized void hold(Machine machine) {
    running.remove(machine);
  }

  private List<String> java(String heap) {
    List<String> path = new ArrayList<>(planted);
    path.add(System.getProperty("java.class.path"));
    return new ArrayList<>(
        List.of(
            System.getProperty("java.home") + "/bin/java",
            heap,
            "-XX:TieredStopAtLevel=1",
            "-Djdk.httpclient.allowRestrictedHeaders=host",
            "-XX:+UseSerialGC",
            "-XX:+UseCompactObjectHeaders",
            "--sun-misc-unsafe-memory-access=allow",
            "--enable-native-access=ALL-UNNAMED",
            "-cp",
            String.join(File.pathSeparator, path)));
  }

  /** Clients on a machine of their own. */
  Process startClients(Machine machine, Path stop, long seed, int users, int seconds)
      throws IOException {
    List<String> command = java("-Xmx128m");
    command.addAll(
        List.of(
            "dev.ahjo.cli.chaos.Client",
            record.resolve("clients.jsonl").toString(),
            stop.toString(),
            Long.toString(seed),
            Integer.toString(users),
            Integer.toString(store == null ? 5 : 20),
            Integer.toString(seconds)));
    for (Machine node : nodes) {
      command.add("http://" + node.address() + ":" + HTTP);
    }
    return machine.start("clients", command, Map.of());
  }

  synchronized boolean alive(Machine machine) {
    Process process = running.get(machine);
    return process != null && process.isAlive();
  }

  /** Kills the node, or the agent and not its steps: they go on under their supervisors. */
  synchronized boolean kill(Machine machine) {
    Process process = running.remove(machine);
    if (process == null || !process.isAlive()) {
      return false;
    }
    process.destroyForcibly();
    await(machine + " is dead", () -> !process.isAlive());
    return true;
  }

  /** What the node answers to a GET, or nothing if it does not. */
  String ask(Machine node, String path) {
    var talk =
        "exec 3<>/dev/tcp/%s/%d; printf 'GET %s HTTP/1.0\\r\\nHost: localhost\\r\\n\\r\\n' >&3; cat <&3"
            .formatted(node.address(), HTTP, path);
    return Machines.run(
            List.of(
                "timeout",
                "3",
                "nsenter",
                "--net=/run/netns/" + node.namespace(),
                "bash",
                "-c",
                talk),
            false)
        .text();
  }

  /** Sends a body to the node; what it answers. */
  String send(Machine node, String method, String path, String type, String body)
      throws IOException {
    Path file = Files.writeString(node.output("body"), body);
    var talk =
        ("exec 3<>/dev/tcp/%s/%d; printf '%s %s HTTP/1.0\\r\\nHost: localhost\\r\\nContent-Type:"
                + " %s\\r\\nContent-Length: %d\\r\\n\\r\\n' >&3; cat %s >&3; cat <&3")
            .formatted(
                node.address(),
                HTTP,
                method,
                path,
                type,
                body.getBytes(StandardCharsets.UTF_8).length,
                file);
    return Machines.run(
            List.of(
                "timeout",
                "10",
                "nsenter",
                "--net=/run/netns/" + node.namespace(),
                "bash",
                "-c",
                talk),
            true)
        .text();
  }

  boolean listens(Machine machine, int port) {
    LockSupport.parkNanos(500_000_000);
    String talk = "exec 3<>/dev/tcp/%s/%d".formatted(machine.address(), port);
    return Machines.run(
            List.of("nsenter", "--net=/run/netns/" + machine.namespace(), "bash", "-c", talk),
            false)
        .ok();
  }

  /** Whether the node says that it is; of the others, whether their process is there. */
  boolean ready(Machine machine) {
    return nodes.contains(machine)
        ? ask(machine, "/health/ready").matches("(?s)HTTP/1\\.[01] 200.*")
        : alive(machine);
  }

  /** Whether the machine's process shows a time that is more than a minute wrong. */
  synchronized boolean wrongClock(Machine machine) throws IOException {
    if (nodes.contains(machine)) {
      return DATE.matcher(ask(machine, "/health/live"))
          .results()
          .map(date -> ZonedDateTime.parse(date.group(1), DateTimeFormatter.RFC_1123_DATE_TIME))
          .anyMatch(
              date -> Duration.between(date.toInstant(), Instant.now()).abs().toSeconds() > 60);
    }
    Process process = running.get(machine);
    return process != null
        && Files.readString(Path.of("/proc/" + process.pid() + "/maps")).contains("faketime");
  }

  /** Whether anything has ended in a way of which nobody starts it again. */
  synchronized boolean crippled() {
    return !dead.isEmpty();
  }

  /** Waits until all of it is there and ready; starts again what ends meanwhile. */
  void awaitReady() {
    await(
        "all nodes are ready",
        () -> {
          try {
            keep();
          } catch (IOException failed) {
            throw new UncheckedIOException(failed);
          }
          if (crippled()) {
            throw new AssertionError("Ended for good: " + dead);
          }
          LockSupport.parkNanos(200_000_000);
          return running.keySet().containsAll(nodes) && nodes.stream().allMatch(this::ready);
        });
  }

  /** Waits for something that comes soon. */
  static void await(String what, BooleanSupplier holds) {
    await(what, PATIENCE_SECONDS, holds);
  }

  static void await(String what, int seconds, BooleanSupplier holds) {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
    while (!holds.getAsBoolean()) {
      if (System.nanoTime() > deadline) {
        throw new AssertionError("In vain waited until " + what);
      }
      LockSupport.parkNanos(50_000_000);
    }
  }

  /** What clients, workers and the storm have written, without lines that a power cut has torn. */
  List<Event> history() throws IOException {
    List<Event> history = new ArrayList<>();
    File[] files = record.toFile().listFiles((_, name) -> name.endsWith(".jsonl"));
    for (File file : files == null ? new File[0] : files) {
      try (var lines = Files.lines(file.toPath())) {
        lines.map(Event::parse).forEach(history::add);
      }
    }
    return history;
  }

  Path record() {
    return record;
  }

  @Override
  public void close() throws IOException {
    machines.close();
  }
}
