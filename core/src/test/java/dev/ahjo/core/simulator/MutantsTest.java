package dev.ahjo.core.simulator;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ahjo.core.Rules;
import dev.ahjo.core.build.Build;
import dev.ahjo.core.builder.Builder;
import dev.ahjo.core.id.BuildKey;
import dev.ahjo.core.kernel.Decision;
import dev.ahjo.core.kernel.Entity;
import dev.ahjo.core.kernel.EntityType;
import dev.ahjo.core.lock.Lock;
import dev.ahjo.core.pool.Pool;
import dev.ahjo.core.request.BuildRequest;
import dev.ahjo.core.worker.Worker;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The simulator bites: each way of breaking the rules is found, and by the rule that it breaks. */
class MutantsTest {
  private static final int WITHIN = 400;

  record Broken(String how, Entity<?, ?, ?> entity, Set<String> rules) {
    @Override
    public String toString() {
      return how;
    }
  }

  static Stream<Broken> mutants() {
    return Stream.of(
        new Broken(
            "a build takes reports after its end",
            new TakesLateReports(),
            Set.of("what is acknowledged is journaled")),
        new Broken(
            "a request forgets its retry limit",
            new NeverShelves(),
            Set.of("no more attempts than the limit")),
        new Broken(
            "a pool sees one slot too many",
            new OneSlotMore(),
            Set.of("a pool gives no more slots than there are")),
        new Broken(
            "a worker leases what it has not",
            new LeasesWithoutEnd(),
            Set.of("a pool gives no more slots than there are", "no more leases than slots")),
        new Broken(
            "a build does not free its slot",
            new KeepsItsSlot(),
            Set.of("everything settles when faults stop")),
        new Broken(
            "a builder forgets to give locks back",
            new KeepsLocks(),
            Set.of("everything settles when faults stop")),
        new Broken(
            "a pool does not take slots back",
            new TakesNothingBack(),
            Set.of("everything settles when faults stop")),
        new Broken(
            "a builder gives a number twice",
            new NumbersTwice(),
            Set.of("build numbers have no gaps", "one live attempt per request")),
        new Broken(
            "a lock lets everybody in",
            new OpenLock(),
            Set.of("a lock is never held beyond its count")),
        new Broken(
            "a builder conceals what a fact touched",
            new Conceals(),
            Set.of("a fact names every duty it touches")),
        new Broken(
            "a builder does not admit the next",
            new AdmitsLate(),
            Set.of("no request waits below the builder's limit")),
        new Broken(
            "a request believes an attempt that is over",
            new BelievesTheDead(),
            Set.of("one live attempt per request", "a request ends as its last build did")),
        new Broken(
            "a worker's state depends on more than its facts",
            new Moody(),
            Set.of("replay equals live")));
  }

  @ParameterizedTest
  @MethodSource("mutants")
  void isFound(Broken broken) {
    Function<EntityType, Entity<?, ?, ?>> entities =
        type -> type == broken.entity().type() ? broken.entity() : Rules.of(type);
    for (long seed = 1; seed <= WITHIN; seed++) {
      Outcome outcome = Simulation.run(Histories.of(seed), entities, false);
      if (outcome.violation().isPresent()) {
        assertThat(broken.rules()).contains(outcome.violation().get().rule());
        return;
      }
    }
    throw new AssertionError(broken + " was not found in " + WITHIN + " histories");
  }

  @Test
  void aFailingHistoryIsShrunkToAShortStory() {
    Function<History, Outcome> run =
        history ->
            Simulation.run(
                history,
                type -> type == EntityType.BUILDER ? new KeepsLocks() : Rules.of(type),
                false);
    History failing =
        Stream.iterate(1L, seed -> seed + 1)
            .limit(WITHIN)
            .map(Histories::of)
            .filter(h -> h.moments().size() > 6 && run.apply(h).violation().isPresent())
            .findFirst()
            .orElseThrow();
    History small = Shrinker.shrink(failing, run);
    assertThat(run.apply(small).violation().map(Violation::rule))
        .contains("everything settles when faults stop");
    // The project, a submission: and no luck is as bad as a lock that is never given back.
    assertThat(small.moments())
        .extracting(m -> m.act().getClass().getSimpleName())
        .containsExactly("Define", "Submit");
    assertThat(run.apply(small).badLuck()).isEmpty();
  }

  private static <E extends dev.ahjo.core.kernel.Fact> List<E> facts(Decision<E> decision) {
    return decision instanceof Decision.Accepted<E> accepted ? accepted.facts() : List.of();
  }

  private static final class TakesLateReports
      extends Mutant<Build.Command, Build.State, Build.Fact> {
    TakesLateReports() {
      super(new Build());
    }

    @Override
    public Decision<Build.Fact> decide(Build.State state, Build.Command command, Instant now) {
      return state instanceof Build.State.Finished && command instanceof Build.Command.Report
          ? Decision.alreadySo()
          : super.decide(state, command, now);
    }
  }

  private static final class NeverShelves
      extends Mutant<BuildRequest.Command, BuildRequest.State, BuildRequest.Fact> {
    NeverShelves() {
      super(new BuildRequest());
    }

    @Override
    public Decision<BuildRequest.Fact> decide(
        BuildRequest.State state, BuildRequest.Command command, Instant now) {
      var decision = super.decide(state, command, now);
      return facts(decision).stream().findFirst().orElse(null)
              instanceof BuildRequest.Fact.RequestShelved shelved
          ? Decision.accept(new BuildRequest.Fact.AttemptLost(shelved.tried(), now))
          : decision;
    }
  }

