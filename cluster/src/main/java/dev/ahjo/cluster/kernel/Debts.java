package dev.ahjo.cluster.kernel;

import dev.ahjo.core.kernel.Duty;
import dev.ahjo.core.kernel.EntityRef;
import dev.ahjo.core.kernel.Message;
import dev.ahjo.core.kernel.Refusal;
import dev.ahjo.core.port.Entities.Answer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * What one entity owes at present and how far each debt has come. The state alone makes a debt and
 * removes it; an answer only quiets it. All of this is forgotten with the actor and made again from
 * the state, so nothing here needs to be kept.
 *
 * <p>A Tell is <i>blocked</i> while the duty it comes after is unanswered, <i>queued</i> while too
 * many others are in flight, <i>sent</i> until its answer or its patience has come, then queued
 * again; <i>quiet</i> once answered, until it is time to touch its receiver again. One that stays
 * unanswered goes to the end of the queue, so that unreachable receivers never hold up the others.
 *
 * <p>Confined to its actor. Times are milliseconds of a clock that only goes forward, counted from
 * anywhere; a clock that somebody sets must neither hurry nor delay what is owed.
 */
final class Debts {
  /** No instant. */
  static final long NEVER = Long.MAX_VALUE;

  /** Milliseconds over which everything is said again when a node was lost. */
  private static final long SPREAD = 2_000;

  /** How the debts reach the world. */
  interface Outbox {
    void say(EntityRef to, Message message, long number);

    void oneself(String key, Message message);

    void deliver(Duty.Deliver duty);

    Agents.Watching watch(Duty.Watch duty, long number);

    /** Whether nodes have come or gone just now, so that mail may have been lost. */
    boolean unsettled();

    /** How long after now a wake comes that is owed from now on. */
    Duration wait(Duty.Wake wake);

    /** A refusal that no command of the entity answers to. */
    void refused(String key, Duty.Tell duty, Refusal why);
  }

  private enum Phase {
    BLOCKED,
    QUEUED,
    SENT,
    QUIET,
    /** A wake, delivery or watch: under way until the state no longer owes it. */
    STANDING
  }

  private static final class Debt {
    final String key;
    final Duty duty;
    final long number;
    final @Nullable String after;
    Phase phase = Phase.STANDING;
    boolean answered;
    int tries;
    long due = NEVER;
    Agents.@Nullable Watching watching;

    Debt(String key, Duty duty, long number) {
      this.key = key;
      this.duty = duty;
      this.number = number;
      this.after =
          switch (duty) {
            case Duty.Tell tell -> tell.after().orElse(null);
            case Duty.Deliver deliver -> deliver.after().orElse(null);
            case Duty.Wake _, Duty.Watch _ -> null;
          };
    }
  }

  private final Outbox outbox;
  private final Surroundings.Pace pace;
  private final RandomGenerator chance;
  private final Map<String, Debt> owed = new HashMap<>();
  private final Map<Long, Debt> numbered = new HashMap<>();
  private final Map<String, List<Debt>> blocked = new HashMap<>();
  private final LinkedHashSet<Debt> queue = new LinkedHashSet<>();
  private final TreeSet<Debt> timed =
      new TreeSet<>(Comparator.<Debt>comparingLong(d -> d.due).thenComparingLong(d -> d.number));
  private final List<Debt> fresh = new ArrayList<>();
  private final List<String> gone = new ArrayList<>();
  private long lastNumber;
  private int inFlight;
  private int unanswered;

  /**
   * @param lastNumber debts are numbered from here on: answers to an earlier life of the entity
   *     must not be taken for answers to this one
   */
  Debts(Outbox outbox, Surroundings.Pace pace, RandomGenerator chance, long lastNumber) {
    this.outbox = outbox;
    this.pace = pace;
    this.chance = chance;
    this.lastNumber = lastNumber;
  }

  /**
   * Owes {@code duty} under {@code key} instead of what was owed there; {@link #settle} sends it.
   */
  void owe(String key, Duty duty) {
    Debt old = owed.remove(key);
    if (old != null) {
      retire(old);
    }
    Debt debt = new Debt(key, duty, ++lastNumber);
    owed.put(key, debt);
    numbered.put(debt.number, debt);
    unanswered++;
    fresh.add(debt);
  }

