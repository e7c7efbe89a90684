package dev.ahjo.core.pool;

import static dev.ahjo.core.kernel.Decision.alreadySo;
import static dev.ahjo.core.kernel.Decision.refuse;

import dev.ahjo.core.builder.Builder;
import dev.ahjo.core.id.Attempt;
import dev.ahjo.core.id.BuilderKey;
import dev.ahjo.core.id.ProjectName;
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
import dev.ahjo.core.request.WaitReason;
import java.time.Instant;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.pcollections.HashTreePMap;
import org.pcollections.PMap;

/**
 * The matchmaker of one worker pool: which request gets which worker's slot, and why. The single
 * writer of its workers' slots. Higher priority goes first; among equals the project with the
 * fewest running builds here; then the older. A request never waits while a slot that fits is free.
 */
public final class Pool implements Entity<Pool.Command, Pool.State, Pool.Fact> {

  public sealed interface Command extends Message {
    record MakeOffer(Offer offer) implements Command {}

    record Withdraw(Attempt attempt) implements Command {}

    /** The build of that attempt is over and its lease has ended. */
    record FreeSlot(Attempt attempt, WorkerName worker) implements Command {}

    /** The builder refuses the slot of that grant: take it back. */
    record TakeBack(Attempt attempt, long grant) implements Command {}

    record KnowWorker(Station station) implements Command {}
  }

  public sealed interface Fact extends dev.ahjo.core.kernel.Fact {
    record RequestOffered(Offer offer) implements Fact {}

    /** No slot for it at the moment. */
    record RequestPassedOver(Attempt attempt, WaitReason reason) implements Fact {}

    record OfferMoved(Attempt attempt, Rank rank) implements Fact {}

    /**
     * @param grant counts the slots that this pool has given: an offer that was late, and got a
     *     slot after its build had ended, is told apart from the one before
     * @param competing requests that were passed over for this one: they wait for a slot that fits
     */
    record WorkerAssigned(
        Attempt attempt, BuilderKey builder, WorkerName worker, long grant, int competing)
        implements Fact {}

    record OfferWithdrawn(Attempt attempt) implements Fact {}

    record SlotFreed(Attempt attempt, WorkerName worker) implements Fact {}

    record WorkerChanged(Station station) implements Fact {}

    record WorkerGone(WorkerName worker, long revision) implements Fact {}
  }

  /** A request that wants a slot. */
  public record Offer(
      Attempt attempt, BuilderKey builder, Set<String> labels, Set<WorkerName> avoid, Rank rank) {
    public Offer {
      labels = Set.copyOf(labels);
      avoid = Set.copyOf(avoid);
    }

    ProjectName project() {
      return builder.project();
    }

    Offer moved(Rank to) {
      return new Offer(attempt, builder, labels, avoid, to);
    }
  }

  /** A worker, as it presents itself to its pool. A higher revision replaces a lower. */
  public record Station(
      WorkerName worker, long revision, int slots, Set<String> labels, Standing standing) {
    public Station {
      labels = Set.copyOf(labels);
    }
  }

  /** Whether a worker takes new builds, and if not, why. */
  public enum Standing {
    AVAILABLE,
    PAUSED,
    DRAINING,
    AWAY,
    QUARANTINED,
    /** It has moved to another pool. */
    GONE
  }

  public record Assignment(Offer offer, WorkerName worker, long grant) {}

  /**
   * The offers, the slots, and who has which; the lines are what {@link Lines} makes of them.
   *
   * @param granted slots given so far
   */
  public record State(
      PMap<Attempt, Assignment> assigned,
      PMap<Attempt, Offer> waiting,
      Lines lines,
      Seats seats,
      long granted) {
    State offers(PMap<Attempt, Offer> to, Lines lined) {
      return new State(assigned, to, lined, seats, granted);
    }

    State slots(PMap<Attempt, Assignment> to, Seats seated) {
      return new State(to, waiting, lines, seated, granted);
    }

    State granted(long to) {
      return new State(assigned, waiting, lines, seats, to);
    }
  }

  @Override
  public EntityType type() {
    return EntityType.POOL;
  }

