package dev.ahjo.core.builder;

import static dev.ahjo.core.kernel.Decision.accept;
import static dev.ahjo.core.kernel.Decision.alreadySo;
import static dev.ahjo.core.kernel.Decision.refuse;

import dev.ahjo.core.buildset.Plan;
import dev.ahjo.core.id.Attempt;
import dev.ahjo.core.id.BuildKey;
import dev.ahjo.core.id.BuilderKey;
import dev.ahjo.core.id.LockKey;
import dev.ahjo.core.id.PoolName;
import dev.ahjo.core.id.RequestId;
import dev.ahjo.core.id.WorkerName;
import dev.ahjo.core.kernel.Decision;
import dev.ahjo.core.kernel.Duty;
import dev.ahjo.core.kernel.Entity;
import dev.ahjo.core.kernel.EntityRef;
import dev.ahjo.core.kernel.EntityType;
import dev.ahjo.core.kernel.Message;
import dev.ahjo.core.kernel.Rank;
import dev.ahjo.core.kernel.Refusal;
import dev.ahjo.core.kernel.Turn;
import dev.ahjo.core.project.BuilderDefinition.Collapse;
import dev.ahjo.core.project.BuilderRules;
import dev.ahjo.core.project.LockUse;
import dev.ahjo.core.project.Project;
import dev.ahjo.core.request.BuildRequest;
import dev.ahjo.core.request.WaitReason;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.pcollections.HashTreePMap;
import org.pcollections.PMap;
import org.pcollections.TreePMap;

/**
 * The queue of one builder: order, collapse, limit, locks and build numbers. A request waits here
 * until the builder's limit admits it; then its locks are taken, in the order of their names; then
 * it is offered to its pool. When the pool has a slot, the build gets its number.
 */
public final class Builder implements Entity<Builder.Command, Builder.State, Builder.Fact> {
  /** So many requests of one builder are offered at once; the others keep their order here. */
  public static final int OFFER_WINDOW = 64;

  /** Whose properties are longer is like nobody. */
  private static final int MAX_LIKENESS = 1_000;

  public sealed interface Command extends Message {
    record Enqueue(Ticket ticket, BuilderRules rules) implements Command {}

    /**
     * @param last the last build that the request took, which frees its slot by itself
     */
    record Release(Attempt attempt, Optional<BuildKey> last) implements Command {}

    record GrantLock(Attempt attempt, LockKey lock) implements Command {}

    /**
     * @param grant the pool's number of the slot it has given
     */
    record Assign(Attempt attempt, WorkerName worker, long grant) implements Command {}

    /** The request refuses what it was given, or has been merged: let go of it. */
    record TakeBack(Attempt attempt) implements Command {}

    /** What was held for an attempt has been given back. */
    record Cleaned(String what) implements Command {}

    record Configure(BuilderRules rules) implements Command {}
  }

  /** What a builder says to locks and pools. */
  public sealed interface HandsOn extends Message {
    record AcquireLock(
        LockKey lock, Attempt attempt, BuilderKey builder, LockUse.Mode mode, Rank rank)
        implements HandsOn {}

    record ReleaseLock(LockKey lock, Attempt attempt) implements HandsOn {}

    record Offer(
        Attempt attempt, BuilderKey builder, Set<String> labels, Set<WorkerName> avoid, Rank rank)
        implements HandsOn {
      public Offer {
        labels = Set.copyOf(labels);
        avoid = Set.copyOf(avoid);
      }
    }

    record Withdraw(Attempt attempt) implements HandsOn {}
  }

  public sealed interface Fact extends dev.ahjo.core.kernel.Fact {
    record RequestQueued(Ticket ticket) implements Fact {}

    /** Its priority changed while it waited, or was offered. */
    record RequestMoved(Attempt attempt, Rank rank) implements Fact {}

    record LockWanted(Attempt attempt, LockKey lock) implements Fact {}

    record RequestOffered(Attempt attempt) implements Fact {}

