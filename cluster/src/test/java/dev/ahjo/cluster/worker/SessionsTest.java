package dev.ahjo.cluster.worker;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.ConfigFactory;
import dev.ahjo.core.id.BuildKey;
import dev.ahjo.core.id.SessionId;
import dev.ahjo.core.id.WorkerName;
import dev.ahjo.core.worker.Protocol;
import dev.ahjo.core.worker.Protocol.ToAgent;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
import java.util.stream.StreamSupport;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorRefResolver;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.cluster.MemberStatus;
import org.apache.pekko.cluster.typed.Cluster;
import org.apache.pekko.cluster.typed.Down;
import org.apache.pekko.cluster.typed.Join;
import org.apache.pekko.cluster.typed.Leave;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Three nodes of a real cluster, with nothing but their sessions. */
@Tag("processes")
class SessionsTest {
  private static final List<Place> nodes = new ArrayList<>();
  private static final AtomicInteger NAMED = new AtomicInteger();

  /** Enough of them that every node is the directory of some. */
  private final List<WorkerName> workers =
      IntStream.range(0, 20).mapToObj(_ -> new WorkerName("w" + NAMED.incrementAndGet())).toList();

  /** One node. */
  private static final class Place {
    final ActorSystem<Void> system =
        ActorSystem.create(Behaviors.empty(), "ahjo", ConfigFactory.load("ahjo-node"));
    final Cluster cluster = Cluster.get(system);
    final Sessions sessions = new Sessions();
    @Nullable SessionIds ids;

    void join(Place first, Duration tick) {
      cluster.manager().tell(Join.create(first.cluster.selfMember().address()));
      sessions.connect(system, tick);
      ids = new SessionIds(Clock.systemUTC(), sessions.node());
    }

    long sees() {
      return StreamSupport.stream(cluster.state().getMembers().spliterator(), false)
          .filter(m -> m.status().equals(MemberStatus.up()))
          .count();
    }

    /** As a node does that takes these workers for another's in the view that it has just then. */
    void forgets(List<Session> all) {
      ActorRef<SessionDesk.In> desk =
          ActorRefResolver.get(system)
              .resolveActorRef(cluster.selfMember().address() + "/system/" + SessionDesk.NAME);
      desk.tell(
          new Letter.Over(
              all.stream().map(s -> new Letter.Place(s.open.worker(), s.id())).toList()));
    }

    Session opens(WorkerName worker) {
      return new Session(this, worker);
    }
  }

  /** A session that keeps what it is handed. */
  private static final class Session {
    final List<ToAgent> heard = new CopyOnWriteArrayList<>();
    final List<String> ended = new CopyOnWriteArrayList<>();
    final Sessions.Open open;

    Session(Place at, WorkerName worker) {
      this(at, worker, Objects.requireNonNull(at.ids).next());
    }

    Session(Place at, WorkerName worker, SessionId id) {
      open =
          at.sessions.open(
              id,
              worker,
              "i1",
              heard::add,
              (why, tellAgent) -> ended.add((tellAgent ? "told: " : "untold: ") + why));
    }

    Session welcome() {
      open.welcome();
      return this;
    }

    SessionId id() {
      return open.id();
    }
  }

  @BeforeAll
  static void start() {
    for (int i = 0; i < 3; i++) {
      nodes.add(new Place());
    }
    nodes.forEach(node -> node.join(nodes.getFirst(), SessionDesk.TICK));
    all("three are up", 3);
  }

  private static void all(String what, int up) {
    until(what, () -> nodes.stream().allMatch(n -> n.sees() == up));
  }

  /** One more node, for a test that loses it. */
  private static Place fourth() {
    Place node = new Place();
    node.join(nodes.getFirst(), Duration.ofMillis(20));
    all("the fourth is up", 4);
    until("it knows the others", () -> node.sees() == 4);
    return node;
  }

  private static void end(Place node) throws Exception {
    node.system.terminate();
    node.system.getWhenTerminated().toCompletableFuture().get(20, TimeUnit.SECONDS);
  }

  @AfterAll
  static void stop() throws Exception {
    nodes.forEach(node -> node.system.terminate());
    for (Place node : nodes) {
      end(node);
    }
    nodes.clear();
  }

  private static void until(String what, BooleanSupplier holds) {
    long deadline = System.nanoTime() + Duration.ofSeconds(20).toNanos();
    while (!holds.getAsBoolean()) {
      assertThat(System.nanoTime()).as("deadline for: " + what).isLessThan(deadline);
      LockSupport.parkNanos(1_000_000);
    }
  }

  private static Protocol.StopBuild order(int number) {
    return new Protocol.StopBuild(BuildKey.parse("zlib/debian#" + number), "", false);
  }

  /** As a duty does: says it again until it has arrived. */
  private static void delivered(Place from, WorkerName worker, int number, Session to) {
    var due = new AtomicInteger();
    until(
        order(number) + " arrives",
        () -> {
          if (due.getAndIncrement() % 500 == 0) {
            from.sessions.deliver(worker, order(number), () -> due.set(0));
          }
          return to.heard.contains(order(number));
        });
  }

  @Test
  void whatAnyNodeSaysReachesTheWorkerAtItsOwn() {
    List<Session> all =
        workers.stream()
            .map(w -> nodes.get(Math.floorMod(w.hashCode(), 3)).opens(w).welcome())
            .toList();
    for (int i = 0; i < all.size(); i++) {
      for (int n = 0; n < 3; n++) {
        delivered(nodes.get(n), workers.get(i), 10 * i + n + 1, all.get(i));
      }
    }
    for (int i = 0; i < all.size(); i++) {
      int own = i;
      assertThat(all.get(i).heard)
          .as("of others' orders nothing")
          .allMatch(m -> ((Protocol.StopBuild) m).build().number() / 10 == own);
    }
  }

