package dev.ahjo.cli.bench;

import com.typesafe.config.ConfigFactory;
import dev.ahjo.core.id.Attempt;
import dev.ahjo.core.id.BuildKey;
import dev.ahjo.core.id.PoolName;
import dev.ahjo.core.id.WorkerName;
import dev.ahjo.core.project.Result;
import dev.ahjo.core.step.StepReport;
import dev.ahjo.core.step.StepReport.StepOutcome;
import dev.ahjo.core.worker.Protocol;
import dev.ahjo.core.worker.Protocol.Goodbye;
import dev.ahjo.core.worker.Protocol.Held;
import dev.ahjo.core.worker.Protocol.Hello;
import dev.ahjo.core.worker.Protocol.Ping;
import dev.ahjo.core.worker.Protocol.Rejected;
import dev.ahjo.core.worker.Protocol.Reports;
import dev.ahjo.core.worker.Protocol.ReportsRefused;
import dev.ahjo.core.worker.Protocol.ReportsTaken;
import dev.ahjo.core.worker.Protocol.RunBuild;
import dev.ahjo.core.worker.Protocol.StopBuild;
import dev.ahjo.core.worker.Protocol.ToAgent;
import dev.ahjo.core.worker.Protocol.ToGate;
import dev.ahjo.core.worker.Protocol.Welcome;
import dev.ahjo.wire.ProtocolCodec;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.apache.pekko.actor.AbstractActorWithTimers;
import org.apache.pekko.actor.ActorSelection;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.actor.Props;

/**
 * Agents that speak the real protocol over real remoting, and start no process: each ends the steps
 * of a build at once, or holds the build until it is stopped. They measure the node, nothing else:
 * one actor each, all behind one connection, nothing on disk.
 */
public final class SimulatedAgents implements AutoCloseable {
  /** What an agent makes of a build. */
  public enum Manner {
    /** Every step succeeds at once. */
    FINISH,
    /** The first step runs until the build is stopped. */
    HOLD
  }

  /**
   * @param gate where to join, as {@code HOST:PORT}
   * @param token that proves every one of the names
   * @param name the agents are called {@code name-0}, {@code name-1} and so on
   */
  public record Settings(
      String gate,
      String token,
      String name,
      int agents,
      int slots,
      PoolName pool,
      Manner manner) {}

  private static final Duration TICK = Duration.ofSeconds(1);
  private static final Duration RESEND = Duration.ofSeconds(5);
  private static final Duration END = Duration.ofSeconds(5);

  private final ActorSystem system;
  private final CountDownLatch welcome;
  private final AtomicReference<String> rejected = new AtomicReference<>("");
  private final AtomicInteger started = new AtomicInteger();
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition more = lock.newCondition();
  private int finished;

  private SimulatedAgents(Settings settings) {
    system =
        ActorSystem.create(
            "agent",
            ConfigFactory.parseResourcesAnySyntax(
                    SimulatedAgents.class.getClassLoader(), "ahjo-bench")
                .withFallback(ConfigFactory.defaultReference())
                .resolve());
    welcome = new CountDownLatch(settings.agents());
    for (int i = 0; i < settings.agents(); i++) {
      String name = settings.name() + "-" + i;
      system.actorOf(
          Props.create(Agent.class, () -> new Agent(new WorkerName(name), settings)), name);
    }
  }

  /** Starts them; they join by themselves, and come back after the node was away. */
  public static SimulatedAgents start(Settings settings) {
    return new SimulatedAgents(settings);
  }

  /**
   * Waits until every agent is welcome.
   *
   * @throws IOException when one was rejected, or not all are welcome in time
   */
  public void awaitWelcome(Duration atMost) throws IOException, InterruptedException {
    boolean all = welcome.await(atMost.toMillis(), TimeUnit.MILLISECONDS);
    if (!rejected.get().isEmpty()) {
      throw new IOException("The gate turned a worker away: " + rejected.get());
    }
    if (!all) {
      throw new IOException(
          "After " + atMost.toSeconds() + " s, " + welcome.getCount() + " workers are not welcome");
    }
  }

  /** Builds that an agent was told to run. */
  public int started() {
    return started.get();
  }

  /** Builds whose end the node has acknowledged. */
  public int finished() {
    lock.lock();
    try {
      return finished;
    } finally {
      lock.unlock();
    }
  }

  /** Waits until {@code builds} have finished; whether they did in time. */
  public boolean awaitFinished(int builds, Duration atMost) throws InterruptedException {
    lock.lock();
    try {
      long left = atMost.toNanos();
      while (finished < builds && left > 0) {
        left = more.awaitNanos(left);
      }
      return finished >= builds;
    } finally {
      lock.unlock();
    }
  }

