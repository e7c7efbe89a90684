package dev.ahjo.http;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.ahjo.core.Farm;
import dev.ahjo.core.id.BuilderName;
import dev.ahjo.core.id.PoolName;
import dev.ahjo.core.id.ProjectName;
import dev.ahjo.core.log.StreamKey;
import dev.ahjo.core.project.BuilderDefinition;
import dev.ahjo.core.project.LockUse;
import dev.ahjo.core.project.ProjectDefinition;
import dev.ahjo.core.project.Repository;
import dev.ahjo.core.project.Result;
import dev.ahjo.core.project.RetryPolicy;
import dev.ahjo.core.project.StepDefinition;
import dev.ahjo.core.property.Condition;
import dev.ahjo.core.property.Template;
import dev.ahjo.core.step.StepReport;
import dev.ahjo.core.step.StepReport.StepOutcome;
import dev.ahjo.core.worker.Protocol;
import dev.ahjo.http.project.ProjectReader;
import dev.ahjo.http.status.NodeDoor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.random.RandomGenerator;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.javadsl.Behaviors;

/** A farm in memory behind the real HTTP port, and a client that speaks to it. */
final class Desk implements AutoCloseable {
  static final ObjectMapper JSON = new ObjectMapper();
  static final String PROJECT = "libxml2";

  /** The line that a project file of these tests is: its name, then its builders. */
  private static final String FILE = "project: ";

  final MemoryFarm farm = new MemoryFarm();
  final MemoryStreams streams = new MemoryStreams();
  final List<String> shutdowns = new CopyOnWriteArrayList<>();
  final HandDoor agents = new HandDoor();
  final AtomicBoolean journalWell = new AtomicBoolean(true);
  private final ActorSystem<Void> system;
  private final HttpServer server;
  private final HttpClient client =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  Desk() {
    this(HttpSettings.local(0));
  }

  Desk(HttpSettings settings) {
    system = ActorSystem.create(Behaviors.empty(), "desk");
    var doors =
        new Doors(
            new Farm(farm),
            farm.status(),
            streams,
            farm,
            Desk::read,
            node(),
            Optional.of(agents),
            farm::now,
            RandomGenerator.of("L64X128MixRandom"));
    server = HttpServer.start(system, settings, doors).toCompletableFuture().join();
  }

  /** {@code project: NAME BUILDER[:LOCK]...}; any other file is wrong in its second line. */
  private static ProjectReader.Read read(String file, String text) {
    if (!text.startsWith(FILE)) {
      return new ProjectReader.Read(
          Optional.empty(),
          List.of(
              new ProjectReader.FileProblem(2, 5, "expected a builder in " + file, true),
              new ProjectReader.FileProblem(7, 1, "expected a step", true)));
    }
    List<String> words = List.of(text.substring(FILE.length()).strip().split("\\s+"));
    return new ProjectReader.Read(
        Optional.of(definition(words.getFirst(), words.subList(1, words.size()))), List.of());
  }

  static ProjectDefinition definition(String name, List<String> builders) {
    List<BuilderDefinition> all = new ArrayList<>();
    for (String builder : builders) {
      String[] words = builder.split(":", -1);
      all.add(
          builder(
              new BuilderName(words[0]),
              words.length == 1
                  ? List.of()
                  : List.of(new LockUse(words[1], LockUse.Mode.EXCLUSIVE))));
    }
    return new ProjectDefinition(
        new ProjectName(name),
        List.of("gnome"),
        Map.of(name, new Repository("https://git.example.org/" + name, "master", Optional.empty())),
        Map.of("cflags", "-O2"),
        Map.of(),
        all,
        List.of(),
        List.of());
  }

  private static BuilderDefinition builder(BuilderName name, List<LockUse> locks) {
    return new BuilderDefinition(
        name,
        name,
        List.of("linux"),
        new PoolName("default"),
        Set.of("linux"),
        OptionalInt.empty(),
        locks,
        BuilderDefinition.Collapse.NEVER,
        List.of(),
        Condition.ALWAYS,
        Map.of(),
        Map.of(),
        Map.of(),
        Duration.ofMinutes(20),
        Duration.ofHours(4),
        Duration.ofMinutes(2),
        RetryPolicy.DEFAULT,
        List.of(step("compile"), step("test")));
  }

  private static StepDefinition step(String name) {
    return new StepDefinition(
        name,
        new StepDefinition.Kind.Run(
            List.of(Template.parse("make " + name)),
            true,
            Optional.empty(),
            Optional.empty(),
            Optional.empty()),
        Condition.ALWAYS,
        false,
        StepDefinition.OnFailure.STOP,
        Map.of(),
        Optional.empty(),
        Duration.ofMinutes(20),
        Duration.ofHours(4),
        1 << 20);
  }

  private NodeDoor node() {
    return new NodeDoor() {
      @Override
      public Facts facts() {
        return new Facts(
            "n1",
            "0.1",
            Instant.parse("2026-11-01T09:00:00Z"),
            Optional.of("pekko://127.0.0.1:8011"),
            List.of(new Member("local", "127.0.0.1:2552", List.of("engine", "web"), "up")));
      }

      @Override
      public List<String> problems() {
        return journalWell.get() ? List.of() : List.of("the journal can't be written: disk full");
      }

      @Override
      public List<Reading> readings() {
        return List.of(new Reading("ahjo_gate_sessions", "Workers connected", "gauge", 2));
      }

      @Override
      public void shutdown(boolean drain, String by) {
        shutdowns.add((drain ? "drain" : "now") + " by " + by);
      }
    };
  }

