package dev.ahjo.core.simulator;

import dev.ahjo.core.Rules;
import dev.ahjo.core.kernel.Entity;
import dev.ahjo.core.kernel.EntityRef;
import dev.ahjo.core.kernel.EntityType;
import dev.ahjo.core.kernel.Message;
import dev.ahjo.core.port.Entities.Answer;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * One history, run. Everything that happens stands in one agenda, ordered by virtual time; nothing
 * waits, and nothing runs beside it.
 */
public final class Simulation {
  /** All that is to come to rest does so within this time after faults have stopped. */
  static final long SETTLES_WITHIN = 3_600_000;

  /** More messages than this mean that something runs in circles. */
  private static final long MOST_STEPS = 400_000;

  private static final Instant DAWN = Instant.parse("2026-01-01T00:00:00Z");

  /** Two hours. */
  private static final long MOST_WRONG_CLOCK = 7_200_000;

  private record Entry(long at, long order, Runnable what) implements Comparable<Entry> {
    @Override
    public int compareTo(Entry other) {
      return at != other.at ? Long.compare(at, other.at) : Long.compare(order, other.order);
    }
  }

  private final History history;
  private final Function<EntityType, Entity<?, ?, ?>> entities;
  private final boolean telling;
  private final Fates fates;
  private final PriorityQueue<Entry> agenda = new PriorityQueue<>();
  private final Map<EntityRef, Resident<?, ?, ?>> residents = new LinkedHashMap<>();
  private final Map<EntityType, Entity<?, ?, ?>> rules = new java.util.EnumMap<>(EntityType.class);
  private final List<String> story = new ArrayList<>();
  private final Invariants invariants;
  private final Gate gate;
  private final Users users;
  private long now;
  private long order;
  private long steps;
  private boolean nodeDown;

  private Simulation(
      History history, Function<EntityType, Entity<?, ?, ?>> entities, boolean telling) {
    this.history = history;
    this.entities = entities;
    this.telling = telling;
    this.fates = new Fates(history.seed(), history.badLuck().orElse(null));
    this.invariants = new Invariants(this);
    this.gate = new Gate(this, history.world());
    this.users = new Users(this);
  }

  /** Runs {@code history} with the house's own entities. */
  public static Outcome run(History history) {
    return run(history, Rules::of, false);
  }

  /**
   * Runs {@code history}.
   *
   * @param entities the entity of each type: the house's own, or one that is broken on purpose
   * @param telling whether the outcome tells the story; costs time
   */
  public static Outcome run(
      History history, Function<EntityType, Entity<?, ?, ?>> entities, boolean telling) {
    return new Simulation(history, entities, telling).run();
  }

  private Outcome run() {
    Optional<Violation> violation = Optional.empty();
    try {
      gate.begin();
      history.moments().forEach(m -> after(m.at(), () -> users.act(m.act())));
      long last = history.moments().isEmpty() ? 0 : history.moments().getLast().at();
      while (now <= last && step()) {
        // until everybody has acted
      }
      heal();
      long end = now + SETTLES_WITHIN;
      while (!invariants.atRest() && now < end && step()) {
        // until nothing is left to do
      }
      invariants.settled();
    } catch (Violation found) {
      tell(() -> "VIOLATED " + found.getMessage());
      violation = Optional.of(found);
    }
    Map<EntityRef, Object> states = new HashMap<>();
    residents.forEach((ref, who) -> states.put(ref, who.state()));
    return new Outcome(
        violation,
        steps,
        now,
        fates.struck(),
        invariants.facts(),
        invariants.digest(),
        states,
        story);
  }

  /** Faults stop: the node, the machines and the people are all back. */
  private void heal() {
    tell(() -> "-- faults stop; everybody is back");
    fates.calm();
    if (nodeDown) {
      nodeIsBack();
    }
    gate.heal();
  }

  private boolean step() {
    Entry next = agenda.poll();
    if (next == null) {
      return false;
    }
    now = next.at();
    next.what().run();
    return true;
  }

  long now() {
    return now;
  }

  Instant instant() {
    return DAWN.plusMillis(now);
  }

  void after(long delay, Runnable what) {
    agenda.add(new Entry(now + delay, order++, what));
  }

  Fates fates() {
    return fates;
  }

  History history() {
    return history;
  }

  Weather weather() {
    return history.weather();
  }

