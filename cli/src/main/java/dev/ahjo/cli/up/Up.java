package dev.ahjo.cli.up;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.ahjo.cli.Client;
import dev.ahjo.cli.CommandFailed;
import dev.ahjo.cli.Console;
import dev.ahjo.cli.Events;
import dev.ahjo.cli.Problem;
import dev.ahjo.cluster.Node;
import dev.ahjo.config.NodeSettings;
import dev.ahjo.config.NodeSettings.Limits;
import dev.ahjo.config.NodeSettings.Listen;
import dev.ahjo.config.NodeSettings.Role;
import dev.ahjo.config.NodeSettings.Storage;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Everything on one machine: a node in this process, a worker's agent beside it, the projects that
 * were named, or an example.
 */
final class Up implements AutoCloseable {
  private static final String LOOPBACK = "127.0.0.1";

  /** How long to stay with a first build before telling what to do next anyway. */
  private static final Duration FIRST_BUILD = Duration.ofSeconds(90);

  private static final Duration LOG_AGE = Duration.ofDays(90);
  private static final long LOG_SIZE = 50_000_000_000L;

  /**
   * @param port of HTTP; the workers' gate listens on the next one
   * @param sources project files to define, already read and found valid
   */
  record Settings(int port, int slots, List<Source> sources) {
    Settings {
      sources = List.copyOf(sources);
    }
  }

  /** A project file as it will be sent to the node. */
  record Source(String project, Path file, String text) {}

  private final Console console;
  private final UpFolder data;
  private final Settings settings;
  private final Node node;
  private final AgentProcess agent;

  private Up(Console console, UpFolder data, Settings settings, Node node, AgentProcess agent) {
    this.console = console;
    this.data = data;
    this.settings = settings;
    this.node = node;
    this.agent = agent;
  }

  /** Starts the node and the agent on a data folder that this process has taken. */
  static Up start(Console console, UpFolder data, Settings settings) throws IOException {
    Path token = WorkerToken.in(data.root());
    Node node = Node.start(nodeSettings(data, settings, token));
    AgentProcess agent =
        new AgentProcess(
            data.resolve("agent.pid"),
            data.resolve("log/agent.out"),
            agentCommand(data, settings, node, token),
            line -> console.note("ahjo: " + line));
    try {
      agent.start();
    } catch (IOException e) {
      node.close();
      throw e;
    }
    return new Up(console, data, settings, node, agent);
  }

  private static NodeSettings nodeSettings(UpFolder data, Settings settings, Path token) {
    int port = settings.port();
    return new NodeSettings(
        "local",
        Set.of(Role.values()),
        new Listen(LOOPBACK, 0, Optional.empty()),
        new Listen(LOOPBACK, port, Optional.empty()),
        new Listen(LOOPBACK, port == 0 ? 0 : port + 1, Optional.empty()),
        new NodeSettings.Seeds.Alone(),
        data.resolve("node"),
        data.resolve("projects"),
        new Storage.Embedded(),
        new Limits(LOG_AGE, LOG_SIZE),
        Optional.of(token),
        Optional.empty());
  }

  /** The agent is this very program, in the JVM that runs it, with a small heap. */
  private static List<String> agentCommand(
      UpFolder data, Settings settings, Node node, Path token) {
    List<String> command = new ArrayList<>();
    command.add(System.getProperty("java.home") + File.separator + "bin" + File.separator + "java");
    command.addAll(
        List.of(
            "-Xms8m",
            "-Xmn4m",
            "-Xmx96m",
            // It is idle for most of its life: what a build took is given back.
            "-XX:MinHeapFreeRatio=5",
            "-XX:MaxHeapFreeRatio=15",
            "-Xss512k",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-XX:+UseCompactObjectHeaders",
            "--sun-misc-unsafe-memory-access=allow",
            "--enable-native-access=ALL-UNNAMED",
            "-cp",
            System.getProperty("java.class.path"),
            "dev.ahjo.cli.Main",
            "worker",
            "--join",
            node.gate(),
            "--name",
            "local",
            "--token-file",
            token.toString(),
            "--slots",
            Integer.toString(settings.slots()),
            "--data",
            data.resolve("agent").toString(),
            "--log-file",
            data.resolve("log/agent.log").toString()));
    return command;
  }