  /** Every route beneath /api and beside it but the pages', as {@code GET /path}. */
  List<String> apiRoutes() {
    return server.routes().stream()
        .filter(r -> r.template().matches("/(api|health|metrics).*"))
        .map(r -> r.method() + " " + r.template().replace("*}", "}"))
        .toList();
  }

  URI uri(String path) {
    return URI.create("http://localhost:" + server.address().getPort() + path);
  }

  int port() {
    return server.address().getPort();
  }

  /** An answer, read as text. */
  record Answer(int status, HttpResponse<byte[]> http) {
    String text() {
      return new String(http.body(), StandardCharsets.UTF_8);
    }

    JsonNode json() {
      try {
        return JSON.readTree(http.body());
      } catch (IOException e) {
        throw new AssertionError("not JSON: " + text(), e);
      }
    }

    String header(String name) {
      return http.headers().firstValue(name).orElse("");
    }
  }

  /**
   * @param headers names and values by turns
   */
  Answer ask(String method, String path, byte[] body, String... headers) {
    HttpRequest.Builder request = HttpRequest.newBuilder(uri(path)).timeout(Duration.ofSeconds(20));
    request.method(
        method, body.length == 0 ? BodyPublishers.noBody() : BodyPublishers.ofByteArray(body));
    for (int i = 0; i < headers.length; i += 2) {
      request.header(headers[i], headers[i + 1]);
    }
    try {
      var answer = client.send(request.build(), BodyHandlers.ofByteArray());
      var told = new Answer(answer.statusCode(), answer);
      Contract.check(method, path, told);
      return told;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError(e);
    }
  }

  Answer get(String path, String... headers) {
    return ask("GET", path, new byte[0], headers);
  }

  Answer post(String path, String body, String... headers) {
    return ask("POST", path, body.getBytes(StandardCharsets.UTF_8), headers);
  }

  Answer put(String path, String body, String... headers) {
    return ask("PUT", path, body.getBytes(StandardCharsets.UTF_8), headers);
  }

  /** A body that is read while it grows. */
  java.io.InputStream open(String path, String... headers) {
    HttpRequest.Builder request = HttpRequest.newBuilder(uri(path));
    for (int i = 0; i < headers.length; i += 2) {
      request.header(headers[i], headers[i + 1]);
    }
    try {
      var answer = client.send(request.build(), BodyHandlers.ofInputStream());
      if (answer.statusCode() / 100 != 2) {
        throw new AssertionError(
            answer.statusCode()
                + " "
                + new String(answer.body().readAllBytes(), StandardCharsets.UTF_8));
      }
      return answer.body();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError(e);
    }
  }

  /** The project of most stories, with these builders. */
  Desk project(String... builders) {
    var answer =
        put("/api/v1/projects/" + PROJECT, FILE + PROJECT + " " + String.join(" ", builders));
    if (answer.status() != 200) {
      throw new AssertionError(answer.text());
    }
    return this;
  }

  /** Asks for the project's builders; the ids of the requests. */
  List<String> submit(String... builders) {
    var body = JSON.createObjectNode().put("project", PROJECT);
    var names = body.putArray("builders");
    List.of(builders).forEach(names::add);
    var answer = post("/api/v1/buildsets", body.toString(), "Content-Type", "application/json");
    if (answer.status() != 202) {
      throw new AssertionError(answer.text());
    }
    List<String> ids = new ArrayList<>();
    answer.json().path("requests").forEach(r -> ids.add(r.path("id").asText()));
    return ids;
  }

  /** The worker takes its next plan and says that it keeps it. */
  Protocol.RunBuild begins(String worker) {
    var run = farm.nextPlan();
    farm.reports(
        worker,
        run.build(),
        run.attempt(),
        1,
        new StepReport.PlanKept(farm.now()),
        new StepReport.StepStarted(farm.now(), 0));
    return run;
  }

  /** The build that {@link #begins} began ends, both steps with that result. */
  void ends(String worker, Protocol.RunBuild run, Result result) {
    farm.reports(
        worker,
        run.build(),
        run.attempt(),
        3,
        new StepReport.StepEnded(farm.now(), 0, outcome(result)),
        new StepReport.StepStarted(farm.now(), 1),
        new StepReport.StepEnded(farm.now(), 1, outcome(result)),
        new StepReport.BuildEnded(farm.now()));
  }

  /** The first step of the build that {@link #begins} began ends, and the second goes on. */
  void endsStep(String worker, Protocol.RunBuild run, Result result) {
    farm.reports(
        worker,
        run.build(),
        run.attempt(),
        3,
        new StepReport.StepEnded(farm.now(), 0, outcome(result)),
        new StepReport.StepStarted(farm.now(), 1));
  }

  private static StepOutcome outcome(Result result) {
    return new StepOutcome(
        result,
        OptionalInt.of(result.good() ? 0 : 2),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        false,
        List.of(
            new StepReport.Stream("stdio", false, 6),
            new StepReport.Stream("out/a b.tar", true, 3)),
        Optional.of(new StepReport.Tests(3, 1, 0, List.of("a.B.c"))),
        2);
  }

  static StreamKey log(Protocol.RunBuild run, int step) {
    return new StreamKey(run.build(), step, StreamKey.Kind.LOG, "stdio");
  }

  @Override
  public void close() {
    client.shutdownNow();
    server.stop(Duration.ofMillis(100)).toCompletableFuture().join();
    system.terminate();
    system.getWhenTerminated().toCompletableFuture().join();
  }
}