  private static final class OneSlotMore extends Mutant<Pool.Command, Pool.State, Pool.Fact> {
    OneSlotMore() {
      super(new Pool());
    }

    @Override
    public Decision<Pool.Fact> decide(Pool.State state, Pool.Command command, Instant now) {
      if (command instanceof Pool.Command.KnowWorker(Pool.Station s)) {
        return super.decide(
            state,
            new Pool.Command.KnowWorker(
                new Pool.Station(
                    s.worker(), s.revision(), s.slots() + 1, s.labels(), s.standing())),
            now);
      }
      return super.decide(state, command, now);
    }
  }

  /** Both guards are down: the pool's, as above, would be found first. */
  private static final class LeasesWithoutEnd
      extends Mutant<Worker.Command, Worker.State, Worker.Fact> {
    LeasesWithoutEnd() {
      super(new Worker());
    }

    @Override
    public Decision<Worker.Fact> decide(Worker.State state, Worker.Command command, Instant now) {
      return command instanceof Worker.Command.LeaseSlot c && !state.leases().containsKey(c.build())
          ? Decision.accept(new Worker.Fact.LeaseGiven(c.build(), c.attempt(), c.grace()))
          : super.decide(state, command, now);
    }
  }

  private static final class KeepsItsSlot
      extends Mutant.Forgetful<Build.Command, Build.State, Build.Fact> {
    KeepsItsSlot() {
      super(new Build());
    }

    @Override
    boolean forgets(Build.State state, String key) {
      return key.equals("free-slot");
    }
  }

  private static final class KeepsLocks
      extends Mutant.Forgetful<Builder.Command, Builder.State, Builder.Fact> {
    KeepsLocks() {
      super(new Builder());
    }

    @Override
    boolean forgets(Builder.State state, String key) {
      return key.startsWith("unlock:");
    }
  }

  private static final class TakesNothingBack extends Mutant<Pool.Command, Pool.State, Pool.Fact> {
    TakesNothingBack() {
      super(new Pool());
    }

    @Override
    public Decision<Pool.Fact> decide(Pool.State state, Pool.Command command, Instant now) {
      return command instanceof Pool.Command.TakeBack || command instanceof Pool.Command.Withdraw
          ? Decision.alreadySo()
          : super.decide(state, command, now);
    }
  }

  private static final class NumbersTwice
      extends Mutant<Builder.Command, Builder.State, Builder.Fact> {
    NumbersTwice() {
      super(new Builder());
    }

    @Override
    public Decision<Builder.Fact> decide(
        Builder.State state, Builder.Command command, Instant now) {
      var decision = super.decide(state, command, now);
      return facts(decision).stream().findFirst().orElse(null)
                  instanceof Builder.Fact.RequestTaken taken
              && taken.build().number() > 1
          ? Decision.accept(
              new Builder.Fact.RequestTaken(
                  taken.attempt(),
                  new BuildKey(taken.build().builder(), taken.build().number() - 1),
                  taken.worker(),
                  taken.grant()))
          : decision;
    }
  }

  private static final class OpenLock extends Mutant<Lock.Command, Lock.State, Lock.Fact> {
    OpenLock() {
      super(new Lock());
    }

    @Override
    public Decision<Lock.Fact> decide(Lock.State state, Lock.Command command, Instant now) {
      var decision = super.decide(state, command, now);
      var news = new ArrayList<>(facts(decision));
      if (news.size() == 1 && news.getFirst() instanceof Lock.Fact.LockWanted wanted) {
        news.add(new Lock.Fact.LockGranted(wanted.lock(), wanted.claim().attempt()));
        return Decision.accept(news);
      }
      return decision;
    }
  }

  private static final class Conceals extends Mutant<Builder.Command, Builder.State, Builder.Fact> {
    Conceals() {
      super(new Builder());
    }

    @Override
    public Set<String> touched(Builder.State before, Builder.State after, Builder.Fact fact) {
      return fact instanceof Builder.Fact.RequestOffered
          ? Set.of()
          : super.touched(before, after, fact);
    }
  }

  private static final class AdmitsLate
      extends Mutant<Builder.Command, Builder.State, Builder.Fact> {
    AdmitsLate() {
      super(new Builder());
    }

    @Override
    public Decision<Builder.Fact> decide(
        Builder.State state, Builder.Command command, Instant now) {
      var decision = super.decide(state, command, now);
      return command instanceof Builder.Command.Release && facts(decision).size() > 1
          ? Decision.accept(List.of(facts(decision).getFirst()))
          : decision;
    }
  }

  private static final class BelievesTheDead
      extends Mutant<BuildRequest.Command, BuildRequest.State, BuildRequest.Fact> {
    BelievesTheDead() {
      super(new BuildRequest());
    }

    @Override
    public Decision<BuildRequest.Fact> decide(
        BuildRequest.State state, BuildRequest.Command command, Instant now) {
      return state instanceof BuildRequest.State.Running running
              && command instanceof BuildRequest.Command.EndAttempt end
          ? super.decide(
              state,
              new BuildRequest.Command.EndAttempt(
                  running.body().made(), running.build(), end.ending()),
              now)
          : super.decide(state, command, now);
    }
  }

  private static final class Moody extends Mutant<Worker.Command, Worker.State, Worker.Fact> {
    private long evolved;

    Moody() {
      super(new Worker());
    }

    @Override
    public Worker.State evolve(Worker.State state, Worker.Fact fact) {
      Worker.State after = super.evolve(state, fact);
      return new Worker.State(
          after.registration(),
          after.presence(),
          after.mode(),
          after.health(),
          after.leases(),
          fact instanceof Worker.Fact.WorkerJoined ? ++evolved : after.revision(),
          after.formerPools());
    }
  }
}