  void forget(String key) {
    Debt debt = owed.remove(key);
    if (debt != null) {
      retire(debt);
      gone.add(key);
    }
  }

  /**
   * Starts what was newly owed and what no longer has to wait. Apart from {@link #owe}, since the
   * duties of one fact may wait for each other in any order.
   */
  void settle(long now) {
    for (int i = 0; i < fresh.size(); i++) {
      Debt debt = fresh.get(i);
      if (owed.get(debt.key) == debt) {
        start(debt, now);
      }
    }
    fresh.clear();
    unblock(now);
    pump(now);
  }

  /**
   * An answer to what was sent under {@code number}. One to a duty that has changed says nothing.
   */
  void answered(long number, Answer answer, long now) {
    Debt debt = numbered.get(number);
    if (debt == null || debt.phase == Phase.QUIET || !(debt.duty instanceof Duty.Tell tell)) {
      return;
    }
    leaveLine(debt);
    debt.phase = Phase.QUIET;
    debt.tries = 0;
    if (!debt.answered) {
      debt.answered = true;
      unanswered--;
    }
    schedule(debt, now + jittered(pace.retouch()));
    switch (answer) {
      case Answer.Done _ -> tell.onAnswer().ifPresent(said -> outbox.oneself(debt.key, said));
      case Answer.Refused(Refusal why) ->
          tell.onRefusal()
              .ifPresentOrElse(
                  said -> outbox.oneself(debt.key, said),
                  () -> outbox.refused(debt.key, tell, why));
    }
    startBlocked(debt.key, now);
    pump(now);
  }

  /** The session that the debt of this number watches has ended. */
  void ended(long number, long now) {
    Debt debt = numbered.get(number);
    if (debt != null && debt.duty instanceof Duty.Watch watch) {
      closeWatch(debt);
      outbox.oneself(debt.key, watch.whenGone());
      // Owed no more once that is obeyed; if it is not, it is said again.
      schedule(debt, now + backoff(pace.answerFirst(), pace.answerMost(), debt.tries++));
    }
  }

  /** Does what has become due. */
  void tick(long now) {
    // What is due is due once: a pace of zero must not spin here.
    List<Debt> due = new ArrayList<>();
    for (Iterator<Debt> each = timed.iterator(); each.hasNext(); ) {
      Debt debt = each.next();
      if (debt.due > now) {
        break;
      }
      each.remove();
      debt.due = NEVER;
      due.add(debt);
    }
    for (Debt debt : due) {
      if (owed.get(debt.key) == debt) {
        come(debt, now);
      }
    }
    pump(now);
  }

  /** Repeats at once what agents are owed: one of them is back. */
  void nudge(long now) {
    for (Debt debt : owed.values()) {
      if (debt.duty instanceof Duty.Deliver deliver && debt.phase == Phase.STANDING) {
        deliver(debt, deliver, now);
      }
    }
  }

  /**
   * Says everything again soon, answered or not: whoever was told it may have been lost with its
   * node, and has to be woken elsewhere. Spread out, since all entities do so at once.
   */
  void touchAll(long now) {
    for (Debt debt : owed.values()) {
      if (debt.duty instanceof Duty.Tell
          && (debt.phase == Phase.QUIET || debt.phase == Phase.SENT)) {
        debt.tries = 0;
        schedule(debt, Math.min(debt.due, now + (long) (chance.nextDouble() * SPREAD)));
      }
    }
  }

  /** When {@link #tick} is wanted next. */
  long next() {
    return timed.isEmpty() ? NEVER : timed.first().due;
  }

  /** Whether every duty has been answered; wakes, deliveries and watches never are. */
  boolean allQuiet() {
    return unanswered == 0;
  }

  /** Forgets everything. */
  void clear() {
    owed.values().forEach(Debts::closeWatch);
    owed.clear();
    numbered.clear();
    blocked.clear();
    queue.clear();
    timed.clear();
    fresh.clear();
    gone.clear();
    inFlight = 0;
    unanswered = 0;
  }

  private void start(Debt debt, long now) {
    if (blocks(debt)) {
      return;
    }
    switch (debt.duty) {
      case Duty.Tell _ -> {
        debt.phase = Phase.QUEUED;
        queue.add(debt);
      }
      case Duty.Wake wake -> {
        debt.phase = Phase.STANDING;
        Duration wait = outbox.wait(wake);
        if (wait.isZero()) {
          come(debt, now);
        } else {
          schedule(debt, now + millis(wait));
        }
      }
      case Duty.Deliver deliver -> {
        debt.phase = Phase.STANDING;
        deliver(debt, deliver, now);
      }
      case Duty.Watch watch -> {
        debt.phase = Phase.STANDING;
        debt.watching = outbox.watch(watch, debt.number);
      }
    }
  }

