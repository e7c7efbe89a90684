package dev.ahjo.core.kernel;

import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;

/** Every state of an entity with every message, and what it makes of each: a block per state. */
public final class Table<C extends Message, S, E extends Fact> {
  private final Entity<C, S, E> entity;
  private final Instant now;
  private final Map<String, S> states = new LinkedHashMap<>();
  private final Map<String, Message> messages = new LinkedHashMap<>();

  public Table(Entity<C, S, E> entity, Instant now) {
    this.entity = entity;
    this.now = now;
  }

  /** A state by its name in the table. */
  public Table<C, S, E> state(String name, S state) {
    states.put(name, state);
    return this;
  }

  /** A state as the facts of these messages make it, said to {@code before} one after another. */
  public Table<C, S, E> state(String name, String before, Message... said) {
    S state = states.containsKey(before) ? states.get(before) : entity.initial("x");
    for (Message message : said) {
      state = after(state, message);
    }
    return state(name, state);
  }

  public Table<C, S, E> message(String name, Message message) {
    messages.put(name, message);
    return this;
  }

  /** The state of that name. */
  public S get(String name) {
    return java.util.Objects.requireNonNull(states.get(name), name);
  }

  private S after(S state, Message message) {
    return switch (entity.decide(state, entity.understand(message), now)) {
      case Decision.Refused<E> refused ->
          throw new AssertionError(message + " was refused: " + refused.why().text());
      case Decision.Accepted<E> accepted -> {
        S next = state;
        for (E fact : accepted.facts()) {
          next = entity.evolve(next, fact);
        }
        yield next;
      }
    };
  }

  /** The whole table; after each accepted pair the same message must be already so. */
  @Override
  public String toString() {
    return states.entrySet().stream()
        .map(s -> s.getKey() + "\n" + rows(s.getValue()))
        .collect(Collectors.joining("\n"));
  }

  private String rows(S state) {
    return messages.entrySet().stream()
        .map(m -> "  %-22s %s\n".formatted(m.getKey(), answer(state, m.getValue())))
        .collect(Collectors.joining());
  }

  private String answer(S state, Message message) {
    return switch (entity.decide(state, entity.understand(message), now)) {
      case Decision.Refused<E> refused -> "no: " + refused.why().getClass().getSimpleName();
      case Decision.Accepted<E> accepted when accepted.facts().isEmpty() -> "already so";
      case Decision.Accepted<E> accepted ->
          accepted.facts().stream()
                  .map(f -> f.getClass().getSimpleName())
                  .collect(Collectors.joining(", "))
              + again(after(state, message), message);
    };
  }

  /** What is said twice has the effect of once: mail that may have been lost is said again. */
  private String again(S state, Message message) {
    String second =
        switch (entity.decide(state, entity.understand(message), now)) {
          case Decision.Refused<E> refused -> "no: " + refused.why().getClass().getSimpleName();
          case Decision.Accepted<E> accepted when accepted.facts().isEmpty() -> "";
          case Decision.Accepted<E> _ -> "once more";
        };
    return second.isEmpty() ? "" : " (again: " + second + ")";
  }
}
