package dev.ahjo.core.worker;

import static dev.ahjo.core.kernel.Decision.accept;
import static dev.ahjo.core.kernel.Decision.alreadySo;
import static dev.ahjo.core.kernel.Decision.refuse;

import dev.ahjo.core.build.Build;
import dev.ahjo.core.build.Proof;
import dev.ahjo.core.id.Attempt;
import dev.ahjo.core.id.BuildKey;
import dev.ahjo.core.id.PoolName;
import dev.ahjo.core.id.RequestId;
import dev.ahjo.core.id.SessionId;
import dev.ahjo.core.id.WorkerName;
import dev.ahjo.core.kernel.Decision;
import dev.ahjo.core.kernel.Duty;
import dev.ahjo.core.kernel.Entity;
import dev.ahjo.core.kernel.EntityRef;
import dev.ahjo.core.kernel.EntityType;
import dev.ahjo.core.kernel.Message;
import dev.ahjo.core.kernel.Refusal;
import dev.ahjo.core.kernel.Turn;
import dev.ahjo.core.pool.Pool;
import dev.ahjo.core.pool.Pool.Standing;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.pcollections.HashTreePMap;
import org.pcollections.HashTreePSet;
import org.pcollections.PMap;
import org.pcollections.PSet;

/**
 * One machine that offers slots: its sessions, its leases and its health. A lease ends only when
 * its build does; when the worker has been away longer than a lease's grace, the build is told that
 * it is lost. A worker that loses different builds one after the other is quarantined, for longer
 * each time.
 */
public final class Worker implements Entity<Worker.Command, Worker.State, Worker.Fact> {
  /** Faults with different requests, with no good build in between, that accuse the worker. */
  public static final int STRIKES = 3;

  private static final Duration FIRST_QUARANTINE = Duration.ofMinutes(1);
  private static final int MAX_DOUBLINGS = 6;

  public sealed interface Command extends Message {
    /** An agent has opened a session; the gate has checked its token. */
    record Join(SessionId session, Registration registration, List<BuildKey> holds)
        implements Command {
      public Join {
        holds = List.copyOf(holds);
      }
    }

    record Leave(SessionId session) implements Command {}

    record LeaseSlot(BuildKey build, Attempt attempt, Duration grace) implements Command {}

    record EndLease(BuildKey build, Proof proof) implements Command {}

    /**
     * The worker has been away for a whole grace.
     *
     * @param last the session with whose end that absence began
     */
    record GraceOver(BuildKey build, SessionId last) implements Command {}

    /** The quarantine that was to last {@code until} then is over. */
    record QuarantineOver(Instant until) implements Command {}

    record Pause(String by) implements Command {}

    /** Finish what runs, take nothing new. */
    record Drain(String by) implements Command {}

    record Resume(String by) implements Command {}
  }

  public sealed interface Fact extends dev.ahjo.core.kernel.Fact {
    /**
     * @param missing leased builds that the agent does not hold
     */
    record WorkerJoined(SessionId session, Registration registration, Set<BuildKey> missing)
        implements Fact {
      public WorkerJoined {
        missing = Set.copyOf(missing);
      }
    }

    record WorkerLeft(SessionId session, Instant at) implements Fact {}

    record LeaseGiven(BuildKey build, Attempt attempt, Duration grace) implements Fact {}

    record LeaseEnded(BuildKey build, Proof proof) implements Fact {}

    record LeaseLost(BuildKey build, String why) implements Fact {}

    record WorkerQuarantined(Instant until, List<RequestId> evidence) implements Fact {
      public WorkerQuarantined {
        evidence = List.copyOf(evidence);
      }
    }

    record QuarantineEnded() implements Fact {}

    record WorkerPaused(String by) implements Fact {}

    record WorkerDrained(String by) implements Fact {}

    record WorkerResumed(String by) implements Fact {}
  }

  /** What an agent says of itself, and {@code system} of its machine. */
  public record Registration(
      WorkerName worker,
      String instance,
      int slots,
      Set<String> labels,
      PoolName pool,
      Map<String, String> system) {
    public Registration {
      labels = Set.copyOf(labels);
      system = Map.copyOf(system);
    }
  }

  public sealed interface Presence {
    record Never() implements Presence {}

    record Here(SessionId session) implements Presence {}

    /**
     * @param last the session that has ended
     */
    record Away(Instant since, SessionId last) implements Presence {}
  }

  /** What a person has said about the worker. */
  public enum Mode {
    ACTIVE,
    PAUSED,
    DRAINING
  }

  /**
   * @param lost why it was given up; ends when its build has heard
   * @param missingIn the session whose Hello did not name it
   */
  public record Lease(
      Attempt attempt, Duration grace, Optional<String> lost, Optional<SessionId> missingIn) {}

