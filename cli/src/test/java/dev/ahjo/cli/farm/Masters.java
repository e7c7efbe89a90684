package dev.ahjo.cli.farm;

import dev.ahjo.persistence.cassandra.server.CassandraRing;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.http.HttpClient;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;

/** Several nodes that share a ring of Cassandra, and the agents that work for them. */
final class Masters implements AutoCloseable {
  static final String TOKEN = "farm-token";

  /** A machine that does much else starts a node in minutes. */
  private static final Duration PATIENCE = Duration.ofMinutes(5);

  private final Path folder;
  private final List<NodeProcess> nodes = new ArrayList<>();
  private final List<Process> agents = new ArrayList<>();
  private final HttpClient http =
      HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1)
          .connectTimeout(Duration.ofSeconds(2))
          .build();

  private Masters(Path folder) {
    this.folder = folder;
  }

  /**
   * Makes the settings of {@code count} nodes on loopback addresses of their own; none is started.
   *
   * @param replication on how many servers of the ring each row is
   */
  static Masters of(int count, CassandraRing ring, int replication, Path folder)
      throws IOException {
    var masters = new Masters(Files.createDirectories(folder));
    Path tokens = Files.writeString(folder.resolve("tokens"), TOKEN + "\n");
    List<NodeProcess.Place> places = new ArrayList<>();
    for (int i = 1; i <= count; i++) {
      places.add(place("127.0.1." + (10 + i)));
    }
    String shared =
        """
        worker_tokens: %s
        seeds: [%s]
        storage:
          cassandra:
            contact_points: [%s]
            keyspace: %s
            replication: %d
            create: true
        """
            .formatted(
                tokens,
                places.stream()
                    .map(place -> place.host() + ":" + place.cluster())
                    .collect(Collectors.joining(", ")),
                ring.hosts().stream()
                    .map(host -> host + ":" + ring.port())
                    .collect(Collectors.joining(", ")),
                ring.freshKeyspace(),
                replication);
    for (int i = 1; i <= count; i++) {
      masters.nodes.add(
          new NodeProcess(
              "n" + i, places.get(i - 1), folder.resolve("n" + i), shared, masters.http));
    }
    return masters;
  }

  /** Ports that nobody else's connection takes meanwhile: those leave from another address. */
  private static NodeProcess.Place place(String host) throws IOException {
    InetAddress address = InetAddress.getByName(host);
    try (var one = new ServerSocket(0, 1, address);
        var two = new ServerSocket(0, 1, address);
        var three = new ServerSocket(0, 1, address)) {
      return new NodeProcess.Place(
          host, one.getLocalPort(), two.getLocalPort(), three.getLocalPort());
    }
  }

  List<NodeProcess> nodes() {
    return List.copyOf(nodes);
  }

  NodeProcess node(int i) {
    return nodes.get(i);
  }

  HttpClient http() {
    return http;
  }

  Path folder() {
    return folder;
  }

  /** Starts all nodes, and returns when each is ready. */
  Masters start() throws IOException, InterruptedException {
    try {
      for (NodeProcess node : nodes) {
        node.start();
      }
      awaitReady();
      return this;
    } catch (IOException | AssertionError failed) {
      // Nobody else has it yet who could.
      close();
      throw failed;
    }
  }

  /** Waits until all nodes are ready. */
  void awaitReady() throws IOException {
    for (NodeProcess node : nodes) {
      await("the node " + node + " is ready, or dead", () -> node.ready() || !node.alive());
      if (!node.alive()) {
        throw new AssertionError(node + " died as it started: " + Files.readString(node.output()));
      }
    }
  }

  /** An agent that knows all gates. */
  void startAgent(String name, int slots) throws IOException {
    List<String> command = new ArrayList<>(NodeProcess.java(NodeProcess.OWN_CLASS_PATH, "192m"));
    command.addAll(
        List.of(
            "dev.ahjo.cli.Main",
            "worker",
            "--name",
            name,
            "--token",
            TOKEN,
            "--slots",
            Integer.toString(slots),
            "--bind",
            "127.0.1.10",
            "--data",
            folder.resolve(name).toString()));
    for (NodeProcess node : nodes) {
      command.addAll(List.of("--join", "pekko://" + node.gate()));
    }
    agents.add(NodeProcess.started(command, folder.resolve(name + ".out")));
  }

  /** Waits for something that comes soon. */
  static void await(String what, BooleanSupplier holds) {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (!holds.getAsBoolean()) {
      if (System.nanoTime() > deadline) {
        throw new AssertionError("In vain waited until " + what);
      }
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(50));
    }
  }

  @Override
  public void close() throws InterruptedException {
    for (Process agent : agents) {
      agent.destroyForcibly().waitFor();
    }
    for (NodeProcess node : nodes) {
      if (node.alive()) {
        node.kill();
      }
    }
    http.close();
  }
}
