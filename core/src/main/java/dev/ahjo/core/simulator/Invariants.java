package dev.ahjo.core.simulator;

import dev.ahjo.core.build.Build;
import dev.ahjo.core.builder.Builder;
import dev.ahjo.core.buildset.Buildset;
import dev.ahjo.core.id.BuildKey;
import dev.ahjo.core.id.RequestId;
import dev.ahjo.core.kernel.Duty;
import dev.ahjo.core.kernel.Entity;
import dev.ahjo.core.kernel.EntityRef;
import dev.ahjo.core.kernel.Fact;
import dev.ahjo.core.kernel.Message;
import dev.ahjo.core.kernel.Refusal;
import dev.ahjo.core.lock.Lock;
import dev.ahjo.core.pool.Pool;
import dev.ahjo.core.project.LockUse;
import dev.ahjo.core.request.BuildRequest;
import dev.ahjo.core.worker.Worker;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.pcollections.HashTreePMap;
import org.pcollections.PMap;

/** What must hold after every step. What must hold in the end is in {@link Settlement}. */
final class Invariants {
  private final Simulation farm;
  private final Settlement settlement;
  private final Map<Resident<?, ?, ?>, PMap<String, Duty>> owed = new IdentityHashMap<>();
  private final Map<RequestId, BuildKey> live = new HashMap<>();
  private final Map<RequestId, Map<BuildKey, Agent>> running = new HashMap<>();
  private final Set<String> begun = new HashSet<>();
  private final Set<String> facts = new TreeSet<>();
  private long digest;

  Invariants(Simulation farm) {
    this.farm = farm;
    this.settlement = new Settlement(farm);
  }

  Set<String> facts() {
    return facts;
  }

  long digest() {
    return digest;
  }

  boolean atRest() {
    return settlement.atRest();
  }

  void settled() {
    settlement.check();
    farm.residents().forEach(this::replayed);
  }

  <C extends Message, S, E extends Fact> void afterFact(
      Resident<C, S, E> who, S before, E fact, S after, Set<String> touched) {
    String name = who.me().type().label() + "." + fact.getClass().getSimpleName();
    facts.add(name);
    digest = Fates.mix(digest ^ Fates.key(name, who.me().id().hashCode(), farm.now()));
    dutiesAreKept(who, fact, after, touched);
    switch ((Fact) fact) {
      case BuildRequest.Fact f ->
          request(who.me(), (BuildRequest.State) before, f, (BuildRequest.State) after);
      case Build.Fact f -> build(who.me(), (Build.State) before, f, (Build.State) after);
      case Builder.Fact.RequestTaken f -> numbered((Builder.State) before, f);
      case Lock.Fact.LockGranted f -> granted(who.me(), (Lock.State) after);
      case Worker.Fact.LeaseGiven _ -> leased(who.me(), (Worker.State) after);
      case Pool.Fact.WorkerAssigned f -> assigned((Pool.State) before, f, (Pool.State) after);
      default -> {
        // nothing to be said of it alone
      }
    }
  }

  /** What a fact says it touched is exactly what changed, and each duty is found by its key. */
  private <C extends Message, S, E extends Fact> void dutiesAreKept(
      Resident<C, S, E> who, E fact, S after, Set<String> touched) {
    PMap<String, Duty> was = owed.getOrDefault(who, HashTreePMap.<String, Duty>empty());
    PMap<String, Duty> is = who.rules().duties(after);
    owed.put(who, is);
    Set<String> changed = Entity.changed(was, is);
    if (!touched.containsAll(changed)) {
      throw new Violation(
          "a fact names every duty it touches",
          who.me() + " by " + Telling.of(fact) + " changed " + changed + ", named " + touched);
    }
    for (String key : touched) {
      if (!java.util.Objects.equals(who.rules().duty(after, key), is.get(key))) {
        throw new Violation(
            "a duty is found by its key",
            who.me() + " " + key + " after " + Telling.of(fact) + ": " + is.get(key));
      }
    }
    is.forEach((key, duty) -> {
      if (!duty.equals(who.rules().duty(after, key))) {
        throw new Violation("a duty is found by its key", who.me() + " " + key);
      }
    });
  }

