package dev.ahjo.worker;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.ConfigFactory;
import dev.ahjo.core.id.PoolName;
import dev.ahjo.core.id.WorkerName;
import dev.ahjo.core.worker.Protocol.Ping;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import org.apache.pekko.actor.ActorSystem;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Gates that are joined by another name than the one they know themselves by. */
class GateNamesTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  @TempDir Path folder;

  private static List<String> next(GateNames names, int times) {
    return IntStream.range(0, times).mapToObj(_ -> names.next(0)).toList();
  }

  @Test
  void eachNameHasItsTurnUntilOneIsAnswered() {
    var names = new GateNames("localhost", Duration.ofSeconds(10));
    assertThat(next(names, 5))
        .containsExactly("127.0.0.1", "127.0.0.1", "localhost", "localhost", "127.0.0.1");
    assertThat(names.wantsMore()).isTrue();
    assertThat(names.wantsMore()).as("asked once").isFalse();
    names.learn(List.of("[::1]", "localhost", "ip6-localhost"));
    assertThat(names.all()).containsExactly("127.0.0.1", "localhost", "[::1]", "ip6-localhost");
    assertThat(names.atAnEnd(10_000_000_000L)).as("the new ones have their turn, too").isFalse();
    assertThat(next(names, 4)).contains("[::1]", "ip6-localhost");
    assertThat(names.atAnEnd(9_999_999_999L)).as("it may be slow").isFalse();
    assertThat(names.atAnEnd(10_000_000_000L)).isTrue();
    names.answered("localhost");
    assertThat(names.atAnEnd(10_000_000_000L)).isFalse();
    assertThat(next(names, 10)).containsOnly("localhost");
    assertThat(next(names, 8)).as("a gate may come back by another name").containsAll(names.all());
  }

  @Test
  void aNameThatPeopleWroteIsTriedFirstAndNoMoreThanAFew() {
    var names = new GateNames("gate.example.org", Duration.ofSeconds(10));
    assertThat(names.next(0)).isEqualTo("gate.example.org");
    names.learn(IntStream.range(0, 20).mapToObj(i -> "10.0.0." + i).toList());
    assertThat(names.all()).hasSize(GateNames.MOST).startsWith("gate.example.org");
  }

  @Test
  void theLoopbackIsKnownByItsUsualNames() {
    assertThat(GateNames.look("127.0.0.1")).contains("127.0.0.1", "localhost");
  }

  private AgentSettings settings(String gate) {
    return AgentSettings.of(
        new WorkerName("w1"),
        folder.resolve("agent"),
        List.of(URI.create(gate)),
        "secret",
        1,
        Set.of(),
        new PoolName("default"));
  }

  @Test
  @Tag("processes")
  void localhostWillDoForAGateOnTheLoopback() throws Exception {
    var gate = new FakeGate();
    try (var door = new RemotingGate(gate, 0);
        Agent agent = Agent.start(settings("pekko://localhost:" + door.port()))) {
      gate.await(PATIENCE, "a session", agent::connected);
    }
  }

  @Test
  @Tag("processes")
  void anAgentThatNobodyHearsComesBackAtThePortThatPeopleChose() throws Exception {
    Bind bind;
    try (var free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      bind = new Bind("127.0.0.1", free.getLocalPort());
    }
    var troubles = new LinkedBlockingQueue<String>();
    try (var door = new RemotingGate(new FakeGate(), 0);
        var way =
            new RemotingWay(
                settings("pekko://unused:1").withBind(bind), Way.ear(_ -> {}, troubles::add))) {
      URI gate = URI.create("pekko://127.0.0.1:" + door.port());
      for (int i = 0; i <= RemotingWay.FRESH_AFTER; i++) {
        way.dial(gate);
      }
      long deadline = System.nanoTime() + PATIENCE.toNanos();
      while (door.heardLast() == 0) {
        assertThat(System.nanoTime()).isLessThan(deadline);
        way.dial(gate);
        way.send(new Ping());
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(500));
      }
      assertThat(troubles).isEmpty();
      try (var socket = new Socket("127.0.0.1", bind.port())) {
        assertThat(socket.isConnected()).isTrue();
      }
    }
  }

  /** Who takes half a second without an answer for an answer. */
  private AgentSettings hasty(String gate) {
    AgentSettings usual = settings(gate);
    var timing =
        new AgentSettings.Timing(
            usual.timing().heartbeat(),
            Duration.ofMillis(500),
            usual.timing().firstBackoff(),
            usual.timing().maxBackoff(),
            usual.timing().resend(),
            usual.timing().stopGrace());
    return new AgentSettings(
        usual.name(),
        usual.folder(),
        usual.gates(),
        usual.token(),
        usual.slots(),
        usual.labels(),
        usual.pool(),
        usual.bind(),
        usual.tls(),
        timing,
        usual.limits());
  }

  private String whyNot(String gate) throws Exception {
    var reasons = new LinkedBlockingQueue<String>();
    RemotingWay way = new RemotingWay(hasty(gate), Way.ear(_ -> {}, reasons::add));
    try {
      long deadline = System.nanoTime() + PATIENCE.toNanos();
      String why = null;
      while (why == null && System.nanoTime() - deadline < 0) {
        way.dial(URI.create(gate));
        way.send(new Ping());
        why = reasons.poll(100, TimeUnit.MILLISECONDS);
      }
      return String.valueOf(why);
    } finally {
      way.close();
    }
  }

  @Test
  @Tag("processes")
  void whoIsNotHeardByAnyNameIsToldWhatToJoin() throws Exception {
    ActorSystem known =
        ActorSystem.create(
            "gate",
            ConfigFactory.parseString(
                    """
                    pekko.remote.artery.canonical { hostname = "gate.example.invalid", port = 0 }
                    pekko.remote.artery.bind.hostname = "127.0.0.1"
                    """)
                .withFallback(ConfigFactory.parseResources(RemotingWay.class, "agent.conf"))
                .withFallback(ConfigFactory.defaultReference())
                .resolve());
    try {
      Object port = known.provider().getDefaultAddress().port().get();
      assertThat(whyNot("pekko://127.0.0.1:" + port))
          .startsWith("somebody listens at pekko://127.0.0.1:" + port)
          .contains("names 127.0.0.1", "localhost", "GET /api/v1/cluster", "TLS");
    } finally {
      known.terminate();
      known.getWhenTerminated().toCompletableFuture().get(20, TimeUnit.SECONDS);
    }
  }

  @Test
  @Tag("processes")
  void aPortWhereNobodyListensIsNamed() throws Exception {
    int free;
    try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      free = socket.getLocalPort();
    }
    assertThat(whyNot("pekko://127.0.0.1:" + free))
        .isEqualTo("nobody listens at pekko://127.0.0.1:" + free);
  }
}
