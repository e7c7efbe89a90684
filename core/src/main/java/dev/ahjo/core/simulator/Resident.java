package dev.ahjo.core.simulator;

import dev.ahjo.core.kernel.Decision;
import dev.ahjo.core.kernel.Duty;
import dev.ahjo.core.kernel.Entity;
import dev.ahjo.core.kernel.EntityRef;
import dev.ahjo.core.kernel.Fact;
import dev.ahjo.core.kernel.Message;
import dev.ahjo.core.port.Entities.Answer;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;

/**
 * One entity of the farm with its journal and what it owes. Does what the actor of a node does: it
 * decides, keeps the facts, answers, and then pays what the new state owes. All but the journal is
 * lost when it dies.
 */
final class Resident<C extends Message, S, E extends Fact> {
  private static final long ANSWER_FIRST = 1_000;
  private static final long ANSWER_MOST = 30_000;
  private static final long DELIVER_FIRST = 2_000;
  private static final long RETOUCH = 300_000;
  private static final long REST_SETTLED = 2_000;
  private static final long REST_IDLE = 120_000;

  private enum Standing {
    AWAKE,
    /** Comes back when it is spoken to. */
    ASLEEP,
    /** Hears nothing until it is back. */
    DOWN
  }

  /** One duty and how far it has come; forgotten at every death. */
  private static final class Due {
    final String key;
    final Duty duty;
    final Optional<String> after;
    boolean blocked;
    boolean answered;
    boolean quiet;
    int tries;
    long alarm;

    Due(String key, Duty duty) {
      this.key = key;
      this.duty = duty;
      this.after =
          switch (duty) {
            case Duty.Tell t -> t.after();
            case Duty.Deliver d -> d.after();
            case Duty.Wake _, Duty.Watch _ -> Optional.empty();
          };
    }
  }

  private final Simulation farm;
  private final EntityRef me;
  private final Entity<C, S, E> rules;
  private final List<E> journal = new ArrayList<>();
  private final Map<String, Due> dues = new TreeMap<>();
  private Standing standing = Standing.AWAKE;
  private S state;
  private long life;
  private long lastMail;
  private long wrong;

  Resident(Simulation farm, EntityRef me, Entity<C, S, E> rules) {
    this.farm = farm;
    this.me = me;
    this.rules = rules;
    this.state = rules.initial(me.id());
  }

  EntityRef me() {
    return me;
  }

  S state() {
    return state;
  }

  List<E> journal() {
    return journal;
  }

  Entity<C, S, E> rules() {
    return rules;
  }

  /** Says what is owed without an answer, for people; empty when nothing is. */
  List<String> unpaid() {
    return dues.values().stream()
        .filter(d -> !d.answered && !(d.duty instanceof Duty.Watch))
        .map(d -> d.key + (d.blocked ? " after " + d.after.orElse("") : ""))
        .toList();
  }

  void hear(Message message, Consumer<Answer> reply) {
    if (standing == Standing.DOWN) {
      farm.tell(() -> me + " is down and does not hear " + Telling.of(message));
      return;
    }
    if (standing == Standing.ASLEEP) {
      awake();
    }
    decide(message, reply);
  }

  /** The clock on the wall of whoever drives it, which somebody sets now and then. */
  private Instant clock() {
    if (farm.setsClock(me)) {
      wrong = farm.wrongClock(me);
      farm.tell(() -> "the clock of " + me + " is set to " + wrong + " ms off");
    }
    return farm.instant().plusMillis(wrong);
  }

  private static long millis(Duration wait) {
    return Math.ceilDiv(wait.toNanosPart(), 1_000_000) + wait.toSeconds() * 1000;
  }

  private void decide(Message message, Consumer<Answer> reply) {
    lastMail = farm.now();
    Decision<E> decision;
    try {
      decision = rules.decide(state, rules.understand(message), clock());
    } catch (RuntimeException bug) {
      throw new Violation("decides on everything", me + " on " + Telling.of(message), bug);
    }
    switch (decision) {
      case Decision.Refused<E> refused -> {
        farm.tell(
            () -> "%s refuses %s: %s".formatted(me, Telling.of(message), refused.why().text()));
        reply.accept(new Answer.Refused(refused.why()));
      }
      case Decision.Accepted<E> accepted -> {
        Set<String> touched = keep(accepted.facts());
        if (!accepted.facts().isEmpty() && farm.crashes(me)) {
          die(farm.sleeps(me));
          return;
        }
        reply.accept(new Answer.Done(!accepted.facts().isEmpty()));
        owe(touched);
      }
    }
    restWhenQuiet();
  }

  private Set<String> keep(List<E> facts) {
    Set<String> touched = new TreeSet<>();
    for (E fact : facts) {
      S before = state;
      try {
        state = rules.evolve(before, fact);
        journal.add(fact);
        Set<String> changed = rules.touched(before, state, fact);
        touched.addAll(changed);
        farm.tell(() -> me + " " + Telling.of(fact));
        farm.invariants().afterFact(this, before, fact, state, changed);
      } catch (Violation found) {
        throw found;
      } catch (RuntimeException bug) {
        throw new Violation("evolves with everything", me + " by " + Telling.of(fact), bug);
      }
    }
    farm.invariants().afterStep(this);
    return touched;
  }

  private void owe(Set<String> touched) {
    List<Due> fresh = new ArrayList<>();
    boolean gone = false;
    for (String key : touched) {
      Duty duty = rules.duty(state, key);
      Due old = dues.get(key);
      if (duty == null) {
        gone |= dues.remove(key) != null;
      } else if (old == null || !old.duty.equals(duty)) {
        Due due = new Due(key, duty);
        dues.put(key, due);
        fresh.add(due);
      }
    }
    fresh.forEach(this::start);
    if (gone) {
      startUnblocked();
    }
  }

