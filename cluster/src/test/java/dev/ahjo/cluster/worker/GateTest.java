package dev.ahjo.cluster.worker;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.github.luben.zstd.Zstd;
import dev.ahjo.core.build.Build;
import dev.ahjo.core.buildset.Plan;
import dev.ahjo.core.id.Attempt;
import dev.ahjo.core.id.BuildKey;
import dev.ahjo.core.id.BuildsetId;
import dev.ahjo.core.id.PoolName;
import dev.ahjo.core.id.RequestId;
import dev.ahjo.core.id.SessionId;
import dev.ahjo.core.id.WorkerName;
import dev.ahjo.core.kernel.EntityRef;
import dev.ahjo.core.log.Chunk;
import dev.ahjo.core.log.StreamKey;
import dev.ahjo.core.port.Entities.Answer;
import dev.ahjo.core.project.RetryPolicy;
import dev.ahjo.core.step.StepReport;
import dev.ahjo.core.worker.Protocol;
import dev.ahjo.core.worker.Worker;
import dev.ahjo.wire.ArtifactList;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.typed.javadsl.Adapter;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The gate and agents that are moved by hand, over real remoting on loopback. */
class GateTest {
  private static final BuildKey ONE = BuildKey.parse("zlib/debian#1");
  private static final BuildKey TWO = BuildKey.parse("zlib/debian#2");
  private static final BuildKey FOREIGN = BuildKey.parse("glib/debian#1");
  private static final WorkerName W1 = new WorkerName("w1");

  private final List<AutoCloseable> open = new ArrayList<>();
  private final HandEntities entities = new HandEntities();
  private final MemoryStreams store = new MemoryStreams();
  private final Sessions sessions = new Sessions();
  private final AtomicLong skipped = new AtomicLong();
  private final ActorTestKit inner = ActorTestKit.create();
  private Gate gate;

  @BeforeEach
  void openGate() throws IOException {
    gate = gate(new GateSettings("127.0.0.1", 0, 10, 1024 * 1024));
  }

  private final AtomicReference<WorkerTokens> tokens =
      new AtomicReference<>(
          WorkerTokens.of(Map.of(new WorkerName("guarded"), "own"), Optional.of("secret")));

  private Gate gate(GateSettings settings) throws IOException {
    return Gate.open(
        settings,
        (name, token) -> tokens.get().check(name, token),
        inner.system(),
        entities,
        store,
        sessions,
        Clock.systemUTC(),
        () -> System.nanoTime() + skipped.get());
  }

  @AfterEach
  void close() throws Exception {
    for (AutoCloseable each : open) {
      each.close();
    }
    gate.close();
    inner.shutdownTestKit();
  }

  private HandAgent agent() {
    HandAgent agent = new HandAgent(gate.address());
    open.add(agent);
    return agent;
  }

  static Attempt attempt(BuildKey build) {
    return new Attempt(new RequestId("r" + build.number()), 1);
  }

  /** The worker holds the build's lease, and its entity and the build's know it. */
  private void lease(BuildKey build, String worker) {
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
    var body =
        new Build.Body(
            build,
            attempt(build),
            new BuildsetId("bs"),
            new WorkerName(worker),
            new PoolName("default"),
            plan);
    entities.tell(EntityRef.of(build), new Build.Command.Start(body));
    entities.tell(
        EntityRef.of(new WorkerName(worker)),
        new Worker.Command.LeaseSlot(build, attempt(build), Duration.ofMinutes(10)));
    sessions.deliver(
        new WorkerName(worker), new Protocol.RunBuild(build, attempt(build), plan), () -> {});
  }

  private static Protocol.Reports reports(BuildKey build, long first, StepReport... reports) {
    return new Protocol.Reports(build, attempt(build), first, List.of(reports));
  }

  private static final StepReport KEPT = new StepReport.PlanKept(Instant.EPOCH);
  private static final StepReport ENDED = new StepReport.BuildEnded(Instant.EPOCH);

  private static StreamKey log(BuildKey build, String name) {
    return new StreamKey(build, 0, StreamKey.Kind.LOG, name);
  }

  private static Protocol.Append append(StreamKey stream, long offset, String text, boolean last) {
    byte[] plain = text.getBytes(UTF_8);
    return new Protocol.Append(new Chunk(stream, offset, plain.length, Zstd.compress(plain), last));
  }