  @Override
  public State initial(String id) {
    return new State(HashTreePMap.empty(), HashTreePMap.empty(), Lines.EMPTY, Seats.EMPTY, 0);
  }

  @Override
  public Command understand(Message message) {
    return switch (message) {
      case Builder.HandsOn.Offer m ->
          new Command.MakeOffer(
              new Offer(m.attempt(), m.builder(), m.labels(), m.avoid(), m.rank()));
      case Builder.HandsOn.Withdraw m -> new Command.Withdraw(m.attempt());
      default -> (Command) message;
    };
  }

  @Override
  public Decision<Fact> decide(State state, Command command, Instant now) {
    return switch (command) {
      case Command.MakeOffer c -> makeOffer(state, c.offer());
      case Command.Withdraw c -> giveUp(state, c.attempt());
      case Command.TakeBack c -> {
        var held = state.assigned().get(c.attempt());
        yield held == null || held.grant() != c.grant() ? alreadySo() : free(state, held);
      }
      case Command.FreeSlot c -> {
        var held = state.assigned().get(c.attempt());
        yield held == null ? alreadySo() : free(state, held);
      }
      case Command.KnowWorker c -> knowWorker(state, c.station());
    };
  }

  private Decision<Fact> makeOffer(State state, Offer offer) {
    if (state.assigned().containsKey(offer.attempt())) {
      return alreadySo();
    }
    var turn = new Turn<State, Fact>(this, state);
    var known = state.waiting().get(offer.attempt());
    if (known != null && known.rank().equals(offer.rank())) {
      return alreadySo();
    }
    var twin = state.lines().inPlaceOf(offer);
    if (twin != null && twin.attempt().compareTo(offer.attempt()) > 0) {
      return refuse(new Refusal.Superseded(offer.attempt().toString(), twin.attempt().toString()));
    }
    if (twin != null) {
      turn.record(new Fact.OfferWithdrawn(twin.attempt()));
    }
    if (known != null) {
      return turn.record(new Fact.OfferMoved(offer.attempt(), offer.rank())).accept();
    }
    turn.record(new Fact.RequestOffered(offer));
    var worker = state.seats().bestFor(offer);
    if (worker == null) {
      turn.record(new Fact.RequestPassedOver(offer.attempt(), state.seats().whyNone(offer)));
    } else {
      assign(turn, offer, worker, 0);
    }
    return turn.accept();
  }

  private Decision<Fact> giveUp(State state, Attempt attempt) {
    var held = state.assigned().get(attempt);
    if (held != null) {
      return free(state, held);
    }
    return state.waiting().containsKey(attempt)
        ? new Turn<State, Fact>(this, state).record(new Fact.OfferWithdrawn(attempt)).accept()
        : alreadySo();
  }

  private Decision<Fact> free(State state, Assignment held) {
    var turn = new Turn<State, Fact>(this, state);
    turn.record(new Fact.SlotFreed(held.offer().attempt(), held.worker()));
    fill(turn, held.worker());
    return turn.accept();
  }

  private Decision<Fact> knowWorker(State state, Station station) {
    var known = state.seats().station(station.worker());
    if (known != null && known.revision() >= station.revision()) {
      return known.revision() == station.revision()
          ? alreadySo()
          : refuse(
              new Refusal.Superseded(
                  "revision " + station.revision() + " of worker " + station.worker(),
                  "revision " + known.revision()));
    }
    var turn = new Turn<State, Fact>(this, state);
    turn.record(
        station.standing() == Standing.GONE
            ? new Fact.WorkerGone(station.worker(), station.revision())
            : new Fact.WorkerChanged(station));
    fill(turn, station.worker());
    // One that avoided another worker for this one's sake may have to take what there is.
    for (Offer picky : turn.state().lines().picky()) {
      var worker = turn.state().seats().bestFor(picky);
      if (worker != null) {
        assign(turn, picky, worker, 0);
      }
    }
    return turn.accept();
  }

  /** Gives the free slots of a worker to those who wait, best first. */
  private static void fill(Turn<State, Fact> turn, WorkerName worker) {
    while (true) {
      var state = turn.state();
      var station = state.seats().withFreeSlot(worker);
      if (station == null) {
        return;
      }
      var best = state.lines().bestFor(station, state.seats());
      if (best == null) {
        return;
      }
      assign(turn, best, worker, state.waiting().size() - 1);
    }
  }

