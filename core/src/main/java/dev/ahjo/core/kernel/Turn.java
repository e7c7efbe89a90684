package dev.ahjo.core.kernel;

import java.util.ArrayList;
import java.util.List;

/**
 * One decision in the making: facts in order, and the state as it stands after them, so that a rule
 * can look at what the facts before it have changed. Lives within one call of {@code decide}.
 */
public final class Turn<S, E extends Fact> {
  private final Entity<?, S, E> rules;
  private final List<E> facts = new ArrayList<>();
  private S state;

  public Turn(Entity<?, S, E> rules, S state) {
    this.rules = rules;
    this.state = state;
  }

  public S state() {
    return state;
  }

  public Turn<S, E> record(E fact) {
    facts.add(fact);
    state = rules.evolve(state, fact);
    return this;
  }

  public Decision<E> accept() {
    return Decision.accept(facts);
  }
}