  private static void until(String what, BooleanSupplier holds) {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
    while (!holds.getAsBoolean()) {
      assertThat(System.nanoTime()).as("deadline for: " + what).isLessThan(deadline);
      LockSupport.parkNanos(1_000_000);
    }
  }

  @Test
  void anAgentIsWelcomeAndLearnsWhichOfItsBuildsGoOn() throws Exception {
    HandAgent agent = agent();
    Protocol.Welcome first = agent.joins("w1", "i1");
    assertThat(first.resume()).isEmpty();
    lease(ONE, "w1");
    assertThat(agent.hears(Protocol.RunBuild.class).build()).isEqualTo(ONE);
    Protocol.Welcome second = agent.joins("w1", "i1", ONE, TWO);
    assertThat(second.resume()).containsExactly(ONE);
    assertThat(second.stop()).containsExactly(TWO);
    assertThat(second.session()).isGreaterThan(first.session());
    until("the first session is over", () -> sessions.count() == 1);
  }

  @Test
  void whoCannotProveHisNameIsTurnedAwayAndNothingChanges() throws Exception {
    HandAgent agent = agent();
    var hello = HandAgent.hello("guarded", "i1");
    agent.says(hello);
    var rejected = agent.hears(Protocol.Rejected.class);
    assertThat(rejected.reason()).contains("token").contains("guarded");
    assertThat(rejected.retry()).isFalse();
    agent.says(
        new Protocol.Hello(
            99, hello.worker(), "i1", "own", 1, hello.labels(), hello.pool(), List.of(), Map.of()));
    assertThat(agent.hears(Protocol.Rejected.class).reason()).contains("version");
    assertThat(entities.told).isEmpty();
    assertThat(sessions.count()).isZero();
  }

  @Test
  void aTokenThatIsTakenBackEndsTheSessionThatItHasOpened() throws Exception {
    HandAgent agent = agent();
    agent.says(HandAgent.hello("w1", "i1"));
    var session = agent.hears(Protocol.Welcome.class).session();
    tokens.set(WorkerTokens.of(Map.of(), Optional.empty()));
    Adapter.toClassic(inner.system())
        .actorSelection("/system/session-" + session)
        .tell(SessionActor.Pulse.CONFIRM, org.apache.pekko.actor.ActorRef.noSender());
    var rejected = agent.hears(Protocol.Rejected.class);
    assertThat(rejected.reason()).contains("token");
    assertThat(rejected.retry()).isFalse();
  }

  @Test
  void aHelloThatNoJournalCouldKeepIsTurnedAway() throws Exception {
    HandAgent agent = agent();
    var hello = HandAgent.hello("w1", "i1");
    agent.says(
        new Protocol.Hello(
            hello.version(),
            hello.worker(),
            hello.instance(),
            hello.token(),
            1,
            hello.labels(),
            hello.pool(),
            List.of(),
            Map.of("k".repeat(60_000), "v")));
    var rejected = agent.hears(Protocol.Rejected.class);
    assertThat(rejected.reason()).startsWith("system: expected at most 50 entries");
    assertThat(entities.told).isEmpty();
  }

  @Test
  void ofTwoWorkersOfOneNameTheSecondIsToldSo() throws Exception {
    HandAgent first = agent();
    HandAgent second = agent();
    first.joins("w1", "i1");
    second.says(HandAgent.hello("w1", "i2"));
    var rejected = second.hears(Protocol.Rejected.class);
    assertThat(rejected.reason()).contains("w1");
    assertThat(rejected.retry()).isTrue();
    lease(ONE, "w1");
    assertThat(first.hears(Protocol.RunBuild.class).build()).isEqualTo(ONE);
    until("only the first is open", () -> sessions.count() == 1);
  }

  @Test
  void theSameAgentThatComesAgainTakesThePlaceOfItsFormerSession() throws Exception {
    HandAgent agent = agent();
    var gone = new CountDownLatch(1);
    sessions.watch(agent.joins("w1", "i1").session(), gone::countDown);
    assertThat(gone.getCount()).isEqualTo(1);
    agent.reborn();
    agent.joins("w1", "i1");
    assertThat(gone.await(10, TimeUnit.SECONDS)).isTrue();
    until("only the latter is open", () -> sessions.count() == 1);
  }

  @Test
  void aSessionThatIsNotOpenIsGoneAtOnce() {
    var gone = new CountDownLatch(1);
    sessions.watch(new SessionId("never"), gone::countDown);
    assertThat(gone.getCount()).isZero();
  }