  boolean retouches() {
    return history.retouches();
  }

  Invariants invariants() {
    return invariants;
  }

  Gate gate() {
    return gate;
  }

  Users users() {
    return users;
  }

  Collection<Resident<?, ?, ?>> residents() {
    return residents.values();
  }

  /** The state of an entity, whatever it is doing. */
  Object state(EntityRef of) {
    return resident(of).state();
  }

  /** Whether the entity has ever been spoken to. */
  boolean known(EntityRef ref) {
    return residents.containsKey(ref);
  }

  void tell(Supplier<String> line) {
    if (telling) {
      story.add("%9.3f  %s".formatted(now / 1000.0, line.get()));
    }
  }

  boolean crashes(EntityRef me) {
    return fates.strikes(
        Fates.key("crash", me.type().ordinal(), me.id().hashCode()), weather().crash());
  }

  boolean sleeps(EntityRef me) {
    return fates.strikes(
        Fates.key("sleep", me.type().ordinal(), me.id().hashCode()), weather().sleep());
  }

  /** Whether somebody sets the clock of the machine that drives {@code me} just now. */
  boolean setsClock(EntityRef me) {
    return fates.strikes(
        Fates.key("clock", me.type().ordinal(), me.id().hashCode()), weather().crash());
  }

  /** By how many milliseconds a clock is wrong once it was set. */
  long wrongClock(EntityRef me) {
    return fates.between(
        Fates.key("wrong", me.type().ordinal(), me.id().hashCode()),
        -MOST_WRONG_CLOCK,
        MOST_WRONG_CLOCK);
  }

  long jittered(EntityRef me, long about) {
    return fates.between(
        Fates.key("jitter", me.type().ordinal(), me.id().hashCode()),
        about * 8 / 10,
        about * 12 / 10);
  }

  /** One message and, if it is heard, one answer, each in the weather of the day. */
  void say(String from, EntityRef to, Message message, Consumer<Answer> reply) {
    long key =
        Fates.key(
            message.getClass().getSimpleName(),
            from.hashCode(),
            to.id().hashCode() * 31L + to.type().ordinal());
    trip(
        key,
        () -> from + " to " + to + ": " + Telling.of(message),
        () -> {
          if (++steps > MOST_STEPS) {
            throw new Violation("comes to an end", "more than " + MOST_STEPS + " messages");
          }
          resident(to)
              .hear(
                  message,
                  answer ->
                      trip(
                          key + 1,
                          () -> "answer of " + to + " to " + from,
                          () -> reply.accept(answer)));
        });
  }

  private void trip(long key, Supplier<String> what, Runnable arrival) {
    if (fates.strikes(key + 10, weather().loss())) {
      tell(() -> "lost: " + what.get());
      return;
    }
    after(travel(key, what), arrival);
    if (fates.strikes(key + 20, weather().doubling())) {
      tell(() -> "doubled: " + what.get());
      after(travel(key, what), arrival);
    }
  }

  private long travel(long key, Supplier<String> what) {
    long usual = fates.between(key + 30, 1, 5);
    if (!fates.strikes(key + 40, weather().delay())) {
      return usual;
    }
    long late = fates.between(key + 50, 20, 4_000);
    tell(() -> "delayed by " + late + " ms: " + what.get());
    return usual + late;
  }

  void nodeDies(long millis) {
    if (nodeDown) {
      return;
    }
    tell(() -> "the node dies, and is back in " + millis + " ms");
    nodeDown = true;
    residents.values().forEach(Resident::losesNode);
    gate.nodeDies();
    after(
        millis,
        () -> {
          if (nodeDown) {
            nodeIsBack();
          }
        });
  }

  private void nodeIsBack() {
    tell(() -> "the node is back");
    nodeDown = false;
    List.copyOf(residents.values()).forEach(Resident::nodeIsBack);
  }

  boolean nodeIsDown() {
    return nodeDown;
  }

  private Resident<?, ?, ?> resident(EntityRef ref) {
    var known = residents.get(ref);
    if (known != null) {
      return known;
    }
    Entity<?, ?, ?> entity = rules.computeIfAbsent(ref.type(), entities);
    var made = new Resident<>(this, ref, entity);
    residents.put(ref, made);
    if (nodeDown) {
      made.losesNode();
    }
    return made;
  }
}
