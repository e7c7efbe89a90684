package dev.ahjo.core.simulator;

import dev.ahjo.core.buildset.Plan;
import dev.ahjo.core.id.Attempt;
import dev.ahjo.core.id.BuildKey;
import dev.ahjo.core.id.PoolName;
import dev.ahjo.core.id.WorkerName;
import dev.ahjo.core.project.Result;
import dev.ahjo.core.project.StepDefinition;
import dev.ahjo.core.step.Step;
import dev.ahjo.core.step.StepReport;
import dev.ahjo.core.step.StepReport.StepOutcome;
import dev.ahjo.core.worker.Protocol;
import dev.ahjo.core.worker.Worker;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A machine and its agent. It keeps the plans it is given, walks them in virtual time, numbers its
 * reports and keeps them until they are taken. A step goes on while the agent is dead, and while it
 * has no connection; it dies with its machine.
 */
final class Agent {
  private static final long RESEND = 5_000;
  private static final long WELCOME_WITHIN = 10_000;

  /** A build whose plan is on the disk, with the reports that nobody has acknowledged. */
  static final class Held {
    final BuildKey build;
    final Attempt attempt;
    final Plan plan;
    private final List<StepReport> reports = new ArrayList<>();
    private long taken;
    private int next;
    private boolean running;
    private boolean stepOver;
    private boolean stopped;
    private boolean ended;
    private long walk;

    Held(BuildKey build, Attempt attempt, Plan plan) {
      this.build = build;
      this.attempt = attempt;
      this.plan = plan;
    }

    boolean ended() {
      return ended;
    }
  }

  private final Simulation farm;
  private final World.Machine machine;
  private final World.Troubles troubles;
  private final Map<BuildKey, Held> held = new TreeMap<>();
  private final Set<BuildKey> forgotten = new HashSet<>();
  private PoolName pool;
  private int slots;
  private int mostSlots;
  private int disks = 1;
  private long life;
  private boolean up;
  private boolean healed;
  private long blockedUntil;
  private Gate.@Nullable Session session;
  private boolean welcome;

  Agent(Simulation farm, World.Machine machine, World.Troubles troubles) {
    this.farm = farm;
    this.machine = machine;
    this.troubles = troubles;
    this.pool = machine.pool();
    this.slots = machine.slots();
    this.mostSlots = slots;
  }

  WorkerName name() {
    return machine.name();
  }

  /** The builds on its disk. */
  java.util.Collection<Held> held() {
    return held.values();
  }

  /** The most slots it has had: builds begun with more may still run. */
  int mostSlots() {
    return mostSlots;
  }

  boolean holdsNothing() {
    return held.isEmpty();
  }

  boolean connected() {
    return up && welcome && session != null;
  }

  /** Whether the worker's presence is the session that the agent has open. */
  boolean speaksOn(Worker.Presence presence) {
    return session != null && presence.equals(new Worker.Presence.Here(session.id));
  }

  void start() {
    if (up) {
      return;
    }
    up = true;
    life++;
    farm.tell(() -> "agent " + name() + " starts");
    connect();
    for (Held build : List.copyOf(held.values())) {
      if (build.running && build.stepOver) {
        build.stepOver = false;
        endStep(build);
      } else if (!build.running) {
        walk(build);
      }
    }
  }

  void heal() {
    healed = true;
    blockedUntil = 0;
    start();
  }

  void act(Act act) {
    switch (act) {
      case Act.Cut a -> {
        farm.tell(() -> "the connection of " + name() + " is cut for " + a.millis() + " ms");
        blockedUntil = farm.now() + a.millis();
        disconnect();
      }
      case Act.AgentDies a -> dies(a.millis());
      case Act.MachineReboots a -> {
        powerOff();
        dies(a.millis());
      }
      case Act.DiskLost a -> {
        powerOff();
        held.clear();
        forgotten.clear();
        disks++;
        dies(a.millis());
      }
      case Act.Resize a -> {
        slots = a.slots();
        mostSlots = Math.max(mostSlots, slots);
        dies(500);
      }
      case Act.MovePool a -> {
        pool = a.pool();
        dies(500);
      }
      default -> throw new IllegalArgumentException("no agent's business: " + act);
    }
  }

  /** What runs is killed; the next start finds it so. */
  private void powerOff() {
    for (Held build : held.values()) {
      build.walk++;
      if (build.running) {
        farm.invariants().stepEnds(this, build);
        build.stepOver = true;
        build.reports.add(killed(build.next));
        build.running = false;
        build.stopped = true;
        build.next++;
        build.stepOver = false;
      }
    }
  }

