package dev.ahjo.core.simulator;

import dev.ahjo.core.build.Build;
import dev.ahjo.core.id.PoolName;
import dev.ahjo.core.id.SessionId;
import dev.ahjo.core.id.WorkerName;
import dev.ahjo.core.kernel.EntityRef;
import dev.ahjo.core.kernel.Refusal;
import dev.ahjo.core.port.Entities.Answer;
import dev.ahjo.core.worker.Protocol;
import dev.ahjo.core.worker.Worker;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The workers' door, and the machines behind it. Within a session messages keep their order, as on
 * one connection; some are lost all the same.
 */
final class Gate {
  /** One connection of an agent. */
  static final class Session {
    final SessionId id;
    final Agent agent;
    private final List<Runnable> watchers = new ArrayList<>();
    private boolean open = true;
    private long lastUp;
    private long lastDown;

    Session(SessionId id, Agent agent) {
      this.id = id;
      this.agent = agent;
    }
  }

  private final Simulation farm;
  private final World world;
  private final Map<WorkerName, Agent> agents = new TreeMap<>();
  private final Map<SessionId, Session> sessions = new HashMap<>();
  private final Map<WorkerName, Session> welcomed = new HashMap<>();
  private final Map<WorkerName, Map<Object, Runnable>> whenBack = new HashMap<>();
  private long opened;

  Gate(Simulation farm, World world) {
    this.farm = farm;
    this.world = world;
  }

  void begin() {
    for (World.Machine machine : world.machines()) {
      agents.put(machine.name(), new Agent(farm, machine, world.troubles()));
    }
    agents.values().forEach(Agent::start);
  }

  /** Brings all machines back, and one more for each pool, on which everything can run. */
  void heal() {
    agents.values().forEach(Agent::heal);
    for (var agent : List.copyOf(agents.values())) {
      farm.after(
          1,
          () ->
              farm.say(
                  "a person",
                  EntityRef.of(agent.name()),
                  new Worker.Command.Resume("a person"),
                  _ -> {}));
    }
    for (String pool : List.of("main", "side")) {
      var helper = new WorkerName("rescue-" + pool);
      var machine =
          new World.Machine(helper, new PoolName(pool), 2, java.util.Set.of("linux", "arm", "gpu"));
      var agent = new Agent(farm, machine, World.Troubles.NONE);
      agents.put(helper, agent);
      agent.start();
    }
  }

  java.util.Collection<Agent> agents() {
    return agents.values();
  }

  Optional<Agent> agent(WorkerName name) {
    return Optional.ofNullable(agents.get(name));
  }

  /** A new connection; empty while the node is down. */
  Optional<Session> open(Agent agent) {
    if (farm.nodeIsDown()) {
      return Optional.empty();
    }
    var id = new SessionId(String.format(Locale.ROOT, "s%06d", ++opened));
    var session = new Session(id, agent);
    sessions.put(id, session);
    return Optional.of(session);
  }

  /** The gate has learned that the connection is gone. */
  void close(Session session) {
    if (!session.open) {
      return;
    }
    session.open = false;
    farm.tell(() -> "session " + session.id + " of " + session.agent.name() + " ends");
    welcomed.remove(session.agent.name(), session);
    sessions.remove(session.id);
    List<Runnable> told = List.copyOf(session.watchers);
    session.watchers.clear();
    told.forEach(Runnable::run);
  }

  void nodeDies() {
    for (Session session : List.copyOf(sessions.values())) {
      session.watchers.clear();
      close(session);
      farm.after(
          farm.fates().between(key("noticed", session), 1, 10_000),
          () -> session.agent.sessionEnded(session));
    }
    whenBack.clear();
  }

  void watch(SessionId id, Runnable whenGone) {
    Session session = sessions.get(id);
    if (session == null) {
      whenGone.run();
    } else {
      session.watchers.add(whenGone);
    }
  }

  /** From an entity: the way to the gate is as rough as between entities. */
  void deliver(WorkerName to, Protocol.ToAgent message, Object owner, Runnable nudge) {
    long key =
        Fates.key(
            "deliver " + message.getClass().getSimpleName(), to.value().hashCode(), owed(message));
    if (farm.fates().strikes(key, farm.weather().loss())) {
      farm.tell(() -> "lost on its way to " + to + ": " + Telling.of(message));
      return;
    }
    long late =
        farm.fates().strikes(key + 1, farm.weather().delay())
            ? farm.fates().between(key + 2, 20, 4_000)
            : 0;
    farm.after(
        1 + late,
        () -> {
          Session session = welcomed.get(to);
          if (session == null) {
            whenBack.computeIfAbsent(to, _ -> new LinkedHashMap<>()).put(owner, nudge);
          } else {
            down(session, message);
          }
        });
  }