  private void request(
      EntityRef me, BuildRequest.State before, BuildRequest.Fact fact, BuildRequest.State after) {
    if (before instanceof BuildRequest.State.Ended) {
      throw new Violation("a request ends once", me + " had ended before " + Telling.of(fact));
    }
    if (before instanceof BuildRequest.State.Shelved
        && !(fact instanceof BuildRequest.Fact.RequestUnshelved
            || fact instanceof BuildRequest.Fact.RequestCancelled
            || fact instanceof BuildRequest.Fact.PriorityChanged)) {
      throw new Violation("only a person moves what is shelved", me + " " + Telling.of(fact));
    }
    var body = BuildRequest.body(after);
    if (fact instanceof BuildRequest.Fact.AttemptStarted
        && BuildRequest.spent(body) >= body.spec().plan().retry().limit()) {
      throw new Violation(
          "no more attempts than the limit",
          me + " made " + body.made() + ", of which " + body.forgiven() + " are forgiven");
    }
    if (fact instanceof BuildRequest.Fact.AttemptStarted
        && body.made() - body.forgiven() - BuildRequest.spent(body) > BuildRequest.MAX_REFUSALS) {
      throw new Violation("no more refusals than the limit", me + " made " + body.made());
    }
    if (fact instanceof BuildRequest.Fact.RequestFinished f) {
      attemptIsOver(me, f.tried());
    } else if (fact instanceof BuildRequest.Fact.AttemptLost f) {
      attemptIsOver(me, f.tried());
    } else if (fact instanceof BuildRequest.Fact.RequestShelved f) {
      attemptIsOver(me, f.tried());
    }
    int tried = after instanceof BuildRequest.State.Running ? body.made() - 1 : body.made();
    if (body.ledger().size() != tried) {
      throw new Violation(
          "the ledger has every attempt",
          me + " has made " + body.made() + " and tells of " + body.ledger().size());
    }
  }

  private void attemptIsOver(EntityRef me, BuildRequest.Tried tried) {
    if (!(farm.state(EntityRef.of(tried.build())) instanceof Build.State.Finished f)
        || !f.ending().equals(tried.ending())) {
      throw new Violation("a request ends as its last build did", me + " by " + Telling.of(tried));
    }
  }

  private void build(EntityRef me, Build.State before, Build.Fact fact, Build.State after) {
    var body = Build.body(after);
    switch (fact) {
      case Build.Fact.BuildStarted _ -> {
        var other = live.put(body.attempt().request(), body.build());
        if (other != null && !other.equals(body.build())) {
          throw new Violation(
              "one live attempt per request", me + " starts while " + other + " lives");
        }
      }
      case Build.Fact.BuildFinished _ -> live.remove(body.attempt().request(), body.build());
      case Build.Fact.PlanKept f -> next(me, before, f.report());
      case Build.Fact.RevisionFound f -> next(me, before, f.report());
      case Build.Fact.StepStarted f -> next(me, before, f.report());
      case Build.Fact.PropertySet f -> next(me, before, f.report());
      case Build.Fact.StepEnded f -> next(me, before, f.report());
      case Build.Fact.BuildStopWanted _ -> {
        // not reported
      }
    }
    if (before instanceof Build.State.Finished) {
      throw new Violation("a build ends once", me + " had ended before " + Telling.of(fact));
    }
  }

  private static void next(EntityRef me, Build.State before, long report) {
    long last = before instanceof Build.State.Running r ? r.lastReport() : 0;
    if (report != last + 1) {
      throw new Violation(
          "reports are taken once, in order", me + " took " + report + " after " + last);
    }
  }

  private static void numbered(Builder.State before, Builder.Fact.RequestTaken fact) {
    long number = fact.build().number();
    if (number != before.lastNumber() + 1) {
      throw new Violation(
          "build numbers have no gaps", fact.build() + " after " + before.lastNumber());
    }
  }

  private static void granted(EntityRef me, Lock.State lock) {
    long exclusive =
        lock.holders().values().stream().filter(c -> c.mode() == LockUse.Mode.EXCLUSIVE).count();
    if (lock.holders().size() > Math.max(1, exclusive > 0 ? 1 : lock.count())) {
      throw new Violation(
          "a lock is never held beyond its count",
          me + " of " + lock.count() + " is held by " + lock.holders().keySet());
    }
  }

  private static void leased(EntityRef me, Worker.State worker) {
    int slots = worker.registration().map(Worker.Registration::slots).orElse(0);
    if (worker.leases().size() > slots) {
      throw new Violation(
          "no more leases than slots",
          me + " with " + slots + " slots leases " + worker.leases().keySet());
    }
  }