    record RequestTaken(Attempt attempt, BuildKey build, WorkerName worker, long grant)
        implements Fact {}

    record RequestCollapsed(Attempt attempt, RequestId into) implements Fact {}

    record RequestReleased(Attempt attempt) implements Fact {}

    /** The build had its number, but its request had ended: it never began. */
    record BuildVoided(Attempt attempt, BuildKey build) implements Fact {}

    record Cleaned(String what) implements Fact {}

    record BuilderConfigured(BuilderRules rules) implements Fact {}
  }

  /**
   * What the queue needs to know of a request.
   *
   * @param like of requests with the same one the newest may stand for all; empty when nobody may
   *     stand for it
   */
  public record Ticket(
      Attempt attempt,
      BuilderKey builder,
      Rank rank,
      String like,
      PoolName pool,
      Set<String> labels,
      Set<WorkerName> avoid,
      List<LockUse> locks) {
    public Ticket {
      labels = Set.copyOf(labels);
      avoid = Set.copyOf(avoid);
      locks = List.copyOf(locks);
    }

    Ticket moved(Rank to) {
      return new Ticket(attempt, builder, to, like, pool, labels, avoid, locks);
    }
  }

  /** How far an admitted request has come. */
  public sealed interface Stage {
    /** Holds the first {@code held} of its locks, waits for the next. */
    record Locking(int held) implements Stage {}

    record Offered() implements Stage {}

    record Taken(BuildKey build, WorkerName worker, long grant) implements Stage {}

    /** Merged into a newer request; keeps what it holds until its own request lets go. */
    record Collapsing(RequestId into, @Nullable Stage was) implements Stage {}
  }

  public record Active(Ticket ticket, Stage stage) {}

  /**
   * @param waiting requests not admitted yet, in order
   * @param active admitted ones
   * @param cleanups what is still to be given back, by a key that names it
   * @param lately whom it has let go of
   */
  public record State(
      BuilderRules rules,
      long lastNumber,
      TreePMap<Rank, Ticket> waiting,
      PMap<RequestId, Rank> places,
      PMap<RequestId, Active> active,
      int offered,
      PMap<String, Duty.Tell> cleanups,
      Lately lately) {
    State waiting(TreePMap<Rank, Ticket> to, PMap<RequestId, Rank> at) {
      return new State(rules, lastNumber, to, at, active, offered, cleanups, lately);
    }

    State active(PMap<RequestId, Active> to, int nowOffered) {
      return new State(rules, lastNumber, waiting, places, to, nowOffered, cleanups, lately);
    }

    State numbered(long number) {
      return new State(rules, number, waiting, places, active, offered, cleanups, lately);
    }

    State cleanups(PMap<String, Duty.Tell> to) {
      return new State(rules, lastNumber, waiting, places, active, offered, to, lately);
    }

    State without(Attempt gone) {
      return new State(
          rules, lastNumber, waiting, places, active, offered, cleanups, lately.plus(gone));
    }

    State rules(BuilderRules to) {
      return new State(to, lastNumber, waiting, places, active, offered, cleanups, lately);
    }
  }

  @Override
  public EntityType type() {
    return EntityType.BUILDER;
  }

  @Override
  public State initial(String id) {
    return new State(
        new BuilderRules(0, OptionalInt.empty(), Collapse.NEVER),
        0,
        TreePMap.empty(),
        HashTreePMap.empty(),
        HashTreePMap.empty(),
        0,
        HashTreePMap.empty(),
        Lately.NONE);
  }

  @Override
  public Command understand(Message message) {
    return switch (message) {
      case BuildRequest.HandsOn.Enqueue m -> new Command.Enqueue(ticket(m), m.spec().rules());
      case BuildRequest.HandsOn.Release m -> new Command.Release(m.attempt(), m.last());
      case Project.HandsOn.ConfigureBuilder m -> new Command.Configure(m.rules());
      default -> (Command) message;
    };
  }