  private static long owed(Protocol.ToAgent message) {
    return switch (message) {
      case Protocol.RunBuild m -> m.build().toString().hashCode();
      case Protocol.StopBuild m -> m.build().toString().hashCode();
      default -> 0;
    };
  }

  private static long key(String kind, Session session) {
    return Fates.key(kind, session.agent.name().value().hashCode(), 0);
  }

  private void down(Session session, Protocol.ToAgent message) {
    long key = key("down " + message.getClass().getSimpleName(), session);
    if (farm.fates().strikes(key, farm.weather().loss())) {
      farm.tell(() -> "lost on " + session.id + ": " + Telling.of(message));
      return;
    }
    session.lastDown =
        Math.max(session.lastDown, farm.now() + farm.fates().between(key + 1, 1, 10));
    farm.after(
        session.lastDown - farm.now(),
        () -> {
          if (session.open) {
            session.agent.hear(session, message);
          }
        });
  }

  void up(Session session, Protocol.ToGate message) {
    long key = key("up " + message.getClass().getSimpleName(), session);
    if (farm.fates().strikes(key, farm.weather().loss())) {
      farm.tell(() -> "lost on " + session.id + ": " + Telling.of(message));
      return;
    }
    session.lastUp = Math.max(session.lastUp, farm.now() + farm.fates().between(key + 1, 1, 10));
    farm.after(
        session.lastUp - farm.now(),
        () -> {
          if (session.open) {
            hear(session, message);
          }
        });
  }

  private void hear(Session session, Protocol.ToGate message) {
    switch (message) {
      case Protocol.Hello hello -> join(session, hello);
      case Protocol.Reports reports -> report(session, reports);
      case Protocol.CannotTake no ->
          farm.say(
              "gate",
              EntityRef.of(no.build()),
              new Build.Command.CannotTake(session.agent.name(), no.attempt(), no.reason()),
              answer -> farm.tell(() -> no.build() + " can't be taken: " + answer));
      case Protocol.Goodbye _ -> close(session);
      case Protocol.Append _,
          Protocol.AppendPiece _,
          Protocol.ListArtifacts _,
          Protocol.Fetch _,
          Protocol.Ping _ -> {
        // streams are no part of this
      }
    }
  }

  private void join(Session session, Protocol.Hello hello) {
    var worker = EntityRef.of(hello.worker());
    var held = hello.holds().stream().map(Protocol.Held::build).toList();
    var registration =
        new Worker.Registration(
            hello.worker(),
            hello.instance(),
            hello.slots(),
            hello.labels(),
            hello.pool(),
            hello.system());
    farm.say(
        "gate",
        worker,
        new Worker.Command.Join(session.id, registration, held),
        answer -> {
          if (!session.open) {
            return;
          }
          switch (answer) {
            case Answer.Refused refused -> {
              down(session, new Protocol.Rejected(refused.why().text(), true));
              farm.after(100, () -> close(session));
            }
            case Answer.Done _ -> {
              // The answers may overtake each other; the newest session is the one that counts.
              Session other = welcomed.get(hello.worker());
              if (other != null && other.id.compareTo(session.id) > 0) {
                close(session);
                return;
              }
              var joined = (Worker.State) farm.state(worker);
              var resume = Worker.resumes(joined, held);
              var stop = Worker.stops(joined, held);
              welcomed.put(hello.worker(), session);
              down(session, new Protocol.Welcome(session.id, resume, stop));
              @Nullable Map<Object, Runnable> waiting = whenBack.remove(hello.worker());
              if (waiting != null) {
                waiting.values().forEach(Runnable::run);
              }
            }
          }
        });
  }

  private void report(Session session, Protocol.Reports reports) {
    farm.say(
        "gate",
        EntityRef.of(reports.build()),
        new Build.Command.Report(
            session.agent.name(),
            session.id,
            reports.attempt(),
            reports.first(),
            reports.reports()),
        answer -> {
          if (!session.open) {
            return;
          }
          switch (answer) {
            case Answer.Done _ -> {
              long last = reports.first() + reports.reports().size() - 1;
              farm.invariants().reportsTaken(reports.build(), last);
              down(session, new Protocol.ReportsTaken(reports.build(), last));
            }
            case Answer.Refused(Refusal.Conflict _) ->
                farm.tell(() -> "a gap in the reports of " + reports.build());
            case Answer.Refused(Refusal why) ->
                down(session, new Protocol.ReportsRefused(reports.build(), why.text()));
          }
        });
  }

  @Override
  public String toString() {
    return Objects.toString(agents);
  }
}
