package dev.ahjo.core.worker;

import static dev.ahjo.core.Samples.NOON;
import static dev.ahjo.core.Samples.W1;
import static dev.ahjo.core.Samples.attempt;
import static dev.ahjo.core.Samples.build;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ahjo.core.Samples;
import dev.ahjo.core.build.Proof;
import dev.ahjo.core.id.BuildKey;
import dev.ahjo.core.id.PoolName;
import dev.ahjo.core.id.SessionId;
import dev.ahjo.core.kernel.Decision;
import dev.ahjo.core.kernel.Duty;
import dev.ahjo.core.kernel.Table;
import dev.ahjo.core.pool.Pool.Standing;
import dev.ahjo.core.worker.Worker.Command;
import dev.ahjo.core.worker.Worker.Fact;
import dev.ahjo.core.worker.Worker.State;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.Test;

class WorkerTest {
  private static final Duration GRACE = Duration.ofMinutes(2);

  private static Command.Join join(String session, String disk, int slots, BuildKey... holds) {
    return join(session, disk, slots, Samples.POOL, holds);
  }

  private static Command.Join join(
      String session, String disk, int slots, PoolName pool, BuildKey... holds) {
    return new Command.Join(
        new SessionId(session),
        new Worker.Registration(W1, disk, slots, Set.of(), pool, Map.of()),
        List.of(holds));
  }

  private static Command lease(int n) {
    return new Command.LeaseSlot(build(n), attempt(n, 1), GRACE);
  }

  private static Command over(int build, String session) {
    return new Command.GraceOver(build(build), new SessionId(session));
  }

  private static Command leave(String session) {
    return new Command.Leave(new SessionId(session));
  }

  static Table<Command, State, Fact> table() {
    var rules = new Worker();
    return new Table<Command, State, Fact>(rules, NOON)
        .state("unknown", rules.initial("w1"))
        .state("here", "unknown", join("s1", "disk1", 1))
        .state("leased", "here", lease(1))
        .state("away", "leased", leave("s1"))
        .state("paused", "here", new Command.Pause("ann"))
        .state("draining", "here", new Command.Drain("ann"))
        .message("Join s1", join("s1", "disk1", 1))
        .message("Join s2, holds 1", join("s2", "disk1", 1, build(1)))
        .message("Join s2, other disk", join("s2", "disk2", 1))
        .message("Leave s1", leave("s1"))
        .message("Leave s0", leave("s0"))
        .message("LeaseSlot 1", lease(1))
        .message("LeaseSlot 2", lease(2))
        .message("EndLease 1, good", new Command.EndLease(build(1), Proof.GOOD))
        .message("GraceOver 1 of s1", over(1, "s1"))
        .message("QuarantineOver", new Command.QuarantineOver(NOON))
        .message("Pause", new Command.Pause("ann"))
        .message("Drain", new Command.Drain("ann"))
        .message("Resume", new Command.Resume("ann"));
  }

  @Test
  void decides() {
    assertThat(table().toString())
        .isEqualTo(
            """
            unknown
              Join s1                WorkerJoined
              Join s2, holds 1       WorkerJoined
              Join s2, other disk    WorkerJoined
              Leave s1               already so
              Leave s0               already so
              LeaseSlot 1            no: NotFound
              LeaseSlot 2            no: NotFound
              EndLease 1, good       already so
              GraceOver 1 of s1      already so
              QuarantineOver         already so
              Pause                  no: NotFound
              Drain                  no: NotFound
              Resume                 no: NotFound

            here
              Join s1                already so
              Join s2, holds 1       WorkerJoined
              Join s2, other disk    no: Conflict
              Leave s1               WorkerLeft
              Leave s0               already so
              LeaseSlot 1            LeaseGiven
              LeaseSlot 2            LeaseGiven
              EndLease 1, good       already so
              GraceOver 1 of s1      already so
              QuarantineOver         already so
              Pause                  WorkerPaused
              Drain                  WorkerDrained
              Resume                 already so

            leased
              Join s1                already so
              Join s2, holds 1       WorkerJoined
              Join s2, other disk    no: Conflict
              Leave s1               WorkerLeft
              Leave s0               already so
              LeaseSlot 1            already so
              LeaseSlot 2            no: LimitReached
              EndLease 1, good       LeaseEnded
              GraceOver 1 of s1      already so
              QuarantineOver         already so
              Pause                  WorkerPaused
              Drain                  WorkerDrained
              Resume                 already so

            away
              Join s1                no: Superseded
              Join s2, holds 1       WorkerJoined
              Join s2, other disk    WorkerJoined, LeaseLost
              Leave s1               already so
              Leave s0               already so
              LeaseSlot 1            already so
              LeaseSlot 2            no: LimitReached
              EndLease 1, good       LeaseEnded
              GraceOver 1 of s1      LeaseLost
              QuarantineOver         already so
              Pause                  WorkerPaused
              Drain                  WorkerDrained
              Resume                 already so

            paused
              Join s1                already so
              Join s2, holds 1       WorkerJoined
              Join s2, other disk    no: Conflict
              Leave s1               WorkerLeft
              Leave s0               already so
              LeaseSlot 1            LeaseGiven
              LeaseSlot 2            LeaseGiven
              EndLease 1, good       already so
              GraceOver 1 of s1      already so
              QuarantineOver         already so
              Pause                  already so
              Drain                  WorkerDrained
              Resume                 WorkerResumed

            draining
              Join s1                already so
              Join s2, holds 1       WorkerJoined
              Join s2, other disk    no: Conflict
              Leave s1               WorkerLeft
              Leave s0               already so
              LeaseSlot 1            LeaseGiven
              LeaseSlot 2            LeaseGiven
              EndLease 1, good       already so
              GraceOver 1 of s1      already so
              QuarantineOver         already so
              Pause                  WorkerPaused
              Drain                  already so
              Resume                 WorkerResumed
            """);
  }