  private static Ticket ticket(BuildRequest.HandsOn.Enqueue m) {
    var spec = m.spec();
    return new Ticket(
        m.attempt(),
        spec.builder(),
        m.rank(),
        spec.needed() ? "" : likeness(spec.plan()),
        spec.pool(),
        spec.labels(),
        m.avoid(),
        spec.locks().stream().sorted((a, b) -> a.name().compareTo(b.name())).toList());
  }

  /** What the sources and the submitter asked for; builders and projects give all the rest. */
  private static String likeness(Plan plan) {
    String stamps =
        plan.stamps().stream()
            .map(s -> s.repository() + " " + s.branch() + s.revision().map(r -> " " + r).orElse(""))
            .collect(Collectors.joining(", "));
    String submitted =
        plan.properties().entrySet().stream()
            .filter(p -> p.getValue().source().equals("submit"))
            .sorted(Map.Entry.comparingByKey())
            .map(p -> "; " + p.getKey() + "=" + p.getValue().value())
            .collect(Collectors.joining());
    return stamps.length() + submitted.length() > MAX_LIKENESS ? "" : stamps + submitted;
  }

  @Override
  public Decision<Fact> decide(State state, Command command, Instant now) {
    return switch (command) {
      case Command.Enqueue c -> enqueue(state, c);
      case Command.Release c -> release(state, c);
      case Command.GrantLock c -> grantLock(state, c);
      case Command.Assign c -> assign(state, c);
      case Command.TakeBack c -> takeBack(state, c.attempt());
      case Command.Cleaned c ->
          state.cleanups().containsKey(c.what()) ? accept(new Fact.Cleaned(c.what())) : alreadySo();
      case Command.Configure c -> {
        var turn = new Turn<State, Fact>(this, state);
        configure(turn, c.rules());
        yield admit(turn);
      }
    };
  }

  private static void configure(Turn<State, Fact> turn, BuilderRules rules) {
    if (rules.version() > turn.state().rules().version()) {
      turn.record(new Fact.BuilderConfigured(rules));
    }
  }

  private Decision<Fact> enqueue(State state, Command.Enqueue c) {
    var turn = new Turn<State, Fact>(this, state);
    configure(turn, c.rules());
    var ticket = c.ticket();
    var known = find(state, ticket.attempt().request());
    if (known == null && state.lately().knows(ticket.attempt())) {
      return refuse(new Refusal.Superseded(ticket.attempt().toString(), "its end"));
    }
    if (known != null && known.attempt().number() > ticket.attempt().number()) {
      return refuse(
          new Refusal.Superseded(ticket.attempt().toString(), known.attempt().toString()));
    }
    if (known != null && known.attempt().equals(ticket.attempt())) {
      if (!known.rank().equals(ticket.rank())) {
        turn.record(new Fact.RequestMoved(ticket.attempt(), ticket.rank()));
      }
      return admit(turn);
    }
    if (known != null) {
      // Its release has been answered, so this one came back by an Enqueue that was late.
      letGo(turn, known.attempt(), Optional.empty());
    }
    turn.record(new Fact.RequestQueued(ticket));
    collapseOlder(turn, ticket);
    return admit(turn);
  }

  private static void collapseOlder(Turn<State, Fact> turn, Ticket newer) {
    var state = turn.state();
    if (state.rules().collapse() != Collapse.SAME_BRANCH
        || newer.like().isEmpty()
        || newer.attempt().number() > 1) {
      return;
    }
    List<Ticket> older = new ArrayList<>(state.waiting().values());
    state.active().values().stream()
        .filter(a -> a.stage() instanceof Stage.Offered || a.stage() instanceof Stage.Locking)
        .map(Active::ticket)
        .forEach(older::add);
    for (Ticket ticket : older) {
      if (ticket.like().equals(newer.like())
          && ticket.rank().since().isBefore(newer.rank().since())
          && ticket.rank().priority() <= newer.rank().priority()
          && ticket.attempt().number() == 1) {
        turn.record(new Fact.RequestCollapsed(ticket.attempt(), newer.attempt().request()));
      }
    }
  }