  /** Defines the projects, or the example where nothing was named; tells what there is. */
  void settle(Duration startup) throws IOException {
    console.line(
        console.paint("Ahjo is up", Console.Tone.STRONG)
            + " after "
            + Console.duration(startup)
            + ", data in "
            + data.root());
    console.line("  pages and API  " + console.paint(node.http().toString(), Console.Tone.STRONG));
    console.line(
        "  worker         local, "
            + settings.slots()
            + (settings.slots() == 1 ? " slot" : " slots")
            + "; others join "
            + node.gate());
    try (Client client = new Client(node.http(), console.variable("AHJO_TOKEN"))) {
      String last = "";
      for (Source source : sources(client)) {
        last = define(client, source);
      }
      next(last);
    }
  }

  /** What was named; else the example, when the node has no project yet. */
  private List<Source> sources(Client client) throws IOException {
    if (!settings.sources().isEmpty()) {
      return settings.sources();
    }
    if (!client.items(Client.path("projects"), 1).isEmpty()) {
      return List.of();
    }
    Path repository = data.resolve("example/" + Example.NAME);
    Files.createDirectories(data.resolve("example"));
    Example.make(repository);
    Path file = repository.resolve("ahjo.yaml");
    String text = LocalRepositories.absolute(Files.readString(file), repository);
    return List.of(new Source(Example.NAME, file, text));
  }

  /** Puts a project file, and asks for a first build where there has never been one. */
  private String define(Client client, Source source) {
    try {
      client.put(
          Client.path("projects", source.project()),
          "application/yaml",
          source.text().getBytes(StandardCharsets.UTF_8));
    } catch (Problem refused) {
      throw new CommandFailed(refused.exit(), source.file() + ": " + refused.text(), refused);
    }
    console.line("  project        " + source.project() + ", from " + source.file());
    String query = "?project=" + Client.encode(source.project());
    if (client.items(Client.path("requests") + query, 1).isEmpty()) {
      firstBuild(client, source.project(), query);
    }
    return source.project();
  }

  private void firstBuild(Client client, String project, String query) {
    ObjectNode body = Client.JSON.createObjectNode();
    body.put("project", project);
    body.put("reason", "first build");
    try (Events events = new Events(client, Client.path("events") + query)) {
      JsonNode requests = client.post(Client.path("buildsets"), body).path("requests");
      long deadline = System.nanoTime() + FIRST_BUILD.toNanos();
      for (JsonNode request : requests) {
        String path = Client.path("requests", request.path("id").asText());
        String builder = project + "/" + request.path("builder").asText();
        JsonNode now = client.get(path);
        while (!over(now) && System.nanoTime() < deadline) {
          long seen = events.count();
          now = client.get(path);
          if (!over(now)) {
            events.await(seen);
          }
        }
        String word =
            now.path("result").isTextual()
                ? now.path("result").asText()
                : now.path("state").asText();
        console.line(
            "  first build    "
                + builder
                + ": "
                + console.paint(word, Console.Tone.of(word))
                + (over(now)
                    ? " after "
                        + console.between(
                            now.path("submitted_at").asText(""), now.path("finished_at").asText(""))
                    : ""));
      }
    }
  }

  private static boolean over(JsonNode request) {
    return switch (request.path("state").asText()) {
      case "finished", "cancelled", "shelved" -> true;
      default -> false;
    };
  }

  private void next(String project) {
    String url = node.http().getPort() == 8010 ? "" : " --url=" + node.http();
    console.line("Next:");
    if (!project.isEmpty()) {
      console.line("  ahjo submit " + project + " --follow" + url);
    }
    console.line("  ahjo status" + url + "      ahjo builds" + url + "      ahjo -h");
    console.line("  ahjo up DIR   makes a checkout with an ahjo.yaml a project");
    console.line("Ctrl-C stops it. Steps that run go on, and the next `ahjo up` finds them.");
  }

  /** Waits until the node has been stopped. */
  void awaitEnd() throws InterruptedException {
    node.awaitEnd();
  }

  /** The node first, so that the agent's goodbye is not taken for a worker lost. */
  @Override
  public void close() throws IOException {
    try {
      node.close();
    } finally {
      try {
        agent.close();
      } finally {
        data.close();
      }
    }
  }
}
