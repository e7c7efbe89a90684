package dev.ahjo.cluster;

import static dev.ahjo.cluster.EngineTest.now;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import dev.ahjo.cluster.membership.Membership;
import dev.ahjo.cluster.membership.Seeds;
import dev.ahjo.cluster.worker.Sessions;
import dev.ahjo.core.Farm;
import dev.ahjo.core.buildset.Submission;
import dev.ahjo.core.id.BuilderName;
import dev.ahjo.core.id.BuildsetId;
import dev.ahjo.core.id.ProjectName;
import dev.ahjo.core.kernel.EntityRef;
import dev.ahjo.core.port.Entities.Answer;
import dev.ahjo.core.project.Project;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.apache.pekko.cluster.typed.Cluster;
import org.apache.pekko.cluster.typed.Down;
import org.apache.pekko.cluster.typed.Join;
import org.apache.pekko.serialization.SerializationExtension;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Real entities on several nodes in one JVM, over remoting and a journal that they share. */
@Tag("processes")
@Timeout(value = 3, unit = TimeUnit.MINUTES)
class SeveralNodesTest {
  private static final Set<String> ALL = Set.of("engine", "gate", "web");
  private static final int PROJECTS = 60;

  /** A node that ends without a word to the others, as far as one JVM allows. */
  private static final Config DIES_SILENTLY =
      ConfigFactory.parseString(
          "pekko.coordinated-shutdown.run-by-actor-system-terminate = off\n"
              + "pekko.coordinated-shutdown.run-by-jvm-shutdown-hook = off\n");

  private final Map<Integer, Engine> open = new HashMap<>();
  private final Map<Integer, CountDownLatch> lost = new HashMap<>();
  private List<Integer> ports = List.of();