  private Decision<Fact> release(State state, Command.Release c) {
    var known = find(state, c.attempt().request());
    if (known == null || known.attempt().number() > c.attempt().number()) {
      return alreadySo();
    }
    var turn = new Turn<State, Fact>(this, state);
    letGo(turn, known.attempt(), c.last());
    return admit(turn);
  }

  /**
   * One whose request had ended before it heard that it was taken, or that is here a second time by
   * an Enqueue that was late, has a build that never began: nobody else frees its slot.
   */
  private static void letGo(Turn<State, Fact> turn, Attempt attempt, Optional<BuildKey> last) {
    var active = turn.state().active().get(attempt.request());
    turn.record(
        active != null
                && active.stage() instanceof Stage.Taken taken
                && !last.equals(Optional.of(taken.build()))
            ? new Fact.BuildVoided(attempt, taken.build())
            : new Fact.RequestReleased(attempt));
  }

  private Decision<Fact> grantLock(State state, Command.GrantLock c) {
    var active = active(state, c.attempt());
    if (active == null) {
      return refuse(superseded(c.attempt()));
    }
    var ticket = active.ticket();
    if (active.stage() instanceof Stage.Locking locking
        && lockKey(ticket, locking.held()).equals(c.lock())) {
      int held = locking.held() + 1;
      return accept(
          held < ticket.locks().size()
              ? new Fact.LockWanted(c.attempt(), lockKey(ticket, held))
              : new Fact.RequestOffered(c.attempt()));
    }
    return holds(active, c.lock()) ? alreadySo() : refuse(superseded(c.attempt()));
  }

  private static boolean holds(Active active, LockKey lock) {
    return active.ticket().locks().stream()
        .anyMatch(l -> new LockKey(active.ticket().builder().project(), l.name()).equals(lock));
  }

  private Decision<Fact> assign(State state, Command.Assign c) {
    var active = active(state, c.attempt());
    return switch (active == null ? null : active.stage()) {
      case Stage.Offered _ -> {
        var builder = Objects.requireNonNull(active).ticket().builder();
        var build = new BuildKey(builder, state.lastNumber() + 1);
        var turn = new Turn<State, Fact>(this, state);
        turn.record(new Fact.RequestTaken(c.attempt(), build, c.worker(), c.grant()));
        // It has left the window: the next one enters.
        yield admit(turn);
      }
      case Stage.Taken t when t.grant() == c.grant() -> alreadySo();
      case null, default -> refuse(superseded(c.attempt()));
    };
  }

  private Decision<Fact> takeBack(State state, Attempt attempt) {
    var active = active(state, attempt);
    if (active == null) {
      return alreadySo();
    }
    var turn = new Turn<State, Fact>(this, state);
    if (active.stage() instanceof Stage.Taken taken) {
      turn.record(new Fact.BuildVoided(attempt, taken.build()));
    } else {
      turn.record(new Fact.RequestReleased(attempt));
    }
    return admit(turn);
  }

  /** Lets in as many as the limit and the window allow. */
  private static Decision<Fact> admit(Turn<State, Fact> turn) {
    while (!turn.state().waiting().isEmpty() && hasRoom(turn.state())) {
      var ticket = Objects.requireNonNull(turn.state().waiting().firstEntry()).getValue();
      turn.record(
          ticket.locks().isEmpty()
              ? new Fact.RequestOffered(ticket.attempt())
              : new Fact.LockWanted(ticket.attempt(), lockKey(ticket, 0)));
    }
    return turn.accept();
  }

  private static boolean hasRoom(State state) {
    return state.active().size() < state.rules().limit().orElse(Integer.MAX_VALUE)
        && state.offered() < OFFER_WINDOW;
  }

  private static Refusal superseded(Attempt attempt) {
    return new Refusal.Superseded(attempt.toString(), "what the builder holds now");
  }

  private static LockKey lockKey(Ticket ticket, int index) {
    return new LockKey(ticket.builder().project(), ticket.locks().get(index).name());
  }