  private void startUnblocked() {
    for (Due due : List.copyOf(dues.values())) {
      if (due.blocked && dues.get(due.key) == due) {
        start(due);
      }
    }
  }

  private void start(Due due) {
    Due first = due.after.map(dues::get).orElse(null);
    due.blocked = first != null && !first.answered;
    if (due.blocked) {
      return;
    }
    switch (due.duty) {
      case Duty.Tell _, Duty.Deliver _ -> pay(due);
      case Duty.Wake wake -> alarm(due, millis(wake.after(clock())));
      case Duty.Watch watch -> {
        long mine = life;
        farm.gate()
            .watch(
                watch.session(),
                () -> {
                  if (life == mine && dues.get(due.key) == due) {
                    pay(due);
                  }
                });
      }
    }
  }

  /** Sends what is owed, and sets the alarm for doing so again. */
  private void pay(Due due) {
    int tries = due.tries++;
    switch (due.duty) {
      case Duty.Tell tell -> {
        due.quiet = false;
        long mine = life;
        farm.say(
            me.toString(),
            tell.to(),
            tell.message(),
            answer -> {
              if (life == mine && dues.get(due.key) == due) {
                answered(due, tell, answer);
              }
            });
        alarm(due, backoff(ANSWER_FIRST, tries));
      }
      case Duty.Wake wake -> {
        oneself(due.key, wake.command());
        alarm(due, backoff(ANSWER_FIRST, tries));
      }
      case Duty.Deliver deliver -> {
        farm.gate().deliver(deliver.to(), deliver.message(), this, this::nudge);
        alarm(due, backoff(DELIVER_FIRST, tries));
      }
      case Duty.Watch watch -> {
        oneself(due.key, watch.whenGone());
        alarm(due, backoff(ANSWER_FIRST, tries));
      }
    }
  }

  /** An agent is back: what it is owed is sent at once. */
  private void nudge() {
    for (Due due : List.copyOf(dues.values())) {
      if (due.duty instanceof Duty.Deliver && !due.blocked && dues.get(due.key) == due) {
        pay(due);
      }
    }
  }

  private static long backoff(long first, int tries) {
    return Math.min(ANSWER_MOST, first << Math.min(tries, 10));
  }

  private void alarm(Due due, long delay) {
    long set = ++due.alarm;
    long mine = life;
    farm.after(
        delay,
        () -> {
          if (life == mine && due.alarm == set && dues.get(due.key) == due) {
            pay(due);
          }
        });
  }

  private void answered(Due due, Duty.Tell tell, Answer answer) {
    if (due.quiet) {
      return;
    }
    due.quiet = true;
    due.answered = true;
    due.tries = 0;
    due.alarm++;
    if (farm.retouches()) {
      alarm(due, farm.jittered(me, RETOUCH));
    }
    switch (answer) {
      case Answer.Done _ -> tell.onAnswer().ifPresent(m -> oneself(due.key, m));
      case Answer.Refused refused ->
          tell.onRefusal()
              .ifPresentOrElse(
                  m -> oneself(due.key, m),
                  () -> farm.invariants().refused(me, due.key, tell, refused.why()));
    }
    startUnblocked();
    restWhenQuiet();
  }

  private void oneself(String key, Message message) {
    long mine = life;
    farm.after(
        0,
        () -> {
          if (life == mine && standing == Standing.AWAKE) {
            decide(
                message,
                answer -> {
                  if (answer instanceof Answer.Refused refused) {
                    throw new Violation(
                        "obeys its own duties",
                        me + " refuses what its duty " + key + " says: " + refused.why().text());
                  }
                });
          }
        });
  }

  private void restWhenQuiet() {
    if (standing != Standing.AWAKE || !mayRest()) {
      return;
    }
    long mine = life;
    long heard = lastMail;
    farm.after(
        rules.settled(state) ? REST_SETTLED : REST_IDLE,
        () -> {
          if (life == mine && lastMail == heard && mayRest()) {
            fallAsleep();
          }
        });
  }

  private boolean mayRest() {
    return (rules.settled(state) || !rules.type().root())
        && dues.values().stream().allMatch(d -> d.answered);
  }

  private void fallAsleep() {
    dues.clear();
    life++;
    standing = Standing.ASLEEP;
  }

  /** Dies, with everything that is not in its journal. */
  void die(boolean toSleep) {
    farm.invariants().replayed(this);
    fallAsleep();
    if (toSleep && !me.type().root()) {
      farm.tell(() -> me + " dies, and sleeps until it is spoken to");
      return;
    }
    standing = Standing.DOWN;
    long back = farm.jittered(me, 2_000);
    farm.tell(() -> me + " dies, and is back in " + back + " ms");
    long mine = life;
    farm.after(
        back,
        () -> {
          if (life == mine) {
            awake();
          }
        });
  }

  /** Its node is gone: only what a node wakes by itself comes back by itself. */
  void losesNode() {
    farm.invariants().replayed(this);
    fallAsleep();
    standing = Standing.DOWN;
  }

  void nodeIsBack() {
    if (standing == Standing.DOWN) {
      if (me.type().root()) {
        awake();
      } else {
        standing = Standing.ASLEEP;
      }
    }
  }

  private void awake() {
    standing = Standing.AWAKE;
    life++;
    lastMail = farm.now();
    owe(new TreeSet<>(rules.duties(state).keySet()));
    restWhenQuiet();
  }
}
