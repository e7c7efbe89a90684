package dev.ahjo.cluster.kernel;

import dev.ahjo.core.kernel.Decision;
import dev.ahjo.core.kernel.Duty;
import dev.ahjo.core.kernel.Entity;
import dev.ahjo.core.kernel.EntityType;
import dev.ahjo.core.kernel.Fact;
import dev.ahjo.core.kernel.Message;
import java.time.Instant;
import java.util.Map;
import java.util.Set;
import org.pcollections.HashTreePMap;
import org.pcollections.PMap;
import org.pcollections.PVector;
import org.pcollections.TreePVector;

/** An entity that promises whatever duty it is told to, and keeps notes. */
record Toy(EntityType type) implements Entity<Toy.Command, Toy.State, Toy.Event> {

  sealed interface Command extends Message {}

  /** To owe these from now on. */
  record Promise(Map<String, Duty> duties) implements Command {
    Promise(String key, Duty duty) {
      this(Map.of(key, duty));
    }
  }

  /** To owe it no longer. */
  record Drop(String key) implements Command {}

  /** To remember; a note already known is already so. */
  record Note(String text) implements Command {}

  /** Refused by all. */
  record Nonsense() implements Command {}

  /** Meets a bug. */
  record Stumble() implements Command {}

  /** To be done with everything. */
  record Finish() implements Command {}

  sealed interface Event extends Fact {}

  record Promised(String key, Duty duty) implements Event {}

  record Dropped(String key) implements Event {}

  record Noted(String text) implements Event {}

  record Finished() implements Event {}

  record State(String id, PMap<String, Duty> duties, PVector<String> notes, boolean finished) {}

  @Override
  public State initial(String id) {
    return new State(id, HashTreePMap.empty(), TreePVector.empty(), false);
  }

  @Override
  public Command understand(Message message) {
    return (Command) message;
  }

  @Override
  public Decision<Event> decide(State state, Command command, Instant now) {
    return switch (command) {
      case Promise(var duties) ->
          Decision.accept(
              duties.entrySet().stream().map(e -> new Promised(e.getKey(), e.getValue())).toList());
      case Drop(String key) when state.duties().containsKey(key) ->
          Decision.accept(new Dropped(key));
      case Drop _ -> Decision.alreadySo();
      case Note(String text) when state.notes().contains(text) -> Decision.alreadySo();
      case Note(String text) -> Decision.accept(new Noted(text));
      case Nonsense _ -> Decision.refuse("sense", "nonsense");
      case Stumble _ -> throw new IllegalStateException("stumbled on purpose");
      case Finish _ -> Decision.accept(new Finished());
    };
  }

  @Override
  public State evolve(State s, Event fact) {
    return switch (fact) {
      case Promised(String key, Duty duty) ->
          new State(s.id(), s.duties().plus(key, duty), s.notes(), s.finished());
      case Dropped(String key) -> new State(s.id(), s.duties().minus(key), s.notes(), s.finished());
      case Noted(String text) -> new State(s.id(), s.duties(), s.notes().plus(text), s.finished());
      case Finished _ -> new State(s.id(), s.duties(), s.notes(), true);
    };
  }

  @Override
  public PMap<String, Duty> duties(State state) {
    return state.duties();
  }

  @Override
  public Set<String> touched(State before, State after, Event fact) {
    return switch (fact) {
      case Promised(String key, _) -> Set.of(key);
      case Dropped(String key) -> Set.of(key);
      case Noted _, Finished _ -> Set.of();
    };
  }

  @Override
  public boolean settled(State state) {
    return state.finished();
  }
}
