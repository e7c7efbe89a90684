package dev.ahjo.core.simulator;

import dev.ahjo.core.kernel.Decision;
import dev.ahjo.core.kernel.Duty;
import dev.ahjo.core.kernel.Entity;
import dev.ahjo.core.kernel.EntityType;
import dev.ahjo.core.kernel.Fact;
import dev.ahjo.core.kernel.Message;
import java.time.Instant;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.pcollections.PMap;

/** An entity that is right but for the one thing that its subclass gets wrong. */
abstract class Mutant<C extends Message, S, E extends Fact> implements Entity<C, S, E> {
  final Entity<C, S, E> right;

  Mutant(Entity<C, S, E> right) {
    this.right = right;
  }

  @Override
  public EntityType type() {
    return right.type();
  }

  @Override
  public S initial(String id) {
    return right.initial(id);
  }

  @Override
  public C understand(Message message) {
    return right.understand(message);
  }

  @Override
  public Decision<E> decide(S state, C command, Instant now) {
    return right.decide(state, command, now);
  }

  @Override
  public S evolve(S state, E fact) {
    return right.evolve(state, fact);
  }

  @Override
  public PMap<String, Duty> duties(S state) {
    return right.duties(state);
  }

  @Override
  public Set<String> touched(S before, S after, E fact) {
    return right.touched(before, after, fact);
  }

  @Override
  public @Nullable Duty duty(S state, String key) {
    return right.duty(state, key);
  }

  @Override
  public boolean settled(S state) {
    return right.settled(state);
  }

  /** Owes nothing under some keys, consistently. */
  abstract static class Forgetful<C extends Message, S, E extends Fact> extends Mutant<C, S, E> {
    Forgetful(Entity<C, S, E> right) {
      super(right);
    }

    abstract boolean forgets(S state, String key);

    @Override
    public PMap<String, Duty> duties(S state) {
      PMap<String, Duty> all = right.duties(state);
      for (String key : right.duties(state).keySet()) {
        all = forgets(state, key) ? all.minus(key) : all;
      }
      return all;
    }

    @Override
    public @Nullable Duty duty(S state, String key) {
      return forgets(state, key) ? null : right.duty(state, key);
    }
  }
}