  /**
   * Evidence against the worker.
   *
   * @param strikes requests whose attempts it has lost since its last good build
   * @param level how often it has been quarantined since then
   */
  public record Health(List<RequestId> strikes, int level, Optional<Instant> quarantinedUntil) {
    static final Health GOOD = new Health(List.of(), 0, Optional.empty());

    public Health {
      strikes = List.copyOf(strikes);
    }
  }

  /**
   * @param revision counts what its pool is told, so that old news is known for old
   * @param formerPools those it has left, which are told so
   */
  public record State(
      Optional<Registration> registration,
      Presence presence,
      Mode mode,
      Health health,
      PMap<BuildKey, Lease> leases,
      long revision,
      PSet<PoolName> formerPools) {
    State leases(PMap<BuildKey, Lease> to) {
      return new State(registration, presence, mode, health, to, revision, formerPools);
    }

    State presence(Presence to) {
      return new State(registration, to, mode, health, leases, revision + 1, formerPools);
    }

    State mode(Mode to) {
      return new State(registration, presence, to, health, leases, revision + 1, formerPools);
    }

    State health(Health to) {
      boolean told = to.quarantinedUntil().isPresent() != health.quarantinedUntil().isPresent();
      return new State(
          registration, presence, mode, to, leases, told ? revision + 1 : revision, formerPools);
    }
  }

  @Override
  public EntityType type() {
    return EntityType.WORKER;
  }

  @Override
  public State initial(String id) {
    return new State(
        Optional.empty(),
        new Presence.Never(),
        Mode.ACTIVE,
        Health.GOOD,
        HashTreePMap.empty(),
        0,
        HashTreePSet.empty());
  }

  @Override
  public Command understand(Message message) {
    return switch (message) {
      case Build.HandsOn.LeaseSlot m -> new Command.LeaseSlot(m.build(), m.attempt(), m.grace());
      case Build.HandsOn.EndLease m -> new Command.EndLease(m.build(), m.proof());
      default -> (Command) message;
    };
  }

  @Override
  public Decision<Fact> decide(State s, Command command, Instant now) {
    if (s.registration().isEmpty() && !(command instanceof Command.Join)) {
      return switch (command) {
        case Command.EndLease _, Command.Leave _, Command.GraceOver _, Command.QuarantineOver _ ->
            alreadySo();
        default -> refuse(new Refusal.NotFound("worker", ""));
      };
    }
    return switch (command) {
      case Command.Join c -> join(s, c);
      case Command.Leave c ->
          s.presence().equals(new Presence.Here(c.session()))
              ? accept(new Fact.WorkerLeft(c.session(), now))
              : alreadySo();
      case Command.LeaseSlot c -> leaseSlot(s, c);
      case Command.EndLease c -> endLease(s, c, now);
      case Command.GraceOver c -> graceOver(s, c);
      case Command.QuarantineOver c ->
          s.health().quarantinedUntil().filter(c.until()::equals).isPresent()
              ? accept(new Fact.QuarantineEnded())
              : alreadySo();
      case Command.Pause c ->
          s.mode() == Mode.PAUSED ? alreadySo() : accept(new Fact.WorkerPaused(c.by()));
      case Command.Drain c ->
          s.mode() == Mode.DRAINING ? alreadySo() : accept(new Fact.WorkerDrained(c.by()));
      case Command.Resume c ->
          s.mode() == Mode.ACTIVE && s.health().quarantinedUntil().isEmpty()
              ? alreadySo()
              : accept(new Fact.WorkerResumed(c.by()));
    };
  }

  private static Decision<Fact> join(State s, Command.Join c) {
    // An older session's Join may be late: its end would be taken for the worker's.
    if (lastSession(s).filter(last -> last.compareTo(c.session()) > 0).isPresent()
        || s.presence() instanceof Presence.Away away && away.last().equals(c.session())) {
      return refuse(
          new Refusal.Superseded("session " + c.session(), lastSession(s).orElseThrow().value()));
    }
    if (s.presence() instanceof Presence.Here here) {
      if (here.session().equals(c.session())) {
        return alreadySo();
      }
      if (s.registration()
          .filter(r -> !r.instance().equals(c.registration().instance()))
          .isPresent()) {
        return refuse(
            "a worker name that no other agent uses",
            "'" + c.registration().worker() + "' joined from another data folder");
      }
    }
    Set<BuildKey> missing = new HashSet<>(s.leases().keySet());
    c.holds().forEach(missing::remove);
    List<Fact> facts = new ArrayList<>();
    facts.add(new Fact.WorkerJoined(c.session(), c.registration(), missing));
    if (s.registration()
        .filter(r -> !r.instance().equals(c.registration().instance()))
        .isPresent()) {
      // Another disk can't say how far the old one had come: what may have begun must not begin
      // again under the same number.
      for (BuildKey build : missing.stream().sorted().toList()) {
        if (Objects.requireNonNull(s.leases().get(build)).lost().isEmpty()) {
          facts.add(
              new Fact.LeaseLost(
                  build, "worker " + c.registration().worker() + " came back with another disk"));
        }
      }
    }
    return accept(facts);
  }

