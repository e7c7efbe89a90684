package dev.ahjo.worker;

import static org.assertj.core.api.Assertions.assertThat;

import com.github.luben.zstd.Zstd;
import dev.ahjo.core.buildset.Plan;
import dev.ahjo.core.id.Attempt;
import dev.ahjo.core.id.BuildKey;
import dev.ahjo.core.id.RequestId;
import dev.ahjo.core.id.SessionId;
import dev.ahjo.core.log.Chunk;
import dev.ahjo.core.log.StreamKey;
import dev.ahjo.core.property.Glob;
import dev.ahjo.core.step.StepReport;
import dev.ahjo.core.step.StepReport.StepOutcome;
import dev.ahjo.core.worker.Protocol.Append;
import dev.ahjo.core.worker.Protocol.AppendPiece;
import dev.ahjo.core.worker.Protocol.Artifacts;
import dev.ahjo.core.worker.Protocol.CannotTake;
import dev.ahjo.core.worker.Protocol.Fetch;
import dev.ahjo.core.worker.Protocol.Fetched;
import dev.ahjo.core.worker.Protocol.Goodbye;
import dev.ahjo.core.worker.Protocol.Held;
import dev.ahjo.core.worker.Protocol.Hello;
import dev.ahjo.core.worker.Protocol.ListArtifacts;
import dev.ahjo.core.worker.Protocol.Ping;
import dev.ahjo.core.worker.Protocol.Rejected;
import dev.ahjo.core.worker.Protocol.Reports;
import dev.ahjo.core.worker.Protocol.ReportsRefused;
import dev.ahjo.core.worker.Protocol.ReportsTaken;
import dev.ahjo.core.worker.Protocol.RunBuild;
import dev.ahjo.core.worker.Protocol.StopBuild;
import dev.ahjo.core.worker.Protocol.StoreBusy;
import dev.ahjo.core.worker.Protocol.Stored;
import dev.ahjo.core.worker.Protocol.ToAgent;
import dev.ahjo.core.worker.Protocol.ToGate;
import dev.ahjo.core.worker.Protocol.Welcome;
import dev.ahjo.wire.ArtifactList;
import dev.ahjo.wire.ProtocolCodec;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A gate with its store and journal in memory, honest to the protocol, for one agent at a time. */
final class FakeGate {
  private final Map<BuildKey, Given> builds = new HashMap<>();
  private final Map<StreamKey, Kept> streams = new HashMap<>();
  private final List<String> violations = new ArrayList<>();
  private final List<Hello> hellos = new ArrayList<>();
  private final Set<BuildKey> refused = new HashSet<>();
  private final Map<BuildKey, String> notTaken = new HashMap<>();
  private @Nullable Consumer<ToAgent> agent;
  private final java.util.SplittableRandom luck = new java.util.SplittableRandom(7);
  private boolean cut;
  private boolean full;
  private int loseEvery;
  private long toLose;
  private long mendedWith;
  private String token = "secret";

  private record Given(Attempt attempt, Plan plan, List<StepReport> reports) {}

  private static final class Kept {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private boolean closed;
  }

  // What a story says

  synchronized void run(BuildKey build, Plan plan) {
    Given given =
        new Given(new Attempt(new RequestId("r" + build.number()), 1), plan, new ArrayList<>());
    builds.put(build, given);
    tell(new RunBuild(build, given.attempt(), plan));
  }

  synchronized void runAgain(BuildKey build) {
    Given given = given(build);
    tell(new RunBuild(build, given.attempt(), given.plan()));
  }

  synchronized void stop(BuildKey build, String reason) {
    tell(new StopBuild(build, reason, false));
  }

  synchronized void forget(BuildKey build) {
    builds.remove(build);
    tell(new StopBuild(build, "given up", true));
  }

  /** Gives a build up without a word: its agent learns it when it next speaks. */
  synchronized void disown(BuildKey build) {
    refused.add(build);
  }

  /** Nothing gets through in either direction. */
  synchronized void cut() {
    cut = true;
  }

  synchronized void heal() {
    cut = false;
  }

  /**
   * Restarts: sessions are forgotten, and bytes after {@code keep} of each open stream are lost.
   */
  synchronized void restart(int keep) {
    agent = null;
    streams
        .values()
        .forEach(kept -> {
          if (!kept.closed) {
            byte[] all = kept.bytes.toByteArray();
            kept.bytes.reset();
            kept.bytes.writeBytes(Arrays.copyOf(all, Math.min(keep, all.length)));
          }
        });
  }

  synchronized void fill(boolean isFull) {
    full = isFull;
  }

  /**
   * Loses one in n messages, either way, by chance: losing exactly each n-th can fall into step
   * with what is repeated, and lose the same message for ever.
   */
  synchronized void loseEvery(int n) {
    loseEvery = n;
  }

