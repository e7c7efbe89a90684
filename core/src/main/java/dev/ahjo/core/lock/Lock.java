package dev.ahjo.core.lock;

import static dev.ahjo.core.kernel.Decision.accept;
import static dev.ahjo.core.kernel.Decision.alreadySo;
import static dev.ahjo.core.kernel.Decision.refuse;

import dev.ahjo.core.builder.Builder;
import dev.ahjo.core.id.Attempt;
import dev.ahjo.core.id.BuilderKey;
import dev.ahjo.core.id.LockKey;
import dev.ahjo.core.kernel.Decision;
import dev.ahjo.core.kernel.Duty;
import dev.ahjo.core.kernel.Entity;
import dev.ahjo.core.kernel.EntityRef;
import dev.ahjo.core.kernel.EntityType;
import dev.ahjo.core.kernel.Message;
import dev.ahjo.core.kernel.Rank;
import dev.ahjo.core.kernel.Refusal;
import dev.ahjo.core.kernel.Turn;
import dev.ahjo.core.project.LockUse.Mode;
import dev.ahjo.core.project.Project;
import java.time.Instant;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.pcollections.HashTreePMap;
import org.pcollections.PMap;
import org.pcollections.TreePMap;

/**
 * What several builds may not use at once: a count of places. A counting user takes one, an
 * exclusive one all of them. Waiters are served strictly in their order, so that a crowd of
 * counting users never starves an exclusive one.
 */
public final class Lock implements Entity<Lock.Command, Lock.State, Lock.Fact> {

  public sealed interface Command extends Message {
    record Acquire(LockKey lock, Claim claim) implements Command {}

    record Release(Attempt attempt) implements Command {}

    /** The builder no longer wants what it was granted. */
    record TakeBack(Attempt attempt) implements Command {}

    record Configure(long version, int count) implements Command {}
  }

  public sealed interface Fact extends dev.ahjo.core.kernel.Fact {
    record LockWanted(LockKey lock, Claim claim) implements Fact {}

    record LockGranted(LockKey lock, Attempt attempt) implements Fact {}

    record LockReleased(Attempt attempt) implements Fact {}

    record LockConfigured(long version, int count) implements Fact {}
  }

  /** Who wants it, and how. */
  public record Claim(Attempt attempt, BuilderKey builder, Mode mode, Rank rank) {}

  /**
   * @param lock empty before the first claim
   */
  public record State(
      @Nullable LockKey lock,
      long version,
      int count,
      TreePMap<Rank, Claim> waiting,
      PMap<Attempt, Claim> holders) {}

  @Override
  public EntityType type() {
    return EntityType.LOCK;
  }

  @Override
  public State initial(String id) {
    return new State(null, 0, 1, TreePMap.empty(), HashTreePMap.empty());
  }

  @Override
  public Command understand(Message message) {
    return switch (message) {
      case Builder.HandsOn.AcquireLock m ->
          new Command.Acquire(m.lock(), new Claim(m.attempt(), m.builder(), m.mode(), m.rank()));
      case Builder.HandsOn.ReleaseLock m -> new Command.Release(m.attempt());
      case Project.HandsOn.ConfigureLock m -> new Command.Configure(m.version(), m.count());
      default -> (Command) message;
    };
  }

  @Override
  public Decision<Fact> decide(State state, Command command, Instant now) {
    return switch (command) {
      case Command.Acquire c -> {
        var waits = waiter(state, c.claim().attempt());
        boolean asBefore = waits != null && waits.rank().equals(c.claim().rank());
        yield asBefore || state.holders().containsKey(c.claim().attempt())
            ? alreadySo()
            : acquire(state, waits, c);
      }
      case Command.Release c -> release(state, c.attempt());
      case Command.TakeBack c -> release(state, c.attempt());
      case Command.Configure c ->
          c.version() <= state.version()
              ? alreadySo()
              : state.lock() == null
                  ? accept(new Fact.LockConfigured(c.version(), c.count()))
                  : grant(
                      new Turn<State, Fact>(this, state)
                          .record(new Fact.LockConfigured(c.version(), c.count())));
    };
  }