  private static Optional<SessionId> lastSession(State s) {
    return switch (s.presence()) {
      case Presence.Never _ -> Optional.empty();
      case Presence.Here here -> Optional.of(here.session());
      case Presence.Away away -> Optional.of(away.last());
    };
  }

  private static Decision<Fact> leaseSlot(State s, Command.LeaseSlot c) {
    if (s.leases().containsKey(c.build())) {
      return alreadySo();
    }
    int slots = s.registration().map(Registration::slots).orElse(0);
    return s.leases().size() < slots
        ? accept(new Fact.LeaseGiven(c.build(), c.attempt(), c.grace()))
        : refuse(new Refusal.LimitReached("slots", slots));
  }

  private Decision<Fact> endLease(State s, Command.EndLease c, Instant now) {
    return s.leases().containsKey(c.build())
        ? judge(
            new Turn<State, Fact>(this, s).record(new Fact.LeaseEnded(c.build(), c.proof())), now)
        : alreadySo();
  }

  private static Decision<Fact> judge(Turn<State, Fact> turn, Instant now) {
    var health = turn.state().health();
    if (health.strikes().size() >= STRIKES && health.quarantinedUntil().isEmpty()) {
      turn.record(
          new Fact.WorkerQuarantined(now.plus(quarantine(health.level())), health.strikes()));
    }
    return turn.accept();
  }

  /** How long it is, after {@code before} earlier ones. */
  private static Duration quarantine(int before) {
    return FIRST_QUARANTINE.multipliedBy(1L << Math.min(before, MAX_DOUBLINGS));
  }

  /**
   * By the absence alone, not by a clock: whoever says it has waited, and clocks on walls are set.
   */
  private static Decision<Fact> graceOver(State s, Command.GraceOver c) {
    var lease = s.leases().get(c.build());
    return lease != null
            && lease.lost().isEmpty()
            && s.presence() instanceof Presence.Away away
            && away.last().equals(c.last())
        ? accept(new Fact.LeaseLost(c.build(), "worker was away longer than " + lease.grace()))
        : alreadySo();
  }

  /** The builds of {@code held} that go on: leased to this worker, and not given up. */
  public static List<BuildKey> resumes(State s, List<BuildKey> held) {
    return held.stream()
        .filter(build -> {
          var lease = s.leases().get(build);
          return lease != null && lease.lost().isEmpty();
        })
        .toList();
  }

  /**
   * The builds that an agent that keeps {@code held} must not run: those of them that do not go on,
   * and those that were given up, whose plan may be on its way all the same.
   */
  public static List<BuildKey> stops(State s, List<BuildKey> held) {
    Set<BuildKey> stop = new TreeSet<>(held);
    resumes(s, held).forEach(stop::remove);
    s.leases()
        .forEach((build, lease) -> {
          if (lease.lost().isPresent()) {
            stop.add(build);
          }
        });
    return List.copyOf(stop);
  }

  /** How the worker stands towards its pool. */
  public static Standing standing(State s) {
    if (!(s.presence() instanceof Presence.Here)) {
      return Standing.AWAY;
    }
    return switch (s.mode()) {
      case PAUSED -> Standing.PAUSED;
      case DRAINING -> Standing.DRAINING;
      case ACTIVE ->
          s.health().quarantinedUntil().isPresent() ? Standing.QUARANTINED : Standing.AVAILABLE;
    };
  }

  @Override
  public State evolve(State s, Fact fact) {
    return switch (fact) {
      case Fact.WorkerJoined f -> joined(s, f);
      case Fact.WorkerLeft f -> s.presence(new Presence.Away(f.at(), f.session()));
      case Fact.LeaseGiven f ->
          s.leases(
              s.leases()
                  .plus(
                      f.build(),
                      new Lease(f.attempt(), f.grace(), Optional.empty(), Optional.empty())));
      case Fact.LeaseLost f -> {
        var lease = s.leases().get(f.build());
        yield lease == null
            ? s
            : s.leases(
                s.leases()
                    .plus(
                        f.build(),
                        new Lease(
                            lease.attempt(),
                            lease.grace(),
                            Optional.of(f.why()),
                            lease.missingIn())));
      }
      case Fact.LeaseEnded f -> ended(s, f);
      case Fact.WorkerQuarantined f ->
          s.health(new Health(List.of(), s.health().level() + 1, Optional.of(f.until())));
      case Fact.QuarantineEnded _ ->
          s.health(new Health(s.health().strikes(), s.health().level(), Optional.empty()));
      case Fact.WorkerPaused _ -> s.mode(Mode.PAUSED);
      case Fact.WorkerDrained _ -> s.mode(Mode.DRAINING);
      case Fact.WorkerResumed _ -> s.health(Health.GOOD).mode(Mode.ACTIVE);
    };
  }