  private void assigned(Pool.State before, Pool.Fact.WorkerAssigned fact, Pool.State after) {
    var station = before.seats().stations().get(fact.worker());
    var offer = before.waiting().get(fact.attempt());
    if (station == null
        || offer == null
        || station.standing() != Pool.Standing.AVAILABLE
        || !station.labels().containsAll(offer.labels())
        || before.seats().used().getOrDefault(fact.worker(), 0) >= station.slots()) {
      throw new Violation(
          "a slot is given where one is free and fits", fact + " at " + station + " to " + offer);
    }
    int most = farm.gate().agent(fact.worker()).map(Agent::mostSlots).orElse(0);
    if (after.seats().used().getOrDefault(fact.worker(), 0) > most) {
      throw new Violation(
          "a pool gives no more slots than there are",
          fact.worker() + " has " + most + ": " + after.assigned());
    }
  }

  /** Each entity's own books. */
  void afterStep(Resident<?, ?, ?> who) {
    switch (who.state()) {
      case Pool.State s -> Books.pool(who.me(), s);
      case Builder.State s -> Books.builder(who.me(), s);
      case Lock.State s -> Books.lock(who.me(), s);
      default -> {
        // keeps no books
      }
    }
  }

  /** The facts of the journal make the state that wrote them. */
  <C extends Message, S, E extends Fact> void replayed(Resident<C, S, E> who) {
    S again = who.rules().initial(who.me().id());
    for (E fact : who.journal()) {
      again = who.rules().evolve(again, fact);
    }
    if (!again.equals(who.state())) {
      throw new Violation("replay equals live", who.me() + " replays to " + again);
    }
  }

  /**
   * A duty was refused, and nothing is said of what then. Harmless only where listed: each entry
   * says why.
   */
  void refused(EntityRef me, String key, Duty.Tell tell, Refusal why) {
    boolean harmless =
        switch (tell.message()) {
          // The request has ended by itself meanwhile; its end is on its way to the buildset.
          case Buildset.HandsOn.CancelRequest _ -> why instanceof Refusal.Conflict;
          default -> false;
        };
    if (harmless) {
      return;
    }
    throw new Violation(
        "no duty is refused unheard",
        tell.to() + " refuses " + key + " of " + me + ": " + why.text());
  }

  /** An agent has put a plan on its disk. */
  void kept(Agent agent, Agent.Held build) {
    long mine =
        agent.held().stream()
            .filter(h -> !h.ended())
            .filter(h -> {
              var state = farm.state(EntityRef.of(h.build));
              return state instanceof Build.State.Leased || state instanceof Build.State.Running;
            })
            .count();
    if (mine > agent.mostSlots()) {
      throw new Violation(
          "no more builds than slots", agent + " begins " + build.build + ", its build no " + mine);
    }
  }

  /** The gate acknowledges reports: the agent will forget them. */
  void reportsTaken(BuildKey build, long last) {
    var state = farm.state(EntityRef.of(build));
    long journaled =
        switch (state) {
          case Build.State.Running r -> r.lastReport();
          case Build.State.Finished f -> f.lastReport();
          default -> 0;
        };
    if (journaled < last) {
      throw new Violation(
          "what is acknowledged is journaled",
          build + " took reports up to " + last + ", its journal has " + journaled);
    }
  }

  void stepStarts(Agent agent, Agent.Held build, int step) {
    farm.tell(() -> "on " + agent.name() + " step " + step + " of " + build.build + " starts");
    if (!begun.add(build.build + "/" + step)) {
      throw new Violation("nothing runs twice", "step " + step + " of " + build.build);
    }
    var others = running.computeIfAbsent(build.attempt.request(), _ -> new HashMap<>());
    for (BuildKey other : others.keySet()) {
      if (!other.equals(build.build) && lives(other) && lives(build.build)) {
        throw new Violation(
            "nothing runs twice at once", build.build + " runs while " + other + " does");
      }
    }
    others.put(build.build, agent);
  }

  /** One that was given up may go on for a while where nobody can tell it so. */
  private boolean lives(BuildKey build) {
    return !(farm.state(EntityRef.of(build)) instanceof Build.State.Finished);
  }

  void stepEnds(Agent agent, Agent.Held build) {
    farm.tell(() -> "on " + agent.name() + " a step of " + build.build + " ends");
    var all = running.get(build.attempt.request());
    if (all != null) {
      all.remove(build.build);
    }
  }
}
