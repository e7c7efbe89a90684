package dev.ahjo.core.kernel;

import java.util.List;

/** What an entity makes of a command. */
public sealed interface Decision<E extends Fact> {
  /**
   * The command is obeyed. {@code facts} are persisted together, in this order; none means that
   * what the command wants is already so.
   */
  record Accepted<E extends Fact>(List<E> facts) implements Decision<E> {
    public Accepted {
      facts = List.copyOf(facts);
    }
  }

  /** Nothing changes, and the speaker learns why. */
  record Refused<E extends Fact>(Refusal why) implements Decision<E> {}

  @SafeVarargs
  static <E extends Fact> Decision<E> accept(E... facts) {
    return new Accepted<>(List.of(facts));
  }

  static <E extends Fact> Decision<E> accept(List<? extends E> facts) {
    return new Accepted<>(List.copyOf(facts));
  }

  /** A command obeyed before: at-least-once delivery makes this the answer to every repetition. */
  static <E extends Fact> Decision<E> alreadySo() {
    return new Accepted<>(List.of());
  }

  static <E extends Fact> Decision<E> refuse(Refusal why) {
    return new Refused<>(why);
  }

  /** Refuses as a conflict: what the command needs, and the state it found. */
  static <E extends Fact> Decision<E> refuse(String expected, Object found) {
    return new Refused<>(new Refusal.Conflict(expected, found.toString()));
  }
}