  private static State joined(State s, Fact.WorkerJoined f) {
    PMap<BuildKey, Lease> leases = s.leases();
    for (var entry : s.leases().entrySet()) {
      var lease = entry.getValue();
      Optional<SessionId> missing =
          f.missing().contains(entry.getKey()) ? Optional.of(f.session()) : Optional.empty();
      leases =
          leases.plus(
              entry.getKey(), new Lease(lease.attempt(), lease.grace(), lease.lost(), missing));
    }
    PSet<PoolName> left =
        s.registration()
            .map(r -> s.formerPools().plus(r.pool()))
            .orElse(s.formerPools())
            .minus(f.registration().pool());
    return new State(
        Optional.of(f.registration()),
        new Presence.Here(f.session()),
        s.mode(),
        s.health(),
        leases,
        s.revision() + 1,
        left);
  }

  private static State ended(State s, Fact.LeaseEnded f) {
    var lease = s.leases().get(f.build());
    var rest = s.leases(s.leases().minus(f.build()));
    if (lease == null) {
      return rest;
    }
    var health = s.health();
    return switch (f.proof()) {
      // One that was under way when the quarantine began does not shorten it.
      case GOOD ->
          rest.health(
              new Health(
                  List.of(),
                  health.quarantinedUntil().isPresent() ? health.level() : 0,
                  health.quarantinedUntil()));
      case NEITHER -> rest;
      case FAULT -> {
        Set<RequestId> strikes = new LinkedHashSet<>(health.strikes());
        strikes.add(lease.attempt().request());
        yield rest.health(
            new Health(List.copyOf(strikes), health.level(), health.quarantinedUntil()));
      }
    };
  }

  @Override
  public PMap<String, Duty> duties(State s) {
    if (s.registration().isEmpty()) {
      return HashTreePMap.empty();
    }
    var registration = s.registration().get();
    PMap<String, Duty> duties =
        HashTreePMap.singleton(
            "pool", told(registration.pool(), station(s, registration, standing(s))));
    for (PoolName former : s.formerPools()) {
      duties =
          duties.plus(
              "former-pool:" + former, told(former, station(s, registration, Standing.GONE)));
    }
    if (s.presence() instanceof Presence.Here here) {
      duties =
          duties.plus("session", new Duty.Watch(here.session(), new Command.Leave(here.session())));
    }
    if (s.health().quarantinedUntil().isPresent()) {
      Instant until = s.health().quarantinedUntil().get();
      duties =
          duties.plus(
              "quarantine",
              new Duty.Wake(
                  until,
                  Duration.ZERO,
                  quarantine(s.health().level() - 1),
                  new Command.QuarantineOver(until)));
    }
    for (var entry : s.leases().entrySet()) {
      duties = duties.plusAll(owedFor(s, registration.worker(), entry.getKey(), entry.getValue()));
    }
    return duties;
  }

  private static Duty told(PoolName pool, Pool.Station station) {
    return new Duty.Tell(EntityRef.of(pool), new Pool.Command.KnowWorker(station));
  }

  private static Pool.Station station(State s, Registration registration, Standing standing) {
    return new Pool.Station(
        registration.worker(), s.revision(), registration.slots(), registration.labels(), standing);
  }

  private static PMap<String, Duty> owedFor(
      State s, WorkerName worker, BuildKey build, Lease lease) {
    var to = EntityRef.of(build);
    // A lease that its build does not know of any more is taken back.
    PMap<String, Duty> duties =
        HashTreePMap.singleton(
            "confirm:" + build,
            new Duty.Tell(to, new Build.Command.ConfirmLease(worker))
                .onRefusal(new Command.EndLease(build, Proof.NEITHER)));
    if (lease.lost().isPresent()) {
      return duties.plus(
          "lost:" + build,
          new Duty.Tell(to, new Build.Command.LoseLease(worker, lease.lost().get())));
    }
    if (lease.missingIn().isPresent()) {
      duties =
          duties.plus(
              "missing:" + build,
              new Duty.Tell(to, new Build.Command.NotHeld(worker, lease.missingIn().get())));
    }
    if (s.presence() instanceof Presence.Away away) {
      duties =
          duties.plus(
              "grace:" + build,
              new Duty.Wake(
                  away.since().plus(lease.grace()),
                  lease.grace(),
                  lease.grace(),
                  new Command.GraceOver(build, away.last())));
    }
    return duties;
  }

  @Override
  public boolean settled(State state) {
    return state.registration().isEmpty();
  }
}