  private static void assign(
      Turn<State, Fact> turn, Offer offer, WorkerName worker, int competing) {
    turn.record(
        new Fact.WorkerAssigned(
            offer.attempt(), offer.builder(), worker, turn.state().granted() + 1, competing));
  }

  /** Why a waiting attempt waits now, or null if it does not wait here. */
  public static @Nullable WaitReason why(State state, Attempt attempt) {
    var offer = state.waiting().get(attempt);
    return offer == null ? null : state.seats().whyNone(offer);
  }

  @Override
  public State evolve(State s, Fact fact) {
    return switch (fact) {
      case Fact.RequestOffered f ->
          s.offers(s.waiting().plus(f.offer().attempt(), f.offer()), s.lines().plus(f.offer()));
      case Fact.RequestPassedOver _ -> s;
      case Fact.OfferMoved f -> {
        var old = Objects.requireNonNull(s.waiting().get(f.attempt()));
        var moved = old.moved(f.rank());
        yield s.offers(s.waiting().plus(f.attempt(), moved), s.lines().minus(old).plus(moved));
      }
      case Fact.WorkerAssigned f -> {
        var offer = Objects.requireNonNull(s.waiting().get(f.attempt()));
        var assignment = new Assignment(offer, f.worker(), f.grant());
        yield s.offers(s.waiting().minus(f.attempt()), s.lines().minus(offer))
            .slots(
                s.assigned().plus(f.attempt(), assignment),
                s.seats().take(f.worker(), offer.project()))
            .granted(f.grant());
      }
      case Fact.OfferWithdrawn f -> {
        var offer = Objects.requireNonNull(s.waiting().get(f.attempt()));
        yield s.offers(s.waiting().minus(f.attempt()), s.lines().minus(offer));
      }
      case Fact.SlotFreed f -> {
        var held = Objects.requireNonNull(s.assigned().get(f.attempt()));
        yield s.slots(
            s.assigned().minus(f.attempt()), s.seats().free(f.worker(), held.offer().project()));
      }
      case Fact.WorkerChanged f -> s.slots(s.assigned(), s.seats().with(f.station()));
      case Fact.WorkerGone f ->
          s.slots(
              s.assigned(),
              s.seats().with(new Station(f.worker(), f.revision(), 0, Set.of(), Standing.GONE)));
    };
  }

  @Override
  public PMap<String, Duty> duties(State state) {
    PMap<String, Duty> duties = HashTreePMap.empty();
    for (var entry : state.assigned().entrySet()) {
      duties = duties.plus(entry.getKey().toString(), assigned(entry.getKey(), entry.getValue()));
    }
    return duties;
  }

  private static Duty assigned(Attempt attempt, Assignment assignment) {
    return new Duty.Tell(
            EntityRef.of(assignment.offer().builder()),
            new Builder.Command.Assign(attempt, assignment.worker(), assignment.grant()))
        .onRefusal(new Command.TakeBack(attempt, assignment.grant()));
  }

  @Override
  public @Nullable Duty duty(State state, String key) {
    var attempt = Attempt.parse(key);
    var assignment = state.assigned().get(attempt);
    return assignment == null ? null : assigned(attempt, assignment);
  }

  @Override
  public Set<String> touched(State before, State after, Fact fact) {
    return switch (fact) {
      case Fact.WorkerAssigned f -> Set.of(f.attempt().toString());
      case Fact.SlotFreed f -> Set.of(f.attempt().toString());
      case Fact.RequestOffered _,
          Fact.RequestPassedOver _,
          Fact.OfferMoved _,
          Fact.OfferWithdrawn _,
          Fact.WorkerChanged _,
          Fact.WorkerGone _ ->
          Set.of();
    };
  }

  @Override
  public boolean settled(State state) {
    // Asked for by a name that nobody has: it must not be remembered.
    return state.granted() == 0 && state.waiting().isEmpty() && state.seats().stations().isEmpty();
  }
}
