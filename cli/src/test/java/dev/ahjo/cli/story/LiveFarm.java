package dev.ahjo.cli.story;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.File;
import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** {@code ahjo up} as a process of its own, with the agent that it starts, to be killed at will. */
final class LiveFarm implements AutoCloseable {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Duration PATIENCE = Duration.ofMinutes(3);

  private final Path data;
  private final int slots;
  private final int port;
  private final HttpClient http =
      HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(5)).build();
  private @Nullable Process up;

  LiveFarm(Path data, int slots) throws IOException {
    this.data = data;
    this.slots = slots;
    this.port = freePair();
  }

  /**
   * A free port whose successor is free, too: HTTP's and the gate's. None of those that the system
   * gives to connections: a killed node's must still be free when it comes again.
   */
  private static int freePair() throws IOException {
    for (int tries = 0; tries < 100; tries++) {
      int port = ThreadLocalRandom.current().nextInt(12_000, 32_000);
      try (var _ = new ServerSocket(port, 1, InetAddress.getLoopbackAddress());
          var _ = new ServerSocket(port + 1, 1, InetAddress.getLoopbackAddress())) {
        return port;
      } catch (BindException taken) {
        continue;
      }
    }
    throw new IOException("Expected two free ports in a row, but found none");
  }

  LiveFarm start() throws Exception {
    List<String> command = new ArrayList<>();
    command.add(System.getProperty("java.home") + File.separator + "bin" + File.separator + "java");
    command.addAll(
        List.of(
            "-Xmx512m",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-XX:+UseCompactObjectHeaders",
            "--sun-misc-unsafe-memory-access=allow",
            "--enable-native-access=ALL-UNNAMED",
            "-cp",
            System.getProperty("java.class.path"),
            "dev.ahjo.cli.Main",
            "up",
            "--data",
            data.toString(),
            "--port",
            Integer.toString(port),
            "--slots",
            Integer.toString(slots)));
    up =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(
                ProcessBuilder.Redirect.appendTo(data.resolveSibling("up.out").toFile()))
            .start();
    await("a node that is ready", () -> status("/health/ready") == 200);
    return this;
  }

  /** HTTP's. */
  int port() {
    return port;
  }

  /** Where a browser finds a page. */
  String page(String path) {
    return url(path).toString();
  }

  String workerToken() throws IOException {
    return Files.readString(data.resolve("worker.token")).strip();
  }

  /** No goodbye: as a power cut takes a process. */
  void killNode() throws Exception {
    var process = java.util.Objects.requireNonNull(up);
    process.destroyForcibly().waitFor();
  }

  void killAgent() throws Exception {
    var agent = agent().orElseThrow();
    agent.destroyForcibly();
    agent.onExit().get(10, TimeUnit.SECONDS);
  }

  private Optional<ProcessHandle> agent() throws IOException {
    String words = text(data.resolve("agent.pid")).strip();
    return words.isEmpty()
        ? Optional.empty()
        : ProcessHandle.of(Long.parseLong(words.split("\\s+", 2)[0]));
  }

  void project(String yaml) throws Exception {
    String name = yaml.lines().findFirst().orElseThrow().replace("project:", "").strip();
    var answer =
        http.send(
            HttpRequest.newBuilder(url("/api/v1/projects/" + name))
                .header("content-type", "application/yaml")
                .PUT(BodyPublishers.ofString(yaml))
                .build(),
            BodyHandlers.ofString());
    if (answer.statusCode() / 100 != 2) {
      throw new AssertionError(answer.body());
    }
  }

  /** Submits all builders of a project; the first request's id. */
  String submit(String project) throws Exception {
    return submit(project, "a story");
  }

  String submit(String project, String reason) throws Exception {
    var answer =
        http.send(
            HttpRequest.newBuilder(url("/api/v1/buildsets"))
                .header("content-type", "application/json")
                .POST(
                    BodyPublishers.ofByteArray(
                        JSON.writeValueAsBytes(Map.of("project", project, "reason", reason))))
                .build(),
            BodyHandlers.ofString());
    if (answer.statusCode() != 202) {
      throw new AssertionError(answer.body());
    }
    return JSON.readTree(answer.body()).at("/requests/0/id").asText();
  }

  JsonNode get(String path) throws Exception {
    var answer = http.send(HttpRequest.newBuilder(url(path)).build(), BodyHandlers.ofString());
    if (answer.statusCode() != 200) {
      throw new IOException(path + ": " + answer.statusCode() + " " + answer.body());
    }
    return JSON.readTree(answer.body());
  }

  byte[] bytes(String path) throws Exception {
    return http.send(HttpRequest.newBuilder(url(path)).build(), BodyHandlers.ofByteArray()).body();
  }

  private int status(String path) throws Exception {
    return http.send(HttpRequest.newBuilder(url(path)).build(), BodyHandlers.discarding())
        .statusCode();
  }

  private URI url(String path) {
    return URI.create("http://127.0.0.1:" + port + path);
  }

  /** The request once it has ended or was shelved. */
  JsonNode end(String request) throws Exception {
    JsonNode[] seen = new JsonNode[1];
    await(
        "the end of request " + request,
        () -> {
          seen[0] = get("/api/v1/requests/" + request);
          return List.of("finished", "cancelled", "shelved")
              .contains(seen[0].path("state").asText());
        });
    return seen[0];
  }

  /** Waits for something that a farm under repair may not even answer about. */
  static void await(String what, Callable<Boolean> condition) throws Exception {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    Exception last = null;
    while (System.nanoTime() < deadline) {
      try {
        if (condition.call()) {
          return;
        }
      } catch (IOException notYet) {
        last = notYet;
      }
      pause();
    }
    throw new AssertionError("No " + what + " within " + PATIENCE, last);
  }

  private static void pause() throws Exception {
    new CompletableFuture<Void>().completeOnTimeout(null, 50, TimeUnit.MILLISECONDS).get();
  }

  static String text(Path file) throws IOException {
    return Files.exists(file) ? Files.readString(file, StandardCharsets.UTF_8) : "";
  }

  @Override
  public void close() throws Exception {
    if (up != null) {
      if (!up.isAlive()) {
        // A node that was killed and not started again has left it behind.
        agent().ifPresent(ProcessHandle::destroyForcibly);
      }
      up.destroy();
      if (!up.waitFor(20, TimeUnit.SECONDS)) {
        up.destroyForcibly();
      }
    }
    http.close();
  }
}