  private void oneFinished() {
    lock.lock();
    try {
      finished++;
      more.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Says goodbye and ends. */
  @Override
  public void close() {
    system.terminate();
    try {
      system.getWhenTerminated().toCompletableFuture().get(END.toMillis(), TimeUnit.MILLISECONDS);
    } catch (java.util.concurrent.TimeoutException | java.util.concurrent.ExecutionException late) {
      // the process ends with the command, and these with it
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
    }
  }

  /** A build that an agent keeps: everything it has reported so far. */
  private static final class Kept {
    final Attempt attempt;
    final List<StepReport> reports = new ArrayList<>();
    long taken;
    long sentAt;
    boolean ended;

    Kept(Attempt attempt) {
      this.attempt = attempt;
    }
  }

  private enum Beat {
    TICK
  }

  /** One agent. */
  private final class Agent extends AbstractActorWithTimers {
    private final WorkerName name;
    private final Settings settings;
    private final String instance = UUID.randomUUID().toString();
    private final Map<BuildKey, Kept> builds = new HashMap<>();
    private final ActorSelection gate;
    private boolean joined;
    private boolean counted;
    private long heardAt = System.nanoTime();
    private long saidAt;

    Agent(WorkerName name, Settings settings) {
      this.name = name;
      this.settings = settings;
      this.gate = getContext().actorSelection("pekko://gate@" + settings.gate() + "/user/gate");
    }

    @Override
    public void preStart() {
      hello();
      getTimers().startTimerWithFixedDelay(Beat.TICK, Beat.TICK, TICK);
    }

    @Override
    public void postStop() {
      if (joined) {
        say(new Goodbye());
      }
    }

    @Override
    public Receive createReceive() {
      return receiveBuilder()
          .match(byte[].class, bytes -> hear(ProtocolCodec.toAgent(bytes)))
          .match(Beat.class, _ -> tick())
          .build();
    }

    private void hello() {
      List<Held> holds = new ArrayList<>();
      builds.forEach((key, kept) -> holds.add(new Held(key, kept.attempt, kept.reports.size())));
      say(
          new Hello(
              Protocol.VERSION,
              name,
              instance,
              settings.token(),
              settings.slots(),
              Set.of("bench"),
              settings.pool(),
              holds,
              Map.of("os", "simulated")));
    }

    private void say(ToGate message) {
      saidAt = System.nanoTime();
      gate.tell(ProtocolCodec.encode(message), getSelf());
    }

    private void tick() {
      long now = System.nanoTime();
      if (now - heardAt > Protocol.SILENCE.toNanos()) {
        joined = false;
      }
      if (!joined) {
        hello();
        return;
      }
      builds.forEach((key, kept) -> {
        if (kept.taken < kept.reports.size() && now - kept.sentAt > RESEND.toNanos()) {
          report(key, kept);
        }
      });
      if (now - saidAt > Protocol.HEARTBEAT.toNanos()) {
        say(new Ping());
      }
    }

    private void hear(ToAgent message) {
      heardAt = System.nanoTime();
      switch (message) {
        case Welcome w -> {
          joined = true;
          w.stop().forEach(builds::remove);
          builds.forEach(this::report);
          if (!counted) {
            counted = true;
            welcome.countDown();
          }
        }
        case Rejected r -> {
          joined = false;
          if (!r.retry()) {
            rejected.set(r.reason());
            while (welcome.getCount() > 0) {
              welcome.countDown();
            }
            getContext().stop(getSelf());
          }
        }
        case RunBuild run -> run(run);
        case StopBuild stop -> stop(stop);
        case ReportsTaken t -> taken(t);
        case ReportsRefused r -> builds.remove(r.build());
        // Nothing is logged or uploaded, so nothing of that can be answered.
        case Protocol.Stored _,
            Protocol.StoreBusy _,
            Protocol.Artifacts _,
            Protocol.Fetched _,
            Protocol.FetchedPiece _,
            Ping _ -> {}
      }
    }

    private void run(RunBuild run) {
      Kept kept = builds.get(run.build());
      if (kept == null) {
        kept = new Kept(run.attempt());
        builds.put(run.build(), kept);
        started.incrementAndGet();
        Instant now = Instant.now();
        kept.reports.add(new StepReport.PlanKept(now));
        if (settings.manner() == Manner.FINISH) {
          for (int step = 0; step < run.plan().steps().size(); step++) {
            kept.reports.add(new StepReport.StepStarted(now, step));
            kept.reports.add(new StepReport.StepEnded(now, step, outcome(Result.SUCCESS)));
          }
          kept.reports.add(new StepReport.BuildEnded(now));
          kept.ended = true;
        } else {
          kept.reports.add(new StepReport.StepStarted(now, 0));
        }
      }
      report(run.build(), kept);
    }

    private void stop(StopBuild stop) {
      if (stop.forget()) {
        builds.remove(stop.build());
        return;
      }
      Kept kept = builds.get(stop.build());
      if (kept != null && !kept.ended) {
        Instant now = Instant.now();
        kept.reports.add(new StepReport.StepEnded(now, 0, outcome(Result.CANCELLED)));
        kept.reports.add(new StepReport.BuildEnded(now));
        kept.ended = true;
        report(stop.build(), kept);
      }
    }

    private void report(BuildKey build, Kept kept) {
      kept.sentAt = System.nanoTime();
      int from = (int) kept.taken;
      if (from < kept.reports.size()) {
        say(
            new Reports(
                build, kept.attempt, from + 1L, kept.reports.subList(from, kept.reports.size())));
      }
    }

    private void taken(ReportsTaken taken) {
      Kept kept = builds.get(taken.build());
      if (kept != null) {
        kept.taken = Math.max(kept.taken, taken.last());
        if (kept.ended && kept.taken >= kept.reports.size()) {
          builds.remove(taken.build());
          oneFinished();
        }
      }
    }
  }

  private static StepOutcome outcome(Result result) {
    return new StepOutcome(
        result,
        result == Result.SUCCESS ? OptionalInt.of(0) : OptionalInt.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        false,
        List.of(),
        Optional.empty(),
        0);
  }
}
