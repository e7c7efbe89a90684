package dev.ahjo.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import dev.ahjo.cluster.worker.Gate;
import dev.ahjo.cluster.worker.GateSettings;
import dev.ahjo.cluster.worker.HandAgent;
import dev.ahjo.cluster.worker.MemoryStreams;
import dev.ahjo.cluster.worker.Sessions;
import dev.ahjo.cluster.worker.WorkerTokens;
import dev.ahjo.config.ProjectFiles;
import dev.ahjo.config.Reading;
import dev.ahjo.core.Farm;
import dev.ahjo.core.buildset.Submission;
import dev.ahjo.core.id.BuilderName;
import dev.ahjo.core.id.BuildsetId;
import dev.ahjo.core.id.ProjectName;
import dev.ahjo.core.id.RequestId;
import dev.ahjo.core.kernel.EntityRef;
import dev.ahjo.core.project.ProjectDefinition;
import dev.ahjo.core.project.Result;
import dev.ahjo.core.request.BuildRequest;
import dev.ahjo.core.step.StepReport;
import dev.ahjo.core.worker.Protocol;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The real entities in their actors, with an agent at the gate that is moved by hand. */
class EngineTest {
  private static final Config IN_MEMORY =
      ConfigFactory.parseString(
          """
          pekko.persistence.journal.plugin = "pekko.persistence.journal.inmem"
          pekko.persistence.snapshot-store.plugin = "memory-snapshots"
          memory-snapshots.class = "dev.ahjo.cluster.kernel.MemorySnapshots"
          """);

  private static final String HELLO =
      """
      project: hello
      repositories:
        hello: {git: "https://git.example.org/hello.git"}
      builders:
        debian:
          worker: {labels: [debian]}
          steps:
            - {name: compile, run: make}
      """;

  private final Sessions sessions = new Sessions();
  private final MemoryStreams store = new MemoryStreams();
  private Engine engine;
  private Gate gate;
  private HandAgent agent;
  private Farm farm;

  @BeforeEach
  void start() throws Exception {
    engine = Engine.start(Engine.Place.alone(), IN_MEMORY, sessions, Clock.systemUTC(), () -> {});
    engine.join();
    gate =
        Gate.open(
            new GateSettings("127.0.0.1", 0, 10, 1024 * 1024),
            WorkerTokens.of(Map.of(), Optional.of("secret")),
            engine.system(),
            engine.entities(),
            store,
            sessions,
            Clock.systemUTC());
    agent = new HandAgent(gate.address());
    farm = new Farm(engine.entities());
  }

  @AfterEach
  void stop() throws Exception {
    agent.close();
    gate.close();
    long begin = System.nanoTime();
    engine.close();
    assertThat(Duration.ofNanos(System.nanoTime() - begin))
        .as("a clean stop")
        .isLessThan(Duration.ofSeconds(5));
  }

  static ProjectDefinition project(String text) {
    return switch (ProjectFiles.read("ahjo.yaml", text)) {
      case Reading.Valid<ProjectDefinition> valid -> valid.value();
      case Reading.Invalid<ProjectDefinition> invalid ->
          throw new AssertionError(invalid.problems().toString());
    };
  }

  static <T> T now(CompletionStage<T> stage) throws Exception {
    return stage.toCompletableFuture().get(20, TimeUnit.SECONDS);
  }

  private RequestId submit(String id) throws Exception {
    var submitted =
        now(
            farm.submit(
                new Submission(
                    new ProjectName("hello"),
                    List.of(new BuilderName("debian")),
                    Optional.empty(),
                    Optional.empty(),
                    Map.of(),
                    Map.of(),
                    0,
                    "a test",
                    "me"),
                new BuildsetId(id),
                id));
    assertThat(submitted).isInstanceOf(Farm.Submitted.Accepted.class);
    return ((Farm.Submitted.Accepted) submitted).requests().getFirst().id();
  }