  @Test
  void aBuildIsLostOnlyAfterItsGrace() {
    var worker = new Story();
    worker.say(join("s1", "disk1", 1));
    worker.say(lease(1));
    worker.say(leave("s1"));
    worker.after(GRACE.minusSeconds(1)).say(over(1, "s0"));
    assertThat(worker.lost()).as("an absence long past").isEmpty();
    worker.after(Duration.ofSeconds(1)).say(over(1, "s1"));
    assertThat(worker.lost()).containsExactly(build(1));
    assertThat(Worker.resumes(worker.state, List.of(build(1)))).isEmpty();
    assertThat(Worker.stops(worker.state, List.of(build(1)))).containsExactly(build(1));
  }

  @Test
  void whoIsBackWithinTheGraceGoesOn() {
    var worker = new Story();
    worker.say(join("s1", "disk1", 1));
    worker.say(lease(1));
    worker.say(leave("s1"));
    worker.after(Duration.ofSeconds(30)).say(join("s2", "disk1", 1, build(1)));
    worker.after(GRACE).say(over(1, "s1"));
    assertThat(worker.lost()).isEmpty();
    assertThat(Worker.resumes(worker.state, List.of(build(1), build(9)))).containsExactly(build(1));
    assertThat(Worker.stops(worker.state, List.of(build(1), build(9)))).containsExactly(build(9));
  }

  @Test
  void anEarlierAbsenceDoesNotCountForALaterOne() {
    var worker = new Story();
    worker.say(join("s1", "disk1", 1));
    worker.say(lease(1));
    worker.say(leave("s1"));
    worker.say(join("s2", "disk1", 1, build(1)));
    worker.say(leave("s2"));
    worker.say(over(1, "s1"));
    assertThat(worker.lost()).isEmpty();
    worker.say(over(1, "s2"));
    assertThat(worker.lost()).containsExactly(build(1));
  }

  private static Duty.Wake wake(Story worker, String key) {
    return (Duty.Wake) Objects.requireNonNull(new Worker().duties(worker.state).get(key));
  }

  @Test
  void noClockEndsAGraceEarly() {
    var worker = new Story();
    worker.say(join("s1", "disk1", 1));
    worker.say(lease(1));
    worker.say(leave("s1"));
    var wake = wake(worker, "grace:" + build(1));
    assertThat(wake.after(NOON)).isEqualTo(GRACE);
    assertThat(wake.after(NOON.plusSeconds(90))).as("set forward").isEqualTo(GRACE);
    assertThat(wake.after(NOON.minusSeconds(7200))).as("set back").isEqualTo(GRACE);
  }

  @Test
  void noClockMakesAQuarantineLonger() {
    var worker = new Story();
    worker.say(join("s1", "disk1", 1));
    worker.faults(1, 2, 3);
    var wake = wake(worker, "quarantine");
    assertThat(wake.after(NOON.plusSeconds(20))).hasSeconds(40);
    assertThat(wake.after(NOON.minusSeconds(7200))).as("set back").hasMinutes(1);
  }

  @Test
  void anotherDiskLosesWhatTheOldOneHeld() {
    var worker = new Story();
    worker.say(join("s1", "disk1", 1));
    worker.say(lease(1));
    worker.say(leave("s1"));
    worker.say(join("s2", "disk2", 1));
    assertThat(worker.lost()).containsExactly(build(1));
    assertThat(Worker.stops(worker.state, List.of()))
        .as("its plan may still be on the way")
        .containsExactly(build(1));
  }

