package dev.ahjo.cluster.worker;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.ahjo.core.build.Build;
import dev.ahjo.core.buildset.Plan;
import dev.ahjo.core.id.BuildKey;
import dev.ahjo.core.id.BuildsetId;
import dev.ahjo.core.id.PoolName;
import dev.ahjo.core.id.WorkerName;
import dev.ahjo.core.kernel.EntityRef;
import dev.ahjo.core.log.StreamKey;
import dev.ahjo.core.project.RetryPolicy;
import dev.ahjo.core.worker.Protocol;
import dev.ahjo.core.worker.Worker;
import dev.ahjo.http.worker.AgentDoor;
import dev.ahjo.wire.ProtocolCodec;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.zip.GZIPOutputStream;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The gate's sessions as a stranger's agent finds them that speaks JSON. */
class SocketDoorTest {
  private static final BuildKey ONE = BuildKey.parse("zlib/debian#1");
  private static final StreamKey STDIO = new StreamKey(ONE, 0, StreamKey.Kind.LOG, "stdio");

  private final HandEntities entities = new HandEntities();
  private final MemoryStreams store = new MemoryStreams();
  private final Sessions sessions = new Sessions();
  private final ActorTestKit inner = ActorTestKit.create();
  private Gate gate;
  private AgentDoor door;

  @BeforeEach
  void openGate() throws IOException {
    gate =
        Gate.open(
            new GateSettings("127.0.0.1", 0, 10, 256 * 1024),
            WorkerTokens.of(Map.of(), Optional.of("secret")),
            inner.system(),
            entities,
            store,
            sessions,
            Clock.systemUTC());
    door = gate.webSocket();
  }

  @AfterEach
  void close() {
    gate.close();
    inner.shutdownTestKit();
  }

  /** A connection whose agent speaks JSON. */
  private final class Stranger implements AgentDoor.Peer {
    private static final ObjectMapper JSON = new ObjectMapper();
    private final LinkedBlockingQueue<JsonNode> heard = new LinkedBlockingQueue<>();
    private final AgentDoor.Visit visit = door.enter(this);

    @Override
    public void say(byte[] message, boolean text) {
      try {
        assertThat(text).isTrue();
        heard.add(JSON.readTree(message));
      } catch (IOException broken) {
        throw new AssertionError(broken);
      }
    }

    @Override
    public void close() {
      heard.add(JSON.createObjectNode().put("type", "closed"));
    }

    @Override
    public String from() {
      return "here";
    }

    void says(String json) {
      visit.hear(json.getBytes(UTF_8), true);
    }

    JsonNode hears(String type) throws InterruptedException {
      while (true) {
        JsonNode message = heard.poll(20, TimeUnit.SECONDS);
        assertThat(message).as("a " + type).isNotNull();
        if (message.path("type").asText().equals(type)) {
          return message;
        }
      }
    }

    Stranger joins() throws InterruptedException {
      says(hello("secret"));
      hears("Welcome");
      return this;
    }
  }

  private static String hello(String token) {
    return """
    {"type": "Hello", "version": 1, "worker": "w1", "instance": "i1", "token": "%s", "slots": 1,
     "pool": "default"}
    """
        .formatted(token);
  }

  private void lease() {
    var plan =
        new Plan(
            List.of(),
            Map.of(),
            Map.of(),
            Map.of(),
            Map.of(),
            RetryPolicy.DEFAULT,
            Duration.ofMinutes(10),
            List.of());
    var w1 = new WorkerName("w1");
    var body =
        new Build.Body(
            ONE, GateTest.attempt(ONE), new BuildsetId("bs"), w1, new PoolName("default"), plan);
    entities.tell(EntityRef.of(ONE), new Build.Command.Start(body));
    entities.tell(
        EntityRef.of(w1),
        new Worker.Command.LeaseSlot(ONE, GateTest.attempt(ONE), Duration.ofMinutes(10)));
    sessions.deliver(w1, new Protocol.RunBuild(ONE, GateTest.attempt(ONE), plan), () -> {});
  }

  private static String piece(long offset, int length, String encoding, byte[] bytes) {
    return """
    {"type": "AppendPiece", "piece": {
      "stream": {"build": "zlib/debian#1", "step": 0, "kind": "LOG", "name": "stdio"},
      "offset": %d, "length": %d, "encoding": "%s", "bytes": "%s"}}
    """
        .formatted(offset, length, encoding, Base64.getEncoder().encodeToString(bytes));
  }

  private static byte[] gzip(String text) throws IOException {
    var bytes = new ByteArrayOutputStream();
    try (var out = new GZIPOutputStream(bytes)) {
      out.write(text.getBytes(UTF_8));
    }
    return bytes.toByteArray();
  }

  @Test
  void aStrangerTakesABuildAndReportsIt() throws Exception {
    Stranger stranger = new Stranger().joins();
    lease();
    JsonNode run = stranger.hears("RunBuild");
    assertThat(run.path("build").asText()).isEqualTo("zlib/debian#1");
    stranger.says(
        """
        {"type": "Reports", "build": "zlib/debian#1", "attempt": "r1~1", "first": 1,
         "reports": [{"type": "PlanKept", "at": "2026-11-23T01:00:00Z"}]}
        """);
    assertThat(stranger.hears("ReportsTaken").path("last").asLong()).isEqualTo(1);
  }