  private boolean blocks(Debt debt) {
    if (debt.after == null) {
      return false;
    }
    Debt first = owed.get(debt.after);
    if (first == null || first.answered) {
      return false;
    }
    debt.phase = Phase.BLOCKED;
    blocked.computeIfAbsent(debt.after, _ -> new ArrayList<>(1)).add(debt);
    return true;
  }

  /** Starts what waited for duties that are no longer owed. */
  private void unblock(long now) {
    for (String key : gone) {
      if (!owed.containsKey(key)) {
        startBlocked(key, now);
      }
    }
    gone.clear();
  }

  private void startBlocked(String key, long now) {
    List<Debt> waiting = blocked.remove(key);
    if (waiting != null) {
      waiting.forEach(debt -> start(debt, now));
    }
  }

  private void come(Debt debt, long now) {
    switch (debt.duty) {
      case Duty.Tell _ -> {
        leaveLine(debt);
        debt.phase = Phase.QUEUED;
        queue.add(debt);
      }
      case Duty.Wake wake -> {
        outbox.oneself(debt.key, wake.command());
        schedule(debt, now + backoff(pace.answerFirst(), pace.answerMost(), debt.tries++));
      }
      case Duty.Deliver deliver -> deliver(debt, deliver, now);
      case Duty.Watch watch -> debt.watching = outbox.watch(watch, debt.number);
    }
  }

  private void deliver(Debt debt, Duty.Deliver deliver, long now) {
    outbox.deliver(deliver);
    schedule(debt, now + patience(pace.deliverFirst(), pace.deliverMost(), debt));
  }

  private void pump(long now) {
    while (inFlight < pace.inFlight() && !queue.isEmpty()) {
      Debt debt = queue.removeFirst();
      debt.phase = Phase.SENT;
      inFlight++;
      Duty.Tell tell = (Duty.Tell) debt.duty;
      schedule(debt, now + patience(pace.answerFirst(), pace.answerMost(), debt));
      outbox.say(tell.to(), tell.message(), debt.number);
    }
  }

  private void retire(Debt debt) {
    leaveLine(debt);
    numbered.remove(debt.number);
    unschedule(debt);
    if (!debt.answered) {
      unanswered--;
    }
    if (debt.phase == Phase.BLOCKED) {
      unlist(debt);
    }
    closeWatch(debt);
  }

  private void unlist(Debt debt) {
    List<Debt> waiting = blocked.get(debt.after);
    if (waiting != null && waiting.remove(debt) && waiting.isEmpty()) {
      blocked.remove(debt.after);
    }
  }

  private void leaveLine(Debt debt) {
    if (debt.phase == Phase.SENT) {
      inFlight--;
    } else if (debt.phase == Phase.QUEUED) {
      queue.remove(debt);
    }
  }

  private void schedule(Debt debt, long at) {
    unschedule(debt);
    debt.due = at;
    timed.add(debt);
  }

  private void unschedule(Debt debt) {
    if (debt.due != NEVER) {
      timed.remove(debt);
      debt.due = NEVER;
    }
  }

  /** Rounded up: never too early. */
  private static long millis(Duration wait) {
    return wait.plusNanos(999_999).toMillis();
  }

  private long jittered(Duration about) {
    return (long) (about.toMillis() * (0.8 + 0.4 * chance.nextDouble()));
  }

  private static long backoff(Duration first, Duration most, int tries) {
    return Math.min(most.toMillis(), first.toMillis() << Math.min(tries, 20));
  }

  /**
   * Shards that move drop what is on its way to them, perhaps several times in a row, and builds
   * wait for it; otherwise no answer means that somebody is busy.
   */
  private long patience(Duration first, Duration most, Debt debt) {
    return outbox.unsettled() ? first.toMillis() : backoff(first, most, debt.tries++);
  }

  private static void closeWatch(Debt debt) {
    Agents.Watching watching = debt.watching;
    if (watching != null) {
      watching.close();
      debt.watching = null;
    }
  }
}