  @Test
  void theNewestSessionCountsHoweverLateAnOlderOneIsHeardOf() {
    var worker = new Story();
    worker.say(join("s2", "disk1", 1));
    assertThat(worker.refuses(join("s1", "disk1", 1))).isTrue();
    worker.say(leave("s1"));
    assertThat(worker.standing()).isEqualTo(Standing.AVAILABLE);
    worker.say(leave("s2"));
    assertThat(worker.refuses(join("s2", "disk1", 1))).as("it has ended").isTrue();
    worker.say(join("s3", "disk1", 1));
    assertThat(worker.standing()).isEqualTo(Standing.AVAILABLE);
  }

  @Test
  void threeFaultsWithDifferentRequestsQuarantineItLongerEachTime() {
    var worker = new Story();
    worker.say(join("s1", "disk1", 1));
    assertThat(worker.faults(1, 2, 3).standing()).isEqualTo(Standing.QUARANTINED);
    assertThat(worker.quarantinedFor()).hasMinutes(1);
    worker.after(Duration.ofMinutes(1)).say(worker.quarantineOver());
    assertThat(worker.standing()).isEqualTo(Standing.AVAILABLE);
    worker.faults(4, 5, 6);
    assertThat(worker.quarantinedFor()).hasMinutes(2);
  }

  @Test
  void oneRequestAloneOrAGoodBuildInBetweenAccusesNobody() {
    var worker = new Story();
    worker.say(join("s1", "disk1", 1));
    assertThat(worker.faults(1, 1, 1, 1).standing()).isEqualTo(Standing.AVAILABLE);
    worker.faults(2);
    worker.say(lease(3));
    worker.say(new Command.EndLease(build(3), Proof.GOOD));
    assertThat(worker.faults(4, 5).standing()).isEqualTo(Standing.AVAILABLE);
  }

  @Test
  void aGoodBuildThatEndsInAQuarantineDoesNotShortenIt() {
    var worker = new Story();
    worker.say(join("s1", "disk1", 2));
    worker.say(lease(9));
    worker.faults(1, 2, 3);
    worker.say(new Command.EndLease(build(9), Proof.GOOD));
    assertThat(worker.standing()).isEqualTo(Standing.QUARANTINED);
    assertThat(worker.quarantinedFor()).hasMinutes(1);
    assertThat(wake(worker, "quarantine").after(NOON)).hasMinutes(1);
  }

  @Test
  void aBuildThatProvesNothingClearsNobody() {
    var worker = new Story();
    worker.say(join("s1", "disk1", 1));
    worker.faults(1, 2);
    worker.say(lease(3));
    worker.say(new Command.EndLease(build(3), Proof.NEITHER));
    assertThat(worker.faults(4).standing()).isEqualTo(Standing.QUARANTINED);
  }

  @Test
  void aPersonEndsAQuarantine() {
    var worker = new Story();
    worker.say(join("s1", "disk1", 1));
    worker.faults(1, 2, 3);
    worker.say(new Command.Resume("ann"));
    assertThat(worker.standing()).isEqualTo(Standing.AVAILABLE);
  }

  @Test
  void allPoolsThatItHasLeftAreTold() {
    var worker = new Story();
    worker.say(join("s1", "disk1", 1, new PoolName("a")));
    worker.say(join("s2", "disk1", 1, new PoolName("b")));
    worker.say(join("s3", "disk1", 1, new PoolName("c")));
    assertThat(new Worker().duties(worker.state).keySet())
        .containsExactlyInAnyOrder("pool", "session", "former-pool:a", "former-pool:b");
  }

  private static final class Story {
    private final Worker rules = new Worker();
    private State state = rules.initial("w1");
    private Instant now = NOON;

    Story after(Duration time) {
      now = now.plus(time);
      return this;
    }

    void say(Command command) {
      if (!(rules.decide(state, command, now) instanceof Decision.Accepted<Fact>(var facts))) {
        throw new AssertionError(command + " was refused in " + state);
      }
      facts.forEach(fact -> state = rules.evolve(state, fact));
    }

    boolean refuses(Command command) {
      return rules.decide(state, command, now) instanceof Decision.Refused<Fact>;
    }

    /** Loses a build of each of these requests, one after the other. */
    Story faults(int... requests) {
      for (int n : requests) {
        say(lease(n));
        say(new Command.EndLease(build(n), Proof.FAULT));
      }
      return this;
    }

    Standing standing() {
      return Worker.standing(state);
    }

    Command quarantineOver() {
      return new Command.QuarantineOver(state.health().quarantinedUntil().orElseThrow());
    }

    Duration quarantinedFor() {
      return Duration.between(now, state.health().quarantinedUntil().orElseThrow());
    }

    List<BuildKey> lost() {
      return state.leases().entrySet().stream()
          .filter(e -> e.getValue().lost().isPresent())
          .map(Map.Entry::getKey)
          .toList();
    }
  }
}