  static List<StepReport> success() {
    Instant at = Instant.parse("2026-11-23T00:00:00Z");
    return List.of(
        new StepReport.PlanKept(at),
        new StepReport.StepStarted(at, 0),
        new StepReport.StepEnded(
            at,
            0,
            new StepReport.StepOutcome(
                Result.SUCCESS,
                OptionalInt.of(0),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                false,
                List.of(),
                Optional.empty(),
                0)),
        new StepReport.BuildEnded(at));
  }

  private BuildRequest.State state(RequestId request) throws Exception {
    return (BuildRequest.State) now(engine.entities().state(EntityRef.of(request)));
  }

  private BuildRequest.State.Ended ended(RequestId request) throws Exception {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
    while (true) {
      if (state(request) instanceof BuildRequest.State.Ended ended) {
        return ended;
      }
      assertThat(System.nanoTime()).as("deadline for %s", state(request)).isLessThan(deadline);
    }
  }

  @Test
  void aBuildGoesTheWholePath() throws Exception {
    now(farm.define(project(HELLO), "me"));
    agent.joins("w1", "i1");
    RequestId request = submit("bs1");
    var run = agent.hears(Protocol.RunBuild.class);
    assertThat(run.attempt().request()).isEqualTo(request);
    agent.saysUntil(
        Protocol.ReportsTaken.class,
        new Protocol.Reports(run.build(), run.attempt(), 1, success()));
    assertThat(ended(request).result()).isEqualTo(Result.SUCCESS);
  }

  @Test
  void manyBuildsOneAfterTheOtherThroughTwoSlots() throws Exception {
    now(farm.define(project(HELLO), "me"));
    agent.joins("w1", "i1");
    List<RequestId> requests = new java.util.ArrayList<>();
    for (int i = 0; i < 20; i++) {
      requests.add(submit("bs" + i));
    }
    for (int i = 0; i < 20; i++) {
      var run = agent.hears(Protocol.RunBuild.class);
      agent.says(new Protocol.Reports(run.build(), run.attempt(), 1, success()));
    }
    for (RequestId request : requests) {
      assertThat(ended(request).result()).isEqualTo(Result.SUCCESS);
    }
  }

  @Test
  void aBuildGoesOnWhenItsAgentComesBack() throws Exception {
    now(farm.define(project(HELLO), "me"));
    agent.joins("w1", "i1");
    RequestId request = submit("bs1");
    var run = agent.hears(Protocol.RunBuild.class);
    agent.saysUntil(
        Protocol.ReportsTaken.class,
        new Protocol.Reports(run.build(), run.attempt(), 1, success().subList(0, 2)));
    agent.says(new Protocol.Goodbye());
    agent.reborn();
    agent.says(
        HandAgent.hello("w1", "i1", List.of(new Protocol.Held(run.build(), run.attempt(), 2))));
    var welcome = agent.hears(Protocol.Welcome.class);
    assertThat(welcome.resume()).containsExactly(run.build());
    assertThat(welcome.stop()).isEmpty();
    agent.saysUntil(
        Protocol.ReportsTaken.class,
        new Protocol.Reports(run.build(), run.attempt(), 3, success().subList(2, 4)));
    var ended = ended(request);
    assertThat(ended.result()).isEqualTo(Result.SUCCESS);
    assertThat(ended.build()).contains(run.build());
  }

  @Test
  void aStoppedBuildIsStoppedAtItsAgent() throws Exception {
    now(farm.define(project(HELLO), "me"));
    agent.joins("w1", "i1");
    RequestId request = submit("bs1");
    var run = agent.hears(Protocol.RunBuild.class);
    agent.saysUntil(
        Protocol.ReportsTaken.class,
        new Protocol.Reports(run.build(), run.attempt(), 1, success().subList(0, 2)));
    now(farm.cancel(request, "me", "changed my mind"));
    assertThat(agent.hears(Protocol.StopBuild.class).build()).isEqualTo(run.build());
    agent.says(new Protocol.Reports(run.build(), run.attempt(), 3, success().subList(2, 4)));
    assertThat(ended(request).result()).isEqualTo(Result.CANCELLED);
  }
}