  @Test
  void whoWaitsIsToldWhenTheWorkerComesAnywhere() {
    int told = 0;
    for (WorkerName worker : workers) {
      var back = new AtomicInteger();
      nodes.get(0).sessions.deliver(worker, order(1), back::incrementAndGet);
      Session session = nodes.get(1).opens(worker);
      assertThat(back).as("not yet welcome").hasValue(0);
      session.welcome();
      // An order that was still on its way when the worker came finds it there.
      until("told of " + worker, () -> back.get() > 0 || session.heard.contains(order(1)));
      told += back.get();
    }
    assertThat(told).isPositive();
  }

  @Test
  void anOlderSessionAtAnotherGateGivesWay() {
    for (WorkerName worker : workers) {
      Session older = nodes.get(1).opens(worker).welcome();
      delivered(nodes.get(0), worker, 1, older);
      Session newer = nodes.get(2).opens(worker).welcome();
      until("the older one is told", () -> !older.ended.isEmpty());
      assertThat(older.ended.getFirst()).startsWith("told: another session");
      older.open.end();
      delivered(nodes.get(0), worker, 2, newer);
      delivered(nodes.get(1), worker, 3, newer);
      assertThat(newer.ended).isEmpty();
      assertThat(older.heard).doesNotContain(order(2), order(3));
    }
  }

  @Test
  void whoWatchesIsToldOfTheEndAndOnlyThen() {
    Session session = nodes.get(1).opens(workers.getFirst()).welcome();
    Session other = nodes.get(1).opens(workers.getLast());
    var gone = new AtomicInteger();
    var otherGone = new AtomicInteger();
    nodes.get(0).sessions.watch(session.id(), gone::incrementAndGet);
    nodes.get(0).sessions.watch(other.id(), otherGone::incrementAndGet).close();
    delivered(nodes.get(0), workers.getFirst(), 1, session);
    assertThat(gone).hasValue(0);
    session.open.end();
    other.open.end();
    until("told of the end", () -> gone.get() == 1);
    // The next is over before it is watched, and tells that all letters before it have come.
    nodes.get(0).sessions.watch(session.id(), gone::incrementAndGet);
    until("told at once", () -> gone.get() == 2);
    assertThat(otherGone).as("who no longer watches").hasValue(0);
  }

  @Test
  void aSessionOfANodeThatNobodyKnowsIsOver() {
    var gone = new AtomicInteger();
    var stranger = new SessionIds(Clock.systemUTC(), 4711).next();
    nodes.get(0).sessions.watch(stranger, gone::incrementAndGet);
    until("told", () -> gone.get() == 1);
  }

  @Test
  void aDirectoryLearnsAgainWhatItForgotAndTheSessionsOfANodeThatIsGoneAreOver() throws Exception {
    Place dying = fourth();
    List<Session> lost = workers.stream().map(w -> dying.opens(w).welcome()).toList();
    var gone = new AtomicInteger();
    lost.forEach(s -> nodes.get(0).sessions.watch(s.id(), gone::incrementAndGet));
    for (int i = 0; i < lost.size(); i++) {
      delivered(nodes.get(0), workers.get(i), i + 1, lost.get(i));
    }
    assertThat(gone).hasValue(0);

    nodes.forEach(node -> node.forgets(lost));
    dying.forgets(lost);
    for (int i = 0; i < lost.size(); i++) {
      delivered(nodes.get(0), workers.get(i), 50 + i, lost.get(i));
    }

    nodes.get(0).cluster.manager().tell(Down.apply(dying.cluster.selfMember().address()));
    until("all are over", () -> gone.get() == lost.size());
    for (int i = 0; i < lost.size(); i++) {
      Session anew = nodes.get(i % 2).opens(workers.get(i)).welcome();
      delivered(nodes.get((i + 1) % 2), workers.get(i), 100 + i, anew);
    }
    all("it is forgotten", 3);
    end(dying);
  }

  @Test
  void aDirectoryThatLeavesIsReplaced() throws Exception {
    Place leaving = fourth();
    List<Session> all = workers.stream().map(w -> nodes.get(0).opens(w).welcome()).toList();
    for (int i = 0; i < all.size(); i++) {
      delivered(leaving, workers.get(i), 100 + i, all.get(i));
    }
    leaving.cluster.manager().tell(Leave.create(leaving.cluster.selfMember().address()));
    all("it has left", 3);
    for (int i = 0; i < all.size(); i++) {
      delivered(nodes.get(1), workers.get(i), i + 1, all.get(i));
      assertThat(all.get(i).ended).isEmpty();
    }
    end(leaving);
  }

  @Test
  void anAgentThatSaysHelloAgainBeforeItsWelcomeHasOneSession() {
    Session first = nodes.get(0).opens(workers.getFirst());
    Session second = nodes.get(0).opens(workers.getFirst());
    assertThat(first.ended).containsExactly("untold: its agent said Hello again");
    assertThat(second.welcome().ended).isEmpty();
  }

  @Test
  void ofTwoHellosThatOvertakeEachOtherTheLaterCounts() {
    Place node = nodes.getFirst();
    SessionId earlier = Objects.requireNonNull(node.ids).next();
    Session second = node.opens(workers.getFirst());
    Session first = new Session(node, workers.getFirst(), earlier);
    assertThat(first.ended).containsExactly("untold: its agent said Hello again");
    assertThat(second.ended).isEmpty();
    assertThat(second.welcome().ended).isEmpty();
  }
}