  /**
   * @param moved the same attempt's claim at another rank: its priority has changed
   */
  private Decision<Fact> acquire(State state, @Nullable Claim moved, Command.Acquire c) {
    var turn = new Turn<State, Fact>(this, state);
    if (moved != null) {
      turn.record(new Fact.LockReleased(moved.attempt()));
    }
    // Another attempt of the same request stands in the same place: one of the two came late.
    var twin = state.waiting().get(c.claim().rank());
    if (twin != null && twin.attempt().compareTo(c.claim().attempt()) > 0) {
      return refuse(
          new Refusal.Superseded(c.claim().attempt().toString(), twin.attempt().toString()));
    }
    if (twin != null) {
      turn.record(new Fact.LockReleased(twin.attempt()));
    }
    return grant(turn.record(new Fact.LockWanted(c.lock(), c.claim())));
  }

  private static boolean known(State state, Attempt attempt) {
    return state.holders().containsKey(attempt) || waiter(state, attempt) != null;
  }

  private static @Nullable Claim waiter(State state, Attempt attempt) {
    for (Claim claim : state.waiting().values()) {
      if (claim.attempt().equals(attempt)) {
        return claim;
      }
    }
    return null;
  }

  private Decision<Fact> release(State state, Attempt attempt) {
    return known(state, attempt)
        ? grant(new Turn<State, Fact>(this, state).record(new Fact.LockReleased(attempt)))
        : alreadySo();
  }

  private static Decision<Fact> grant(Turn<State, Fact> turn) {
    while (true) {
      var state = turn.state();
      if (state.waiting().isEmpty()) {
        return turn.accept();
      }
      var first = Objects.requireNonNull(state.waiting().firstEntry()).getValue();
      if (!fits(state, first)) {
        return turn.accept();
      }
      turn.record(new Fact.LockGranted(Objects.requireNonNull(state.lock()), first.attempt()));
    }
  }

  private static boolean fits(State state, Claim claim) {
    boolean exclusivelyHeld =
        state.holders().values().stream().anyMatch(c -> c.mode() == Mode.EXCLUSIVE);
    return switch (claim.mode()) {
      case EXCLUSIVE -> state.holders().isEmpty();
      case COUNTING -> !exclusivelyHeld && state.holders().size() < state.count();
    };
  }

  @Override
  public State evolve(State s, Fact fact) {
    return switch (fact) {
      case Fact.LockWanted f ->
          new State(
              f.lock(),
              s.version(),
              s.count(),
              s.waiting().plus(f.claim().rank(), f.claim()),
              s.holders());
      case Fact.LockGranted f -> {
        var claim = Objects.requireNonNull(waiter(s, f.attempt()));
        yield new State(
            s.lock(),
            s.version(),
            s.count(),
            s.waiting().minus(claim.rank()),
            s.holders().plus(f.attempt(), claim));
      }
      case Fact.LockReleased f -> {
        var claim = waiter(s, f.attempt());
        yield new State(
            s.lock(),
            s.version(),
            s.count(),
            claim == null ? s.waiting() : s.waiting().minus(claim.rank()),
            s.holders().minus(f.attempt()));
      }
      case Fact.LockConfigured f ->
          new State(s.lock(), f.version(), f.count(), s.waiting(), s.holders());
    };
  }

  @Override
  public PMap<String, Duty> duties(State state) {
    PMap<String, Duty> duties = HashTreePMap.empty();
    for (Claim claim : state.holders().values()) {
      duties = duties.plus(claim.attempt().toString(), granted(state, claim));
    }
    return duties;
  }

  private static Duty granted(State state, Claim claim) {
    return new Duty.Tell(
            EntityRef.of(claim.builder()),
            new Builder.Command.GrantLock(claim.attempt(), Objects.requireNonNull(state.lock())))
        .onRefusal(new Command.TakeBack(claim.attempt()));
  }

  @Override
  public @Nullable Duty duty(State state, String key) {
    for (Claim claim : state.holders().values()) {
      if (claim.attempt().toString().equals(key)) {
        return granted(state, claim);
      }
    }
    return null;
  }

  @Override
  public Set<String> touched(State before, State after, Fact fact) {
    return switch (fact) {
      case Fact.LockWanted _ -> Set.of();
      case Fact.LockGranted f -> Set.of(f.attempt().toString());
      case Fact.LockReleased f -> Set.of(f.attempt().toString());
      case Fact.LockConfigured _ -> Set.of();
    };
  }

  @Override
  public boolean settled(State state) {
    return state.lock() == null;
  }
}