  private void dies(long millis) {
    farm.tell(() -> "agent " + name() + " dies for " + millis + " ms");
    up = false;
    life++;
    disconnect();
    long mine = life;
    farm.after(
        millis,
        () -> {
          if (life == mine) {
            start();
          }
        });
  }

  private void disconnect() {
    var old = session;
    session = null;
    welcome = false;
    if (old != null) {
      // The other end may take its time to notice.
      farm.after(
          farm.fates().between(key("silence", old.id.value().hashCode()), 1, 10_000),
          () -> farm.gate().close(old));
      if (up) {
        connectIn(farm.fates().between(key("reconnect", 0), 200, 5_000));
      }
    }
  }

  /** The connection is gone, as the agent notices by itself. */
  void sessionEnded(Gate.Session gone) {
    if (session == gone) {
      disconnect();
    }
  }

  private void connectIn(long millis) {
    long mine = life;
    farm.after(
        millis,
        () -> {
          if (life == mine && up && session == null) {
            connect();
          }
        });
  }

  private void connect() {
    if (farm.now() < blockedUntil) {
      connectIn(blockedUntil - farm.now());
      return;
    }
    var opened = farm.gate().open(this);
    if (opened.isEmpty()) {
      connectIn(farm.fates().between(key("reconnect", 0), 200, 5_000));
      return;
    }
    var mine = opened.get();
    session = mine;
    welcome = false;
    farm.tell(() -> "agent " + name() + " says hello on " + mine.id + ", holds " + held.keySet());
    farm.gate()
        .up(
            mine,
            new Protocol.Hello(
                Protocol.VERSION,
                name(),
                name() + "-disk" + disks,
                "",
                slots,
                machine.labels(),
                pool,
                held.values().stream()
                    .map(h -> new Protocol.Held(h.build, h.attempt, h.reports.size()))
                    .toList(),
                Map.of()));
    farm.after(
        WELCOME_WITHIN,
        () -> {
          if (session == mine && !welcome) {
            disconnect();
          }
        });
  }

  void hear(Gate.Session from, Protocol.ToAgent message) {
    if (session != from || !up) {
      return;
    }
    switch (message) {
      case Protocol.Welcome m -> welcomed(m);
      case Protocol.Rejected m -> {
        farm.tell(() -> "agent " + name() + " is rejected: " + m.reason());
        disconnect();
      }
      case Protocol.RunBuild m -> runBuild(m);
      case Protocol.StopBuild m -> {
        var build = held.get(m.build());
        if (build != null && !build.ended) {
          stop(build);
        }
      }
      case Protocol.ReportsTaken m -> taken(m);
      case Protocol.ReportsRefused m -> forget(m.build());
      case Protocol.Stored _,
          Protocol.StoreBusy _,
          Protocol.Artifacts _,
          Protocol.Fetched _,
          Protocol.FetchedPiece _,
          Protocol.Ping _ -> {
        // streams are no part of this
      }
    }
  }

  private void welcomed(Protocol.Welcome m) {
    welcome = true;
    m.stop().forEach(this::forget);
    for (BuildKey build : m.resume()) {
      var kept = held.get(build);
      if (kept != null) {
        send(kept);
      }
    }
  }

  private void runBuild(Protocol.RunBuild m) {
    var known = held.get(m.build());
    if (known != null) {
      send(known);
    } else if (!forgotten.contains(m.build())) {
      if (farm.fates().strikes(key("full", 0), troubles.agentFault())) {
        sayThatDiskIsFull(m);
        return;
      }
      var build = new Held(m.build(), m.attempt(), m.plan());
      held.put(m.build(), build);
      farm.invariants().kept(this, build);
      report(build, new StepReport.PlanKept(at()));
      walk(build);
    }
  }

  private void sayThatDiskIsFull(Protocol.RunBuild m) {
    var mine = session;
    if (mine != null) {
      farm.gate().up(mine, new Protocol.CannotTake(m.build(), m.attempt(), "no space left"));
    }
  }

  private void taken(Protocol.ReportsTaken m) {
    var build = held.get(m.build());
    if (build != null) {
      build.taken = Math.max(build.taken, m.last());
      if (build.ended && build.taken >= build.reports.size()) {
        held.remove(m.build());
        forgotten.add(m.build());
      }
    }
  }

  private void forget(BuildKey key) {
    var build = held.remove(key);
    forgotten.add(key);
    if (build != null) {
      farm.tell(() -> "agent " + name() + " gives up " + key);
      build.walk++;
      if (build.running) {
        farm.invariants().stepEnds(this, build);
      }
    }
  }

  private void stop(Held build) {
    if (build.stopped && !build.running) {
      return;
    }
    build.stopped = true;
    if (build.running && !build.plan.steps().get(build.next).always()) {
      build.walk++;
      finish(build, ended(build.next, Result.CANCELLED, Optional.empty(), false));
    }
  }