  /** Loses the first message that has report {@code number} of a build. */
  synchronized void losesReport(long number) {
    toLose = number;
  }

  /** The last report of the message with which the gap that one left was closed; 0 before. */
  synchronized long mendedWith() {
    return Math.max(0, mendedWith);
  }

  synchronized void demand(String newToken) {
    token = newToken;
  }

  // What a story asks

  synchronized List<StepReport> reports(BuildKey build) {
    return List.copyOf(given(build).reports());
  }

  synchronized StepOutcome outcome(BuildKey build, int step) {
    return given(build).reports().stream()
        .filter(r -> r instanceof StepReport.StepEnded e && e.step() == step)
        .map(r -> ((StepReport.StepEnded) r).outcome())
        .findFirst()
        .orElseThrow(() -> new AssertionError("No end of step " + step + " in " + reports(build)));
  }

  synchronized byte[] log(BuildKey build, int step) {
    return bytes(new StreamKey(build, step, StreamKey.Kind.LOG, "stdio"));
  }

  synchronized byte[] artifact(BuildKey build, int step, String path) {
    return bytes(new StreamKey(build, step, StreamKey.Kind.ARTIFACT, path));
  }

  private byte[] bytes(StreamKey key) {
    Kept kept = streams.get(key);
    return kept == null ? new byte[0] : kept.bytes.toByteArray();
  }

  synchronized List<Hello> hellos() {
    return List.copyOf(hellos);
  }

  /** What the agent did against the protocol. */
  synchronized List<String> violations() {
    return List.copyOf(violations);
  }

  synchronized boolean over(BuildKey build) {
    List<StepReport> reports = given(build).reports();
    return !reports.isEmpty() && reports.getLast() instanceof StepReport.BuildEnded;
  }

  synchronized boolean connected() {
    return agent != null;
  }

  private synchronized boolean isNotTaken(BuildKey build) {
    return notTaken.containsKey(build);
  }

  /** Why the agent could not take the build; each answer of its is told once. */
  String awaitNotTaken(BuildKey build) {
    await(Duration.ofSeconds(10), "a word on " + build, () -> isNotTaken(build));
    synchronized (this) {
      return Objects.requireNonNull(notTaken.remove(build));
    }
  }

  void awaitOver(BuildKey build) {
    await(Duration.ofSeconds(30), "the end of " + build, () -> over(build));
  }

  /** Waits for news from the agent until a condition holds, or fails. */
  synchronized void await(Duration patience, String what, BooleanSupplier condition) {
    long deadline = System.nanoTime() + patience.toNanos();
    while (!condition.getAsBoolean()) {
      long left = (deadline - System.nanoTime()) / 1_000_000;
      if (left <= 0) {
        throw new AssertionError(
            "Waited "
                + patience
                + " in vain for "
                + what
                + "; reports: "
                + builds.values().stream().map(Given::reports).toList());
      }
      try {
        wait(Math.min(left, 20));
      } catch (InterruptedException e) {
        throw new AssertionError("Interrupted while waiting for " + what, e);
      }
    }
  }

  private Given given(BuildKey build) {
    Given given = builds.get(build);
    if (given == null) {
      throw new AssertionError("This gate was given no " + build);
    }
    return given;
  }

  // The protocol's other side

  private void tell(ToAgent message) {
    if (agent != null && !cut && !lost()) {
      agent.accept(message);
    }
  }

  private boolean lost() {
    return loseEvery > 0 && luck.nextInt(loseEvery) == 0;
  }

  synchronized void hear(ToGate message, Consumer<ToAgent> sender) {
    if (cut || lost()) {
      return;
    }
    if (message instanceof Hello hello) {
      welcome(hello, sender);
    } else if (agent == null) {
      sender.accept(new Rejected("Say Hello first", true));
    } else {
      obey(message);
    }
    notifyAll();
  }

  private void welcome(Hello hello, Consumer<ToAgent> sender) {
    hellos.add(hello);
    if (!hello.token().equals(token)) {
      sender.accept(new Rejected("The token is not that of " + hello.worker(), false));
      return;
    }
    agent = sender;
    var resume = new ArrayList<BuildKey>();
    var stop = new ArrayList<BuildKey>();
    for (Held held : hello.holds()) {
      (builds.containsKey(held.build()) ? resume : stop).add(held.build());
    }
    tell(new Welcome(new SessionId("s" + hellos.size()), resume, stop));
    builds.forEach((build, given) -> {
      if (given.reports().isEmpty()) {
        tell(new RunBuild(build, given.attempt(), given.plan()));
      }
    });
  }

