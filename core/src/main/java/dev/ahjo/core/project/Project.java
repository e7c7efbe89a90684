package dev.ahjo.core.project;

import static dev.ahjo.core.kernel.Decision.accept;
import static dev.ahjo.core.kernel.Decision.alreadySo;
import static dev.ahjo.core.kernel.Decision.refuse;

import dev.ahjo.core.id.BuilderKey;
import dev.ahjo.core.id.LockKey;
import dev.ahjo.core.kernel.Decision;
import dev.ahjo.core.kernel.Duty;
import dev.ahjo.core.kernel.Entity;
import dev.ahjo.core.kernel.EntityRef;
import dev.ahjo.core.kernel.EntityType;
import dev.ahjo.core.kernel.Message;
import dev.ahjo.core.kernel.Refusal;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Optional;
import org.pcollections.HashTreePMap;
import org.pcollections.PMap;

/**
 * A project's rules as they stand now. A new definition takes effect whole: its builders and locks
 * are told, and requests opened from now on follow it; those that wait keep what they were opened
 * with.
 */
public final class Project implements Entity<Project.Command, Project.State, Project.Fact> {

  public sealed interface Command extends Message {
    record Define(ProjectDefinition definition, String by) implements Command {}

    record Remove(String by) implements Command {}
  }

  /** What a project says to its builders and locks. */
  public sealed interface HandsOn extends Message {
    record ConfigureBuilder(BuilderRules rules) implements HandsOn {}

    record ConfigureLock(LockKey lock, long version, int count) implements HandsOn {}
  }

  public sealed interface Fact extends dev.ahjo.core.kernel.Fact {
    record ProjectDefined(ProjectDefinition definition, long version, String by) implements Fact {}

    record ProjectRemoved(long version, String by) implements Fact {}
  }

  public sealed interface State {
    /** Never defined, or removed; versions go on counting if it comes back. */
    record Absent(long version) implements State {}

    record Defined(ProjectDefinition definition, long version) implements State {}
  }

  @Override
  public EntityType type() {
    return EntityType.PROJECT;
  }

  @Override
  public State initial(String id) {
    return new State.Absent(0);
  }

  @Override
  public Command understand(Message message) {
    return (Command) message;
  }

  /** Bytes of all builders as text: nodes send the whole of it to each other in one message. */
  private static final int MAX_LENGTH = 4_000_000;

  private record When(State state, Command command) {}

  @Override
  public Decision<Fact> decide(State state, Command command, Instant now) {
    return switch (new When(state, command)) {
      case When(State.Defined s, Command.Define c) when s.definition().equals(c.definition()) ->
          alreadySo();
      case When(State s, Command.Define c) -> {
        var tooLong = tooLong(c.definition());
        yield tooLong.isPresent()
            ? refuse(tooLong.get())
            : accept(new Fact.ProjectDefined(c.definition(), version(s) + 1, c.by()));
      }
      case When(State.Defined s, Command.Remove c) ->
          accept(new Fact.ProjectRemoved(s.version() + 1, c.by()));
      case When(State.Absent s, Command.Remove _) ->
          s.version() > 0 ? alreadySo() : refuse(new Refusal.NotFound("project", ""));
    };
  }

  /** Defaults are copied into each builder: a short file may make a long definition. */
  private static Optional<Refusal> tooLong(ProjectDefinition definition) {
    long all = 0;
    for (BuilderDefinition builder : definition.builders()) {
      all += builder.toString().getBytes(StandardCharsets.UTF_8).length;
      if (all > MAX_LENGTH) {
        return Optional.of(
            new Refusal.Invalid(
                "builders",
                "expected at most "
                    + MAX_LENGTH
                    + " bytes with the defaults in each builder, but found more at '"
                    + builder.name()
                    + "'"));
      }
    }
    return Optional.empty();
  }

  private static long version(State state) {
    return switch (state) {
      case State.Absent s -> s.version();
      case State.Defined s -> s.version();
    };
  }

  @Override
  public State evolve(State before, Fact fact) {
    return switch (fact) {
      case Fact.ProjectDefined f -> new State.Defined(f.definition(), f.version());
      case Fact.ProjectRemoved f -> new State.Absent(f.version());
    };
  }

  @Override
  public PMap<String, Duty> duties(State state) {
    PMap<String, Duty> duties = HashTreePMap.empty();
    if (state instanceof State.Defined s) {
      for (BuilderDefinition b : s.definition().builders()) {
        var rules = new BuilderRules(s.version(), b.limit(), b.collapse());
        duties =
            duties.plus(
                "builder:" + b.name(),
                new Duty.Tell(
                    EntityRef.of(new BuilderKey(s.definition().name(), b.name())),
                    new HandsOn.ConfigureBuilder(rules)));
      }
      for (var lock : s.definition().locks().entrySet()) {
        var key = new LockKey(s.definition().name(), lock.getKey());
        duties =
            duties.plus(
                "lock:" + lock.getKey(),
                new Duty.Tell(
                    EntityRef.of(key),
                    new HandsOn.ConfigureLock(key, s.version(), lock.getValue())));
      }
    }
    return duties;
  }

  @Override
  public boolean settled(State state) {
    // Asked for by a name that no project ever had: it must not be remembered.
    return state instanceof State.Absent absent && absent.version() == 0;
  }
}