  @BeforeEach
  void findPorts() throws IOException {
    SharedJournal.clear();
    List<ServerSocket> sockets = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      sockets.add(new ServerSocket(0, 1, InetAddress.getLoopbackAddress()));
    }
    ports = sockets.stream().map(ServerSocket::getLocalPort).toList();
    for (ServerSocket socket : sockets) {
      socket.close();
    }
  }

  @AfterEach
  void close() {
    open.values().stream()
        .map(e -> Thread.ofVirtual().start(e::close))
        .toList()
        .forEach(t -> {
          try {
            t.join();
          } catch (InterruptedException stop) {
            Thread.currentThread().interrupt();
          }
        });
  }

  /** The {@code i}-th of three seeds; further ones are guests. */
  private Engine node(int i, Set<String> roles) throws IOException {
    var gone = new CountDownLatch(1);
    lost.put(i, gone);
    var place =
        new Engine.Place(
            "n" + i,
            "127.0.0.1",
            i < 3 ? ports.get(i) : 0,
            "127.0.0.1",
            roles,
            new Seeds.Listed(ports.stream().map(p -> new Seeds.Place("127.0.0.1", p)).toList()),
            Optional.empty());
    Engine engine =
        Engine.start(
            place,
            DIES_SILENTLY.withFallback(ConfigFactory.parseString(SharedJournal.CONFIG)),
            new Sessions(),
            Clock.systemUTC(),
            gone::countDown);
    engine.join();
    open.put(i, engine);
    return engine;
  }

  private static void await(String what, Duration patience, Callable<Boolean> holds)
      throws Exception {
    long deadline = System.nanoTime() + patience.toNanos();
    while (!holds.call()) {
      assertThat(System.nanoTime()).as("deadline for " + what).isLessThan(deadline);
      new CompletableFuture<Void>().completeOnTimeout(null, 20, TimeUnit.MILLISECONDS).join();
    }
  }

  private void awaitUp(int... nodes) throws Exception {
    await(
        "a cluster of " + nodes.length,
        Duration.ofSeconds(30),
        () ->
            Arrays.stream(nodes)
                .mapToObj(open::get)
                .map(Engine::membership)
                .allMatch(m ->
                    m.nodes().size() == nodes.length
                        && m.nodes().stream().map(Membership.Node::state).allMatch("up"::equals)));
  }

  private static ProjectName name(int i) {
    return new ProjectName("p" + i);
  }

  private static void defineAll(Engine through) throws Exception {
    Farm farm = new Farm(through.entities());
    List<CompletableFuture<?>> all = new ArrayList<>();
    for (int i = 0; i < PROJECTS; i++) {
      String text = "project: p" + i + "\nbuilders:\n  b:\n    steps:\n      - run: make\n";
      all.add(farm.define(EngineTest.project(text), "me").toCompletableFuture());
    }
    CompletableFuture.allOf(all.toArray(CompletableFuture[]::new)).get(30, TimeUnit.SECONDS);
  }

  /** How long until every project has answered through this node. */
  private static Duration allAnswer(Engine through) throws Exception {
    long begin = System.nanoTime();
    List<CompletableFuture<Object>> all = new ArrayList<>();
    for (int i = 0; i < PROJECTS; i++) {
      all.add(through.entities().state(EntityRef.of(name(i))).toCompletableFuture());
    }
    for (int i = 0; i < PROJECTS; i++) {
      Object state;
      try {
        state = all.get(i).get(30, TimeUnit.SECONDS);
      } catch (ExecutionException tooLate) {
        // As a client does that is answered 503.
        state = now(through.entities().state(EntityRef.of(name(i))));
      }
      assertThat(state).isInstanceOf(Project.State.Defined.class);
    }
    return Duration.ofNanos(System.nanoTime() - begin);
  }

  private Engine engine(int node) {
    return Objects.requireNonNull(open.get(node));
  }

  private Engine remove(int node) {
    return Objects.requireNonNull(open.remove(node));
  }

  private void dies(int node) throws Exception {
    var system = remove(node).system();
    system.terminate();
    system.getWhenTerminated().toCompletableFuture().get(10, TimeUnit.SECONDS);
  }

  private static int sum(Collection<Engine> engines) {
    return engines.stream().mapToInt(Engine::awake).sum();
  }

  @Test
  void entitiesMoveWhenNodesComeLeaveAndDie() throws Exception {
    for (int i = 0; i < 3; i++) {
      node(i, ALL);
    }
    Engine web = node(3, Set.of("web"));
    awaitUp(0, 1, 2, 3);
    defineAll(web);
    allAnswer(engine(1));
    assertThat(web.awake()).as("entities beside the engines").isZero();
    int all = sum(open.values());
    for (int i = 0; i < 3; i++) {
      assertThat(engine(i).awake())
          .as("of %s entities on three nodes, those of node %s", all, i)
          .isBetween(all / 3 - all / 6, all / 3 + all / 6);
    }
    assertThat(web.membership().nodes())
        .contains(
            new Membership.Node(
                "n0", "127.0.0.1:" + ports.get(0), List.of("engine", "gate", "web"), "up"));

    long begin = System.nanoTime();
    dies(2);
    Duration elsewhere = allAnswer(web);
    assertThat(elsewhere)
        .as("until all entities answer elsewhere")
        .isLessThan(Duration.ofSeconds(15));
    await(
        "all entities on two nodes",
        Duration.ofSeconds(15),
        () -> sum(open.values()) >= all && engine(0).membership().nodes().size() == 3);
    System.err.printf(
        "Killed: all answer after %s ms, all awake after %s ms%n",
        elsewhere.toMillis(), (System.nanoTime() - begin) / 1_000_000);

    node(2, ALL);
    awaitUp(0, 1, 2, 3);
    await("entities on the new node", Duration.ofSeconds(30), () -> engine(2).awake() > all / 6);

    begin = System.nanoTime();
    Engine leaves = remove(0);
    Thread leaving = Thread.ofVirtual().start(leaves::close);
    Duration slowest = Duration.ZERO;
    while (leaving.isAlive()) {
      Duration took = allAnswer(web);
      slowest = took.compareTo(slowest) > 0 ? took : slowest;
    }
    Duration left = Duration.ofNanos(System.nanoTime() - begin);
    System.err.printf("Left in %s ms; slowest answer %s ms%n", left.toMillis(), slowest.toMillis());
    assertThat(left).as("a node's leave").isLessThan(Duration.ofSeconds(10));
    assertThat(slowest).as("the slowest answer meanwhile").isLessThan(Duration.ofSeconds(5));
    assertThat(allAnswer(web)).isLessThan(Duration.ofSeconds(5));
  }

  @Test
  void aNodeFormsNoClusterWithoutTheOthersAndJoinsTheirs() throws Exception {
    Engine first = node(0, ALL);
    await(
        "a seed that says what it waits for",
        Duration.ofSeconds(10),
        () -> first.membership().trouble().orElse("").contains("2 of 3 seeds must agree"));
    // Longer than it takes two to agree.
    new CompletableFuture<Void>().completeOnTimeout(null, 3, TimeUnit.SECONDS).join();
    assertThat(first.membership().nodes()).isEmpty();

    // Even if it had been elected, and then cut off from the other seeds with a gate beside it.
    var itself = Cluster.get(first.system());
    itself.manager().tell(Join.create(itself.selfMember().address()));
    Engine gate = node(3, Set.of("gate"));
    await(
        "two nodes that know each other",
        Duration.ofSeconds(20),
        () -> gate.membership().nodes().size() == 2 && first.membership().nodes().size() == 2);
    // The leader would let both be up within a second.
    new CompletableFuture<Void>().completeOnTimeout(null, 2, TimeUnit.SECONDS).join();
    assertThat(first.membership().nodes())
        .extracting(Membership.Node::state)
        .as("one engine of three seeds is not active with a gate")
        .containsOnly("joining");
    node(1, ALL);
    awaitUp(0, 1, 3);
    node(2, ALL);
    awaitUp(0, 1, 2, 3);
    assertThat(first.membership().trouble()).isEmpty();
    theLongestProjectIsDefinedAndBuiltThrough(gate);

    // Taken out by the others, it knows that it must begin anew.
    Cluster others = Cluster.get(engine(0).system());
    others.manager().tell(new Down(Cluster.get(engine(2).system()).selfMember().address()));
    assertThat(Objects.requireNonNull(lost.get(2)).await(20, TimeUnit.SECONDS))
        .as("a downed node ends")
        .isTrue();
    open.remove(2);
    awaitUp(0, 1, 3);
  }

  /** Asked again for a minute, as a client does that is answered 503. */
  private static <T> T answered(Supplier<CompletionStage<T>> asked) throws Exception {
    long deadline = System.nanoTime() + Duration.ofMinutes(1).toNanos();
    while (true) {
      try {
        return now(asked.get());
      } catch (ExecutionException tooLate) {
        assertThat(System.nanoTime()).as("deadline after %s", tooLate).isLessThan(deadline);
      }
    }
  }

  /** The node has no entities, so that all crosses to another. */
  private static void theLongestProjectIsDefinedAndBuiltThrough(Engine other) throws Exception {
    Farm farm = new Farm(other.entities());
    // In each builder, and too far apart to be packed.
    byte[] noise = new byte[75_000];
    new Random(1).nextBytes(noise);
    var text = new StringBuilder("project: longest\ndefaults: {env: {NOISE: ");
    text.append(Base64.getEncoder().encodeToString(noise)).append("}}\nbuilders:\n");
    for (int i = 0; i < 38; i++) {
      text.append("  b%d: {steps: [{run: make}]}\n".formatted(i));
    }
    var definition = EngineTest.project(text.toString());
    assertThat(answered(() -> farm.define(definition, "me"))).isInstanceOf(Answer.Done.class);
    var submission =
        new Submission(
            new ProjectName("longest"),
            IntStream.range(0, 38).mapToObj(i -> new BuilderName("b" + i)).toList(),
            Optional.empty(),
            Optional.empty(),
            Map.of(),
            Map.of(),
            0,
            "a test",
            "me");
    assertThat(answered(() -> farm.submit(submission, new BuildsetId("longest"), "longest")))
        .isInstanceOf(Farm.Submitted.Accepted.class);
  }

  /** The others left in order, the one that had given the shards their homes among them. */
  @Test
  void theLastEngineTakesInWhatNobodyHasAskedForYet() throws Exception {
    node(0, ALL);
    node(1, ALL);
    awaitUp(0, 1);
    Cluster first = Cluster.get(engine(0).system());
    Cluster second = Cluster.get(engine(1).system());
    boolean firstIsOlder = first.selfMember().isOlderThan(second.selfMember());
    remove(firstIsOlder ? 0 : 1).close();
    Engine last = engine(firstIsOlder ? 1 : 0);
    await(
        "a node that is alone",
        Duration.ofSeconds(15),
        () -> last.membership().nodes().size() == 1 && last.membership().trouble().isEmpty());
    defineAll(last);
    allAnswer(last);
  }

  /** As systemd starts it again: the others have not noticed that it was gone. */
  @Test
  void aNodeThatComesBackAtOnceIsTakenIn() throws Exception {
    node(0, ALL);
    node(1, ALL);
    node(2, ALL);
    awaitUp(0, 1, 2);
    dies(2);
    long begin = System.nanoTime();
    node(2, ALL);
    await(
        "a node that is up again",
        Duration.ofSeconds(30),
        () -> engine(2).membership().trouble().isEmpty());
    System.err.printf("Back at once: up after %s ms%n", (System.nanoTime() - begin) / 1_000_000);
    awaitUp(0, 1, 2);
  }

  private record Serializable(String text) implements java.io.Serializable {}

  @Test
  void nodesDoNotSpeakInJavaObjects() throws Exception {
    node(0, ALL);
    var serialization =
        SerializationExtension.get(
            org.apache.pekko.actor.typed.javadsl.Adapter.toClassic(engine(0).system()));
    assertThatThrownBy(() -> serialization.serialize(new Serializable("x")).get())
        .hasMessageContaining("Attempted to serialize message using Java serialization");
    assertThatThrownBy(() -> serialization.deserialize(new byte[] {1, 2, 3}, 1, "").get())
        .hasMessageContaining("Java serialization");
  }
}
