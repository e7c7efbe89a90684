package dev.ahjo.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.ahjo.cluster.worker.HandAgent;
import dev.ahjo.config.NodeSettings;
import dev.ahjo.core.id.BuildKey;
import dev.ahjo.core.worker.Protocol;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A whole node on a real storage, stopped and started again in the middle of its work. */
abstract class NodeStories {
  private static final String PROJECT =
      """
      project: hello
      repositories:
        hello: {git: "https://git.example.org/hello.git"}
      builders:
        debian:
          steps:
            - {name: compile, run: make}
        docs:
          needs: [debian]
          steps:
            - {name: render, run: make docs}
      """;

  @TempDir Path folder;

  /** Where the node keeps what it knows. */
  abstract NodeSettings.Storage storage();

  private final ObjectMapper json = new ObjectMapper();
  private final HttpClient client = HttpClient.newHttpClient();
  private final List<AutoCloseable> open = new ArrayList<>();

  @AfterEach
  void close() throws Exception {
    for (AutoCloseable each : open) {
      each.close();
    }
    client.close();
  }

  Node node(int gatePort) throws IOException {
    Path tokens = folder.resolve("tokens");
    Files.writeString(tokens, "secret\n");
    Node node =
        Node.start(
            new NodeSettings(
                "local",
                Set.of(NodeSettings.Role.values()),
                listen(0),
                listen(0),
                listen(gatePort),
                new NodeSettings.Seeds.Alone(),
                folder.resolve("data"),
                folder.resolve("projects"),
                storage(),
                new NodeSettings.Limits(Duration.ofDays(1), 1_000_000_000L),
                Optional.of(tokens),
                Optional.empty()));
    open.addFirst(node);
    return node;
  }

  private static NodeSettings.Listen listen(int port) {
    return new NodeSettings.Listen("127.0.0.1", port, Optional.empty());
  }

  private HandAgent agent(Node node) {
    HandAgent agent = new HandAgent(node.gate());
    open.addFirst(agent);
    return agent;
  }

  private JsonNode http(Node node, String method, String path, String type, String body)
      throws Exception {
    HttpResponse<String> response =
        client.send(
            HttpRequest.newBuilder(node.http().resolve("/api/v1/" + path))
                .method(method, HttpRequest.BodyPublishers.ofString(body))
                .header("Content-Type", type)
                .build(),
            HttpResponse.BodyHandlers.ofString());
    assertThat(response.statusCode()).as(response.body()).isBetween(200, 299);
    return json.readTree(response.body());
  }

  private void define(Node node) throws Exception {
    http(node, "PUT", "projects/hello", "application/yaml", PROJECT);
  }

  /** The ids of the requests that it opened. */
  private List<String> submit(Node node) throws Exception {
    List<String> ids = new ArrayList<>();
    http(node, "POST", "buildsets", "application/json", "{\"project\": \"hello\"}")
        .path("requests")
        .forEach(request -> ids.add(request.path("id").asText()));
    assertThat(ids).hasSize(2);
    return ids;
  }

  private void endsWell(Node node, String request) throws Exception {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (true) {
      JsonNode view = http(node, "GET", "requests/" + request, "application/json", "");
      if (view.path("state").asText().equals("finished")) {
        assertThat(view.path("result").asText()).isEqualTo("success");
        return;
      }
      assertThat(System.nanoTime()).as("deadline for %s", view).isLessThan(deadline);
    }
  }

  private static Protocol.Reports reports(Protocol.RunBuild run, int from, int to) {
    return new Protocol.Reports(
        run.build(), run.attempt(), from + 1, EngineTest.success().subList(from, to));
  }

  @Test
  void aNodeGoesOnWhereItStopped() throws Exception {
    Node first = node(0);
    define(first);
    HandAgent agent = agent(first);
    agent.joins("w1", "i1");
    List<String> requests = submit(first);
    var run = agent.hears(Protocol.RunBuild.class);
    agent.saysUntil(Protocol.ReportsTaken.class, reports(run, 0, 2));
    long begin = System.nanoTime();
    first.close();
    assertThat(Duration.ofNanos(System.nanoTime() - begin))
        .as("a clean stop")
        .isLessThan(Duration.ofSeconds(10));

    Node second = node(0);
    // Nobody speaks to the requests: the buildset wakes by itself, and wakes them.
    HandAgent back = agent(second);
    back.says(
        HandAgent.hello("w1", "i1", List.of(new Protocol.Held(run.build(), run.attempt(), 2))));
    assertThat(back.hears(Protocol.Welcome.class).resume()).containsExactly(run.build());
    back.saysUntil(Protocol.ReportsTaken.class, reports(run, 2, 4));
    var docs = back.hears(Protocol.RunBuild.class);
    assertThat(docs.build().builder().builder().value()).isEqualTo("docs");
    back.says(reports(docs, 0, 4));
    for (String request : requests) {
      endsWell(second, request);
    }
  }

  @Test
  void aNodeThatDrainsLetsWhatRunsEndAndBeginsNothingNew() throws Exception {
    Node first = node(0);
    define(first);
    HandAgent agent = agent(first);
    agent.joins("w1", "i1");
    List<String> requests = new ArrayList<>(submit(first));
    var run = agent.hears(Protocol.RunBuild.class);
    agent.saysUntil(Protocol.ReportsTaken.class, reports(run, 0, 2));
    http(first, "POST", "cluster/shutdown?drain=true", "application/json", "");
    requests.addAll(submit(first));
    // An acknowledgement of what was said before may come first.
    while (agent.saysUntil(Protocol.ReportsTaken.class, reports(run, 2, 4)).last() < 4) {}
    // Not in the common pool, which has one thread here and is needed to close HTTP.
    var end = new CompletableFuture<Node.End>();
    Thread.ofPlatform().daemon().start(() -> end.complete(end(first)));
    assertThat(end.get(60, TimeUnit.SECONDS)).isEqualTo(Node.End.STOPPED);
    assertThat(agent.heard())
        .noneMatch(heard ->
            heard instanceof Protocol.RunBuild other && !other.build().equals(run.build()));

    Node second = node(0);
    HandAgent back = agent(second);
    back.joins("w1", "i1");
    Set<BuildKey> built = new HashSet<>();
    while (built.size() < requests.size() - 1) {
      var next = back.hears(Protocol.RunBuild.class);
      built.add(next.build());
      back.says(reports(next, 0, 4));
    }
    for (String request : requests) {
      endsWell(second, request);
    }
  }

  private static Node.End end(Node node) {
    try {
      return node.awaitEnd();
    } catch (InterruptedException stop) {
      throw new IllegalStateException(stop);
    }
  }

  @Test
  void whatWaitedWhenTheNodeStoppedIsBuiltAfterItsStart() throws Exception {
    Node first = node(0);
    define(first);
    List<String> requests = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      requests.addAll(submit(first));
    }
    first.close();

    Node second = node(0);
    HandAgent agent = agent(second);
    agent.joins("w1", "i1");
    for (int i = 0; i < requests.size(); i++) {
      agent.says(reports(agent.hears(Protocol.RunBuild.class), 0, 4));
    }
    for (String request : requests) {
      endsWell(second, request);
    }
  }
}