  @Test
  void whoWaitsForAnAbsentWorkerIsToldWhenItComes() throws Exception {
    var back = new CountDownLatch(1);
    Runnable told = back::countDown;
    sessions.deliver(W1, new Protocol.Ping(), told);
    sessions.deliver(W1, new Protocol.Ping(), told);
    assertThat(back.getCount()).isEqualTo(1);
    agent().joins("w1", "i1");
    assertThat(back.await(10, TimeUnit.SECONDS)).isTrue();
  }

  /** Its builds of today would be missing in what it said yesterday, and be taken from it. */
  @Test
  void aHelloThatComesLateSaysNothingOfAnAgentThatHasGoneElsewhere() throws Exception {
    HandAgent agent = agent();
    agent.saidLongAgo(HandAgent.hello("w1", "i1"));
    agent.hears(Protocol.Ping.class);
    skipped.addAndGet(Protocol.SILENCE.toNanos() + 1);
    until("nobody is waited for", () -> sessions.count() == 0);
    assertThat(entities.told).isEmpty();
    assertThat(agent.heard()).noneMatch(Protocol.Welcome.class::isInstance);
  }

  @Test
  void garbageHarmsNobody() throws Exception {
    HandAgent agent = agent();
    agent.says(new byte[0]);
    agent.says("no cbor at all".getBytes(UTF_8));
    agent.says(new byte[200_000]);
    agent.says(new Protocol.Ping());
    agent.joins("w1", "i1");
    agent.says("garbage of a guest".getBytes(UTF_8));
    agent.says(new byte[] {(byte) 0xf6});
    lease(ONE, "w1");
    agent.says(reports(ONE, 1, KEPT));
    assertThat(agent.hears(Protocol.ReportsTaken.class).last()).isEqualTo(1);
  }

  @Test
  void whatIsForgedInAnotherAgentsNameIsIgnored() throws Exception {
    HandAgent victim = agent();
    HandAgent forger = agent();
    victim.joins("w1", "i1");
    forger.joins("w2", "i2");
    lease(ONE, "w1");
    victim.hears(Protocol.RunBuild.class);
    forger.forges(new Protocol.Goodbye(), victim);
    forger.forges(reports(ONE, 1, KEPT), victim);
    // His own session does not make the build his.
    forger.says(reports(ONE, 1, KEPT));
    assertThat(forger.hears(Protocol.ReportsRefused.class).build()).isEqualTo(ONE);
    forger.says(append(log(ONE, "stdio"), 0, "forged", false));
    lease(FOREIGN, "w2");
    forger.says(append(log(FOREIGN, "stdio"), 0, "own", false));
    forger.hears(Protocol.Stored.class);
    assertThat(store.extent(log(ONE, "stdio"))).isEmpty();
    victim.says(reports(ONE, 1, KEPT));
    assertThat(victim.hears(Protocol.ReportsTaken.class).last()).isEqualTo(1);
    assertThat(sessions.count()).isEqualTo(2);
  }

  @Test
  void aSilentPeerIsNoticedAndItsWatchersAreTold() throws Exception {
    HandAgent agent = agent();
    var gone = new CountDownLatch(1);
    sessions.watch(agent.joins("w1", "i1").session(), gone::countDown);
    skipped.addAndGet(Protocol.HEARTBEAT.plus(Heartbeats.ROUND).toNanos());
    agent.hears(Protocol.Ping.class);
    agent.says(new Protocol.Ping());
    lease(ONE, "w1");
    agent.says(reports(ONE, 1, KEPT));
    agent.hears(Protocol.ReportsTaken.class);
    skipped.addAndGet(Protocol.SILENCE.toNanos() - TimeUnit.SECONDS.toNanos(5));
    agent.hears(Protocol.Ping.class);
    assertThat(gone.getCount()).as("not yet").isEqualTo(1);
    skipped.addAndGet(Protocol.SILENCE.multipliedBy(3).toNanos());
    assertThat(gone.await(10, TimeUnit.SECONDS)).isTrue();
    assertThat(sessions.count()).isZero();
  }

