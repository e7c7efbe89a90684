package dev.ahjo.cli.bench;

import dev.ahjo.core.id.Attempt;
import dev.ahjo.core.id.BuildKey;
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
import java.util.function.Consumer;

/**
 * One agent that speaks the real protocol and starts no process: it ends the steps of a build at
 * once, or holds the build until it is stopped. Confined to one thread at a time.
 */
final class SimulatedAgent {
  private static final Duration RESEND = Duration.ofSeconds(5);

  /** Who counts what happens. */
  interface Watcher {
    /** It has a session now. */
    void here();

    /** It has none any more. */
    void away();

    void rejected(String reason);

    /** A build that it was told to run. */
    void started();

    /** A build whose end the node has acknowledged. */
    void finished();
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

  private final WorkerName name;
  private final SimulatedAgents.Settings settings;
  private final Consumer<ToGate> mouth;
  private final Watcher watcher;
  private final String instance = UUID.randomUUID().toString();
  private final Map<BuildKey, Kept> builds = new HashMap<>(4);
  private boolean joined;
  private boolean over;
  private long helloAt;
  private long heardAt = System.nanoTime();
  private long saidAt;

  SimulatedAgent(
      WorkerName name, SimulatedAgents.Settings settings, Consumer<ToGate> mouth, Watcher watcher) {
    this.name = name;
    this.settings = settings;
    this.mouth = mouth;
    this.watcher = watcher;
  }

  boolean joined() {
    return joined;
  }

  /** Whether the gate has refused it for good. */
  boolean over() {
    return over;
  }

  /** Its session is over. */
  void lost() {
    if (joined) {
      joined = false;
      watcher.away();
    }
  }

  void hello() {
    helloAt = System.nanoTime();
    List<Held> holds = new ArrayList<>();
    builds.forEach((key, kept) -> holds.add(new Held(key, kept.attempt, kept.reports.size())));
    say(
        new Hello(
            Protocol.VERSION,
            name,
            instance,
            settings.door().token(),
            settings.slots(),
            Set.of("bench"),
            settings.pool(),
            holds,
            Map.of("os", "simulated")));
  }

  void goodbye() {
    say(new Goodbye());
  }

  private void say(ToGate message) {
    saidAt = System.nanoTime();
    mouth.accept(message);
  }

  void tick() {
    long now = System.nanoTime();
    if (now - heardAt > Protocol.SILENCE.toNanos()) {
      lost();
    }
    if (!joined) {
      // Who has heard something since his Hello waits in line.
      if (heardAt - helloAt < 0 || now - helloAt > Protocol.SILENCE.toNanos()) {
        hello();
      }
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

  void hear(ToAgent message) {
    heardAt = System.nanoTime();
    switch (message) {
      case Welcome w -> {
        w.stop().forEach(builds::remove);
        if (!joined) {
          joined = true;
          watcher.here();
        }
        builds.forEach(this::report);
      }
      case Rejected r -> {
        lost();
        if (!r.retry()) {
          over = true;
          watcher.rejected(r.reason());
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
          Protocol.FetchedPiece _ -> {}
      case Ping _ -> {
        if (!joined) {
          say(new Ping());
        }
      }
    }
  }

  private void run(RunBuild run) {
    Kept kept = builds.get(run.build());
    if (kept == null) {
      kept = new Kept(run.attempt());
      builds.put(run.build(), kept);
      watcher.started();
      Instant now = Instant.now();
      kept.reports.add(new StepReport.PlanKept(now));
      if (settings.manner() == SimulatedAgents.Manner.FINISH) {
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
        watcher.finished();
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