  @Test
  void piecesAreStoredInEitherEncodingAndReadBackAsAsked() throws Exception {
    Stranger stranger = new Stranger().joins();
    lease();
    stranger.hears("RunBuild");
    stranger.says(piece(0, 6, "PLAIN", "hello ".getBytes(UTF_8)));
    assertThat(stranger.hears("Stored").path("offset").asLong()).isEqualTo(6);
    stranger.says(piece(6, 5, "GZIP", gzip("world")));
    assertThat(stranger.hears("Stored").path("offset").asLong()).isEqualTo(11);
    assertThat(new String(store.all(STDIO), UTF_8)).isEqualTo("hello world");
    StreamKey file = new StreamKey(ONE, 0, StreamKey.Kind.ARTIFACT, "a.txt");
    store.append(
        Pieces.chunk(
            Pieces.of(
                file, 0, "abc".getBytes(UTF_8), dev.ahjo.core.log.Piece.Encoding.PLAIN, true)));
    stranger.says(
        """
        {"type": "Fetch", "ask": 1, "offset": 1, "encoding": "PLAIN",
         "stream": {"build": "zlib/debian#1", "step": 0, "kind": "ARTIFACT", "name": "a.txt"}}
        """);
    JsonNode fetched = stranger.hears("FetchedPiece").path("piece");
    assertThat(fetched.path("bytes").binaryValue()).isEqualTo("bc".getBytes(UTF_8));
    assertThat(fetched.path("last").asBoolean()).isTrue();
  }

  @Test
  void aPieceThatIsNotWhatItSaysIsNotStored() throws Exception {
    Stranger stranger = new Stranger().joins();
    lease();
    stranger.hears("RunBuild");
    for (String lie :
        List.of(
            piece(0, 5, "PLAIN", "hello ".getBytes(UTF_8)),
            piece(0, 5, "GZIP", gzip("hello ")),
            piece(0, 5, "GZIP", gzip("x".repeat(10_000_000))),
            piece(0, 5, "GZIP", "no gzip".getBytes(UTF_8)))) {
      stranger.says(lie);
      assertThat(stranger.hears("StoreBusy").path("reason").asText()).contains("declared");
    }
    assertThat(store.appends).hasValue(0);
  }

  @Test
  void whoHasNoNameOrNoTokenIsToldAndShownOut() throws Exception {
    for (String wrong : List.of(hello("guessed"), "{}", "no json")) {
      Stranger stranger = new Stranger();
      stranger.says(wrong);
      assertThat(stranger.hears("Rejected").path("retry").asBoolean()).isFalse();
      stranger.hears("closed");
    }
    assertThat(sessions.count()).isZero();
    assertThat(entities.told).isEmpty();
  }

  @Test
  void aMessageThatOvertakesTheHelloDoesNotEndTheAgentForGood() throws Exception {
    Stranger early = new Stranger();
    early.says("{\"type\": \"Ping\"}");
    assertThat(early.hears("Rejected").path("retry").asBoolean()).isTrue();
    early.hears("closed");
    new Stranger().joins();
  }

  @Test
  void theConnectionAndTheSessionEndTogether() throws Exception {
    Stranger first = new Stranger().joins();
    Stranger second = new Stranger().joins();
    assertThat(first.hears("Rejected").path("reason").asText()).contains("another session");
    first.hears("closed");
    var gone = new LinkedBlockingQueue<String>();
    sessions.welcome().forEach(open -> sessions.watch(open.id(), () -> gone.add("gone")));
    second.visit.left();
    assertThat(gone.poll(20, TimeUnit.SECONDS)).isEqualTo("gone");
  }

  @Test
  void aSecondHelloOnTheSameConnectionIsANewSession() throws Exception {
    Stranger stranger = new Stranger();
    stranger.says(hello("secret"));
    String first = stranger.hears("Welcome").path("session").asText();
    stranger.says(hello("secret"));
    String second = stranger.hears("Welcome").path("session").asText();
    assertThat(second).isGreaterThan(first);
    assertThat(stranger.heard).noneMatch(m -> m.path("type").asText().equals("closed"));
  }

  @Test
  void aGateThatClosesSendsItsAgentsElsewhere() throws Exception {
    Stranger stranger = new Stranger().joins();
    gate.drain();
    JsonNode rejected = stranger.hears("Rejected");
    assertThat(rejected.path("retry").asBoolean()).isTrue();
    assertThat(rejected.path("reason").asText()).contains("another");
    stranger.hears("closed");
    Stranger late = new Stranger();
    late.says(hello("secret"));
    assertThat(late.hears("Rejected").path("retry").asBoolean()).isTrue();
  }

  @Test
  void bothFormsOfAMessageAreTheSame() throws Exception {
    var ping = new Protocol.Ping();
    for (ProtocolCodec.Form form : ProtocolCodec.Form.values()) {
      byte[] bytes = ProtocolCodec.encode((Protocol.ToGate) ping, form);
      assertThat(ProtocolCodec.toGate(bytes, form)).isEqualTo(ping);
    }
  }
}