  @Test
  void goodbyeEndsTheSessionAtOnce() throws Exception {
    HandAgent agent = agent();
    var gone = new CountDownLatch(1);
    sessions.watch(agent.joins("w1", "i1").session(), gone::countDown);
    agent.says(new Protocol.Goodbye());
    assertThat(gone.await(10, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void reportsAreTakenInOrderAndAgainAndOnlyOnceEach() throws Exception {
    HandAgent agent = agent();
    agent.joins("w1", "i1");
    lease(ONE, "w1");
    agent.hears(Protocol.RunBuild.class);
    agent.says(reports(ONE, 2, ENDED)); // the one before it was lost
    var taken = agent.saysUntil(Protocol.ReportsTaken.class, reports(ONE, 1, KEPT, ENDED));
    assertThat(taken.last()).isEqualTo(2);
    agent.says(reports(ONE, 1, KEPT));
    assertThat(agent.hears(Protocol.ReportsTaken.class).last()).isLessThanOrEqualTo(2);
    agent.says(reports(ONE, 3, ENDED));
    assertThat(agent.hears(Protocol.ReportsRefused.class).build()).isEqualTo(ONE);
    assertThat(agent.heard()).noneMatch(m -> m instanceof Protocol.ReportsRefused);
  }

  @Test
  void reportsThatTheFarmDoesNotAnswerAreNotAcknowledged() throws Exception {
    HandAgent agent = agent();
    agent.joins("w1", "i1");
    lease(ONE, "w1");
    agent.hears(Protocol.RunBuild.class);
    entities.unreachable = told -> told.message() instanceof Build.Command.Report;
    agent.says(reports(ONE, 1, KEPT));
    until(
        "it was tried",
        () -> entities.told.stream().anyMatch(t -> t.message() instanceof Build.Command.Report));
    entities.unreachable = _ -> false;
    agent.saysUntil(Protocol.ReportsTaken.class, reports(ONE, 1, KEPT, ENDED));
    var told = entities.state(EntityRef.of(ONE)).toCompletableFuture().get();
    assertThat(told).isInstanceOf(Build.State.Finished.class);
  }

  @Test
  void aBuildWhoseReportsCannotBeIsNotLeftRunningByAnAgentThatForgetsIt() throws Exception {
    HandAgent agent = agent();
    agent.joins("w1", "i1");
    lease(ONE, "w1");
    agent.hears(Protocol.RunBuild.class);
    var noSuchStep = new StepReport.StepStarted(Instant.EPOCH, 7);
    var once = new AtomicBoolean(true);
    entities.unreachable =
        told ->
            told.message() instanceof Build.Command.RefuseReports
                && once.compareAndSet(true, false);
    agent.saysUntil(Protocol.ReportsRefused.class, reports(ONE, 1, KEPT, noSuchStep));
    assertThat(once).as("it was told at the second try").isFalse();
    var told = entities.state(EntityRef.of(ONE)).toCompletableFuture().get();
    assertThat(told).isInstanceOf(Build.State.Finished.class);
    assertThat(sessions.count()).isEqualTo(1);
  }

  @Test
  void whatNoMessageCanHoldEndsNoSession() throws Exception {
    HandAgent agent = agent();
    agent.joins("w1", "i1");
    for (String text : List.of("a\uD800b", "because \uD83D")) {
      sessions.deliver(W1, new Protocol.StopBuild(ONE, text, false), () -> {});
      assertThat(agent.hears(Protocol.StopBuild.class).reason())
          .isEqualTo(text.replaceAll("[\\x{D800}-\\x{DFFF}]", "\uFFFD"));
    }
    assertThat(sessions.count()).isEqualTo(1);
  }

  @Test
  void reportsThatTheFarmIsSlowToTakeAreKeptUpToTheSessionsShare() throws Exception {
    HandAgent agent = agent();
    agent.joins("w1", "i1");
    lease(ONE, "w1");
    entities.slow = told -> told.message() instanceof Build.Command.Report;
    for (int build = 2; build <= 31; build++) {
      agent.says(lengthy(build));
      agent.says(append(log(ONE, "stdio"), build - 2, "x", false));
      agent.hears(Protocol.Stored.class); // and so the reports before were heard
    }
    assertThat(reportsTold()).as("of 30, in a share of ten").isBetween(9L, 10L);

    entities.answersAll();
    // The builds know nobody, so they refuse; but all that was kept is given back.
    for (int build = 2; build <= 31; build++) {
      agent.saysUntil(Protocol.ReportsRefused.class, lengthy(build));
    }
  }

  private static Protocol.Reports lengthy(int build) {
    var found = new StepReport.RevisionFound(Instant.EPOCH, "zlib", "x".repeat(100_000));
    return reports(new BuildKey(ONE.builder(), build), 1, found);
  }

  private long reportsTold() {
    return entities.told.stream().filter(t -> t.message() instanceof Build.Command.Report).count();
  }

  @Test
  void ofManyQuestionsAFewAreAnsweredAndTheOthersAskedAgain() throws Exception {
    HandAgent agent = agent();
    agent.joins("w1", "i1");
    lease(ONE, "w1");
    StreamKey tar = new StreamKey(ONE, 3, StreamKey.Kind.ARTIFACT, "out/a.tar");
    store.append(append(tar, 0, "the artifact", true).chunk());
    store.reading = new CountDownLatch(1);
    for (int ask = 1; ask <= 200; ask++) {
      agent.says(new Protocol.Fetch(ask, tar, 0, Optional.empty()));
    }
    agent.says(reports(ONE, 1, KEPT));
    agent.hears(Protocol.ReportsTaken.class);
    store.reading.countDown();
    until("those that were kept are answered", () -> fetched(agent) >= 64);

    agent.says(new Protocol.Fetch(1000, tar, 0, Optional.empty()));
    until(
        "the last is answered",
        () ->
            agent.heard().stream()
                .anyMatch(m -> m instanceof Protocol.Fetched f && f.ask() == 1000));
    assertThat(fetched(agent)).isEqualTo(65);
  }

  private static long fetched(HandAgent agent) {
    return agent.heard().stream().filter(Protocol.Fetched.class::isInstance).count();
  }

  @Test
  void moreArtifactsThanAnAnswerCanNameComePageByPage() throws Exception {
    HandAgent agent = agent();
    agent.joins("w1", "i1");
    lease(ONE, "w1");
    for (int i = 0; i < 2_100; i++) {
      String path = i % 2 == 0 ? "short/" + i : "long/" + "\"ä".repeat(200) + i;
      store.append(
          append(new StreamKey(ONE, 3, StreamKey.Kind.ARTIFACT, path), 0, "", true).chunk());
    }

    agent.says(new Protocol.ListArtifacts(1, ONE, "short/*", Optional.empty()));
    var some = agent.hears(Protocol.Artifacts.class).streams();
    assertThat(some).hasSize(1_050);
    assertThat(ArtifactList.isFull(some)).isFalse();
    Set<String> named = new HashSet<>();
    Optional<StreamKey> after = Optional.empty();
    int pages = 0;
    do {
      agent.says(new Protocol.ListArtifacts(2 + pages++, ONE, "*", after));
      var page = agent.hears(Protocol.Artifacts.class).streams();
      page.forEach(stream -> assertThat(named.add(stream.name())).as(stream.name()).isTrue());
      after = ArtifactList.isFull(page) ? Optional.of(page.getLast()) : Optional.empty();
    } while (after.isPresent());
    assertThat(named).hasSize(2_100);
    assertThat(pages).isGreaterThan(1);
  }

  @Test
  void chunksAreStoredAndAcknowledged() throws Exception {
    HandAgent agent = agent();
    agent.joins("w1", "i1");
    lease(ONE, "w1");
    StreamKey stdio = log(ONE, "stdio");
    agent.says(append(stdio, 0, "hello ", false));
    assertThat(agent.hears(Protocol.Stored.class).offset()).isEqualTo(6);
    agent.says(append(stdio, 0, "hello ", false));
    assertThat(agent.hears(Protocol.Stored.class).offset()).isEqualTo(6);
    store.full = true;
    agent.says(append(stdio, 6, "world", true));
    var busy = agent.hears(Protocol.StoreBusy.class);
    assertThat(busy.offset()).isEqualTo(6);
    assertThat(busy.reason()).isEqualTo("disk full");
    store.full = false;
    agent.says(append(stdio, 6, "world", true));
    assertThat(agent.hears(Protocol.Stored.class))
        .isEqualTo(new Protocol.Stored(stdio, 11, true, true));
    assertThat(new String(store.all(stdio), UTF_8)).isEqualTo("hello world");
  }

  @Test
  void chunksOfStreamsThatLeaveTheirFolderAreNotShownToTheStore() throws Exception {
    HandAgent agent = agent();
    agent.joins("w1", "i1");
    lease(ONE, "w1");
    for (String name : List.of("../x", "/etc/passwd", "a//b", "a\\b", "a/./b", "", "a\nb")) {
      agent.says(append(new StreamKey(ONE, 0, StreamKey.Kind.ARTIFACT, name), 0, "bad", true));
    }
    agent.says(append(new StreamKey(ONE, -1, StreamKey.Kind.LOG, "stdio"), 0, "bad", true));
    agent.says(append(log(ONE, "stdio"), 0, "good", true));
    agent.hears(Protocol.Stored.class);
    assertThat(store.appends).hasValue(1);
  }

  @Test
  void aStuckStreamHoldsUpNeitherOthersNorMoreMemoryThanItsShare() throws Exception {
    HandAgent slow = agent();
    HandAgent quick = agent();
    slow.joins("w1", "i1");
    quick.joins("w2", "i2");
    lease(ONE, "w1");
    lease(FOREIGN, "w2");
    CountDownLatch latch = new CountDownLatch(1);
    StreamKey stuck = log(ONE, "stuck");
    store.stuck.put(stuck, latch);
    byte[] noise = new byte[100_000];
    new java.util.Random(1).nextBytes(noise);
    for (int i = 0; i < 30; i++) {
      slow.says(
          new Protocol.Append(
              new Chunk(stuck, i * 100_000L, noise.length, Zstd.compress(noise), false)));
    }
    quick.says(append(log(FOREIGN, "stdio"), 0, "quick", true));
    assertThat(quick.hears(Protocol.Stored.class).closed()).isTrue();
    latch.countDown();
    long offset = slow.hears(Protocol.Stored.class).offset();
    assertThat(offset).isPositive().isLessThanOrEqualTo(1_100_000);
    // What was dropped is sent again from where the store is, and taken.
    until(
        "the rest is stored",
        () -> store.extent(stuck).filter(e -> e.size() % 100_000 == 0).isPresent());
    long end = store.extent(stuck).orElseThrow().size();
    slow.says(append(log(ONE, "stdio"), 0, "after", true));
    until("others of the session too", () -> store.all(log(ONE, "stdio")).length == 5);
    assertThat(end).isLessThanOrEqualTo(1_100_000);
  }

  @Test
  void artifactsOfTheSameProjectAreListedAndFetched() throws Exception {
    HandAgent agent = agent();
    agent.joins("w1", "i1");
    lease(TWO, "w1");
    StreamKey tar = new StreamKey(ONE, 3, StreamKey.Kind.ARTIFACT, "out/a.tar");
    byte[] plain = "the artifact".getBytes(UTF_8);
    store.append(new Chunk(tar, 0, plain.length, Zstd.compress(plain), true));
    store.append(new Chunk(log(ONE, "stdio"), 0, plain.length, Zstd.compress(plain), true));
    agent.says(new Protocol.ListArtifacts(1, FOREIGN, "*", Optional.empty()));
    agent.says(new Protocol.ListArtifacts(2, ONE, "*.tar", Optional.empty()));
    assertThat(agent.hears(Protocol.Artifacts.class))
        .isEqualTo(new Protocol.Artifacts(2, List.of(tar)));
    agent.says(new Protocol.Fetch(3, log(ONE, "stdio"), 0, Optional.empty()));
    agent.says(new Protocol.Fetch(4, tar, 4, Optional.empty()));
    var fetched = agent.hears(Protocol.Fetched.class);
    assertThat(fetched.ask()).isEqualTo(4);
    assertThat(new String(Zstd.decompress(fetched.chunk().zstd(), 8), UTF_8)).isEqualTo("artifact");
    assertThat(fetched.chunk().last()).isTrue();
  }

  @Test
  void aGateThatCannotListenSaysWhere() {
    int taken = Integer.parseInt(gate.address().replaceAll(".*:", ""));
    assertThatThrownBy(() -> gate(new GateSettings("127.0.0.1", taken, 10, 1024)))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("127.0.0.1:" + taken);
  }

  @Test
  void theWorkersEntityKnowsTheSession() throws Exception {
    HandAgent agent = agent();
    var session = agent.joins("w1", "i1").session();
    var state = (Worker.State) entities.state(EntityRef.of(W1)).toCompletableFuture().get();
    assertThat(state.presence()).isEqualTo(new Worker.Presence.Here(session));
    assertThat(entities.tell(EntityRef.of(W1), new Worker.Command.Leave(session)))
        .isCompletedWithValue(new Answer.Done(true));
  }
}