  private static @Nullable Active active(State state, Attempt attempt) {
    var active = state.active().get(attempt.request());
    return active != null && active.ticket().attempt().equals(attempt) ? active : null;
  }

  private static @Nullable Ticket find(State state, RequestId request) {
    var active = state.active().get(request);
    if (active != null) {
      return active.ticket();
    }
    var rank = state.places().get(request);
    return rank == null ? null : state.waiting().get(rank);
  }

  @Override
  public State evolve(State s, Fact fact) {
    return switch (fact) {
      case Fact.BuilderConfigured f -> s.rules(f.rules());
      case Fact.RequestQueued f -> enter(s, f.ticket());
      case Fact.RequestMoved f -> move(s, f);
      case Fact.LockWanted f -> {
        var active = s.active().get(f.attempt().request());
        int held = active != null && active.stage() instanceof Stage.Locking l ? l.held() + 1 : 0;
        yield advance(s, f.attempt(), new Stage.Locking(held));
      }
      case Fact.RequestOffered f -> advance(s, f.attempt(), new Stage.Offered());
      case Fact.RequestTaken f ->
          advance(s, f.attempt(), new Stage.Taken(f.build(), f.worker(), f.grant()))
              .numbered(f.build().number());
      case Fact.RequestCollapsed f -> {
        var active = s.active().get(f.attempt().request());
        yield advance(
            s, f.attempt(), new Stage.Collapsing(f.into(), active == null ? null : active.stage()));
      }
      case Fact.RequestReleased f -> leave(s, f.attempt(), false).without(f.attempt());
      case Fact.BuildVoided f -> leave(s, f.attempt(), true).without(f.attempt());
      case Fact.Cleaned f -> s.cleanups(s.cleanups().minus(f.what()));
    };
  }

  private static State enter(State s, Ticket ticket) {
    return s.waiting(
        s.waiting().plus(ticket.rank(), ticket),
        s.places().plus(ticket.attempt().request(), ticket.rank()));
  }

  private static State move(State s, Fact.RequestMoved f) {
    var request = f.attempt().request();
    var active = s.active().get(request);
    if (active != null) {
      return s.active(
          s.active().plus(request, new Active(active.ticket().moved(f.rank()), active.stage())),
          s.offered());
    }
    var ticket = Objects.requireNonNull(find(s, request));
    var gone = s.waiting(s.waiting().minus(ticket.rank()), s.places().minus(request));
    return enter(gone, ticket.moved(f.rank()));
  }

  /** Brings a request to {@code stage}, out of the waiting line if it still stands there. */
  private static State advance(State s, Attempt attempt, Stage stage) {
    var request = attempt.request();
    var active = s.active().get(request);
    if (active == null) {
      var ticket = Objects.requireNonNull(find(s, request));
      return s.waiting(s.waiting().minus(ticket.rank()), s.places().minus(request))
          .active(
              s.active().plus(request, new Active(ticket, stage)), s.offered() + pending(stage));
    }
    return s.active(
        s.active().plus(request, new Active(active.ticket(), stage)),
        s.offered() - pending(active.stage()) + pending(stage));
  }

  /** Whether a stage counts towards the window: admitted, but without a worker. */
  private static int pending(Stage stage) {
    return stage instanceof Stage.Taken ? 0 : 1;
  }

  private static State leave(State s, Attempt attempt, boolean withdraw) {
    var request = attempt.request();
    var active = s.active().get(request);
    if (active == null) {
      var rank = Objects.requireNonNull(s.places().get(request));
      return s.waiting(s.waiting().minus(rank), s.places().minus(request));
    }
    var cleanups = s.cleanups();
    for (Cleanup owed : Cleanup.of(active, withdraw)) {
      cleanups = cleanups.plus(owed.key(), owed.tell());
    }
    return s.active(s.active().minus(request), s.offered() - pending(active.stage()))
        .cleanups(cleanups);
  }