  /** Goes on with the next step, or ends the build. */
  private void walk(Held build) {
    while (!build.ended && !build.running) {
      if (build.next == build.plan.steps().size()) {
        build.ended = true;
        report(build, new StepReport.BuildEnded(at()));
        return;
      }
      var step = build.plan.steps().get(build.next);
      if (build.stopped && !step.always()) {
        report(build, ended(build.next, Result.SKIPPED, Optional.empty(), false));
        build.next++;
      } else {
        begin(build, step);
      }
    }
  }

  private void begin(Held build, StepDefinition step) {
    build.running = true;
    farm.invariants().stepStarts(this, build, build.next);
    report(build, new StepReport.StepStarted(at(), build.next));
    long key = key(build.build + "/" + step.name(), 0);
    boolean slow = Math.floorMod(farm.fates().between(key, 0, 999), 10) == 0;
    long length = farm.fates().between(key + 1, 10, slow || step.always() ? 20_000 : 2_000);
    long mine = ++build.walk;
    farm.after(
        farm.users().length(step.name()).orElse(healed ? Math.min(length, 2_000) : length),
        () -> {
          if (build.walk != mine) {
            return;
          }
          if (up) {
            endStep(build);
          } else {
            build.stepOver = true;
          }
        });
  }

  private void endStep(Held build) {
    var step = build.plan.steps().get(build.next);
    finish(build, outcome(build, step));
  }

  private void finish(Held build, StepReport.StepEnded end) {
    var step = build.plan.steps().get(build.next);
    build.running = false;
    farm.invariants().stepEnds(this, build);
    if (Step.stopsBuild(step, end.outcome().result())) {
      build.stopped = true;
    }
    build.next++;
    report(build, end);
    walk(build);
  }

  private StepReport.StepEnded outcome(Held build, StepDefinition step) {
    var wanted = farm.users().result(step.name());
    if (wanted.isPresent()) {
      return wanted.get() == Result.RETRY
          ? ended(build.next, Result.FAILURE, Optional.of("flaky"), false)
          : ended(build.next, wanted.get(), Optional.empty(), wanted.get() == Result.EXCEPTION);
    }
    if (healed) {
      return ended(build.next, Result.SUCCESS, Optional.empty(), false);
    }
    long roll = farm.fates().between(key(build.build + "!" + step.name(), 0), 0, 999);
    if (roll < troubles.failure()) {
      return ended(build.next, Result.FAILURE, Optional.empty(), false);
    }
    roll -= troubles.failure();
    if (roll < troubles.retryRule()) {
      return ended(build.next, Result.FAILURE, Optional.of("flaky"), false);
    }
    roll -= troubles.retryRule();
    if (roll < troubles.agentFault()) {
      return ended(build.next, Result.EXCEPTION, Optional.empty(), true);
    }
    roll -= troubles.agentFault();
    return ended(
        build.next,
        roll < troubles.warnings() ? Result.WARNINGS : Result.SUCCESS,
        Optional.empty(),
        false);
  }

  private StepReport.StepEnded killed(int step) {
    return ended(step, Result.EXCEPTION, Optional.empty(), true);
  }

  private StepReport.StepEnded ended(
      int step, Result result, Optional<String> rule, boolean agentFault) {
    return new StepReport.StepEnded(
        at(),
        step,
        new StepOutcome(
            result,
            result == Result.FAILURE ? OptionalInt.of(1) : OptionalInt.empty(),
            Optional.empty(),
            agentFault ? Optional.of("the machine failed") : Optional.empty(),
            rule,
            agentFault,
            List.of(),
            Optional.empty(),
            0));
  }

  private void report(Held build, StepReport report) {
    build.reports.add(report);
    send(build);
  }

  /** Sends all that was not taken, now and again until it is. */
  private void send(Held build) {
    var mine = session;
    if (mine == null || !welcome || !up || build.taken >= build.reports.size()) {
      return;
    }
    List<StepReport> rest =
        List.copyOf(build.reports.subList((int) build.taken, build.reports.size()));
    farm.gate().up(mine, new Protocol.Reports(build.build, build.attempt, build.taken + 1, rest));
    long sent = build.reports.size();
    farm.after(
        RESEND,
        () -> {
          if (session == mine
              && held.get(build.build) == build
              && build.taken < build.reports.size()
              && build.reports.size() == sent) {
            send(build);
          }
        });
  }

  private Instant at() {
    return farm.instant();
  }

  private long key(String what, long more) {
    return Fates.key(what, name().value().hashCode(), more);
  }

  @Override
  public String toString() {
    return String.format(Locale.ROOT, "%s%s holds %s", name(), up ? "" : " (down)", held.keySet());
  }
}