  private void obey(ToGate message) {
    switch (message) {
      case Reports reports -> take(reports);
      case Append(Chunk chunk) -> tell(full ? busy(chunk.stream()) : store(chunk));
      case ListArtifacts(long ask, BuildKey build, String glob, var after) ->
          tell(
              new Artifacts(
                  ask,
                  ArtifactList.page(
                      streams.keySet().stream()
                          .filter(k -> k.build().equals(build))
                          .filter(k -> k.kind() == StreamKey.Kind.ARTIFACT)
                          .filter(k -> Glob.matches(glob, k.name()))
                          .toList(),
                      after)));
      case Fetch(long ask, StreamKey stream, long offset, _) -> {
        byte[] all = bytes(stream);
        int end = (int) Math.min(all.length, offset + 1000);
        byte[] part = Arrays.copyOfRange(all, (int) offset, end);
        tell(
            new Fetched(
                ask,
                new Chunk(stream, offset, part.length, Zstd.compress(part), end == all.length)));
      }
      case AppendPiece _ -> throw new IllegalStateException("Ahjo's agent has Zstandard");
      case Ping _ -> tell(new Ping());
      case CannotTake no -> notTaken.put(no.build(), no.reason());
      case Goodbye _ -> agent = null;
      case Hello _ -> throw new IllegalStateException("Heard before");
    }
  }

  private void take(Reports message) {
    if (refused.contains(message.build()) || !builds.containsKey(message.build())) {
      tell(new ReportsRefused(message.build(), "not of a live attempt"));
      return;
    }
    List<StepReport> have = given(message.build()).reports();
    long last = message.first() + message.reports().size() - 1;
    if (toLose > have.size() && message.first() <= toLose && toLose <= last) {
      if (mendedWith == 0) {
        mendedWith = -1;
        return;
      }
      if (mendedWith < 0) {
        mendedWith = last;
      }
    }
    if (message.first() > have.size() + 1) {
      // after a lost message a gap is nobody's fault; it is not taken, and not answered
      if (loseEvery == 0 && mendedWith >= 0) {
        violations.add("Gap: had " + have.size() + " reports, got " + message.first());
      }
      return;
    }
    for (int i = 0; i < message.reports().size(); i++) {
      int at = (int) message.first() - 1 + i;
      StepReport report = message.reports().get(i);
      if (at == have.size()) {
        have.add(report);
      } else if (at < have.size() && !have.get(at).equals(report)) {
        violations.add("Report " + (at + 1) + " was " + have.get(at) + ", now " + report);
      }
    }
    tell(new ReportsTaken(message.build(), have.size()));
  }

  /** As if another agent had left it. */
  synchronized void stores(StreamKey artifact) {
    store(new Chunk(artifact, 0, 0, new byte[0], true));
  }

  private Stored store(Chunk chunk) {
    Kept kept = streams.computeIfAbsent(chunk.stream(), _ -> new Kept());
    long end = kept.bytes.size();
    byte[] bytes =
        chunk.length() == 0 ? new byte[0] : Zstd.decompress(chunk.zstd(), chunk.length());
    if (chunk.offset() <= end && chunk.end() > end && !kept.closed) {
      kept.bytes.writeBytes(Arrays.copyOfRange(bytes, (int) (end - chunk.offset()), bytes.length));
    }
    if (chunk.last() && kept.bytes.size() == chunk.end()) {
      kept.closed = true;
    }
    return new Stored(chunk.stream(), kept.bytes.size(), kept.closed, kept.closed);
  }

  private StoreBusy busy(StreamKey stream) {
    return new StoreBusy(stream, bytes(stream).length, "disk full");
  }

  /** An in-memory link, on which every message still becomes bytes and is read again. */
  Link link() {
    ExecutorService up = Executors.newSingleThreadExecutor(Thread.ofVirtual().factory());
    ExecutorService down = Executors.newSingleThreadExecutor(Thread.ofVirtual().factory());
    return new Link() {
      private Consumer<ToAgent> receiver = _ -> {};

      @Override
      public void receive(Consumer<ToAgent> to) {
        receiver = to;
      }

      @Override
      public void resolve() {}

      @Override
      public void send(ToGate message) {
        byte[] bytes = ProtocolCodec.encode(message);
        carry(
            up,
            () ->
                hear(
                    read(() -> ProtocolCodec.toGate(bytes)),
                    answer -> {
                      byte[] back = ProtocolCodec.encode(answer);
                      carry(down, () -> receiver.accept(read(() -> ProtocolCodec.toAgent(back))));
                    }));
      }

      @Override
      public void close() {
        up.shutdown();
        up.close();
        down.shutdownNow();
      }
    };
  }

  /** What is said over a link that was closed meanwhile is lost, as on any other. */
  private static void carry(ExecutorService way, Runnable message) {
    try {
      way.execute(message);
    } catch (RejectedExecutionException closed) {
      assertThat(way.isShutdown()).isTrue();
    }
  }

  private interface Reading<T> {
    T read() throws IOException;
  }

  private static <T> T read(Reading<T> reading) {
    try {
      return reading.read();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