  @Override
  public PMap<String, Duty> duties(State state) {
    PMap<String, Duty> duties = HashTreePMap.empty();
    for (var entry : state.active().entrySet()) {
      var key = entry.getKey().value();
      var duty = duty(state, key);
      if (duty != null) {
        duties = duties.plus(key, duty);
      }
    }
    return duties.plusAll(state.cleanups());
  }

  /** Why an attempt waits in this queue, or null if it has left it for its pool. */
  public static @Nullable WaitReason why(State state, Attempt attempt) {
    var rank = state.places().get(attempt.request());
    if (rank != null) {
      long before = state.waiting().keySet().stream().takeWhile(r -> r.compareTo(rank) < 0).count();
      int limit = state.rules().limit().orElse(Integer.MAX_VALUE);
      return state.active().size() >= limit
          ? new WaitReason(
              WaitReason.Code.BUILDER_LIMIT,
              "the builder runs at most " + limit + " at once; " + before + " wait before it")
          : new WaitReason(
              WaitReason.Code.BEHIND_IN_QUEUE, before + " wait before it in the builder's queue");
    }
    var active = active(state, attempt);
    return active != null && active.stage() instanceof Stage.Locking l
        ? new WaitReason(
            WaitReason.Code.LOCK_HELD, "waits for lock " + lockKey(active.ticket(), l.held()))
        : null;
  }

  /**
   * An active request owes one thing at a time, under its id; a cleanup stands under its own key.
   */
  @Override
  public @Nullable Duty duty(State state, String key) {
    var cleanup = state.cleanups().get(key);
    if (cleanup != null || key.indexOf(':') >= 0) {
      return cleanup;
    }
    var active = state.active().get(new RequestId(key));
    return active == null ? null : owed(active);
  }

  private static @Nullable Duty owed(Active active) {
    var ticket = active.ticket();
    var attempt = ticket.attempt();
    return switch (active.stage()) {
      case Stage.Locking l -> {
        var lock = lockKey(ticket, l.held());
        yield new Duty.Tell(
            EntityRef.of(lock),
            new HandsOn.AcquireLock(
                lock,
                attempt,
                ticket.builder(),
                ticket.locks().get(l.held()).mode(),
                ticket.rank()));
      }
      case Stage.Offered _ ->
          new Duty.Tell(
              EntityRef.of(ticket.pool()),
              new HandsOn.Offer(
                  attempt, ticket.builder(), ticket.labels(), ticket.avoid(), ticket.rank()));
      case Stage.Taken t ->
          new Duty.Tell(
                  EntityRef.of(attempt.request()),
                  new BuildRequest.Command.Take(attempt.number(), t.build(), t.worker()))
              .onRefusal(new Command.TakeBack(attempt));
      case Stage.Collapsing c ->
          new Duty.Tell(
                  EntityRef.of(attempt.request()),
                  new BuildRequest.Command.Collapse(attempt.number(), c.into()))
              // Merged or over: either way it has no business here any more.
              .onAnswer(new Command.TakeBack(attempt))
              .onRefusal(new Command.TakeBack(attempt));
    };
  }

  @Override
  public Set<String> touched(State before, State after, Fact fact) {
    return switch (fact) {
      case Fact.BuilderConfigured _ -> Set.of();
      case Fact.RequestQueued f -> Set.of(f.ticket().attempt().request().value());
      case Fact.RequestMoved f -> Set.of(f.attempt().request().value());
      case Fact.LockWanted f -> Set.of(f.attempt().request().value());
      case Fact.RequestOffered f -> Set.of(f.attempt().request().value());
      case Fact.RequestTaken f -> Set.of(f.attempt().request().value());
      case Fact.RequestCollapsed f -> Set.of(f.attempt().request().value());
      case Fact.RequestReleased f ->
          Cleanup.keys(before.active().get(f.attempt().request()), f.attempt());
      case Fact.BuildVoided f ->
          Cleanup.keys(before.active().get(f.attempt().request()), f.attempt());
      case Fact.Cleaned f -> Set.of(f.what());
    };
  }

  @Override
  public boolean settled(State state) {
    return false;
  }
}
