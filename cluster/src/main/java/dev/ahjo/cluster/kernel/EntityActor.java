package dev.ahjo.cluster.kernel;

import dev.ahjo.core.kernel.Decision;
import dev.ahjo.core.kernel.Duty;
import dev.ahjo.core.kernel.Entity;
import dev.ahjo.core.kernel.EntityRef;
import dev.ahjo.core.kernel.Fact;
import dev.ahjo.core.kernel.Message;
import dev.ahjo.core.kernel.Refusal;
import dev.ahjo.core.port.Entities.Answer;
import dev.ahjo.persistence.formats.Recorded;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.PostStop;
import org.apache.pekko.actor.typed.PreRestart;
import org.apache.pekko.actor.typed.SupervisorStrategy;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;
import org.apache.pekko.persistence.typed.PersistenceId;
import org.apache.pekko.persistence.typed.RecoveryCompleted;
import org.apache.pekko.persistence.typed.RecoveryFailed;
import org.apache.pekko.persistence.typed.SnapshotSelectionCriteria;
import org.apache.pekko.persistence.typed.javadsl.CommandHandler;
import org.apache.pekko.persistence.typed.javadsl.Effect;
import org.apache.pekko.persistence.typed.javadsl.EventHandler;
import org.apache.pekko.persistence.typed.javadsl.EventSourcedBehavior;
import org.apache.pekko.persistence.typed.javadsl.Recovery;
import org.apache.pekko.persistence.typed.javadsl.RetentionCriteria;
import org.apache.pekko.persistence.typed.javadsl.SignalHandler;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one actor that drives every entity of core: it decides, journals, evolves, answers, and then
 * pays what the new state owes.
 *
 * <p>What is said while a row is being written is decided together afterwards and journaled as one
 * row, each command on the state that the one before it left. A busy entity thus writes few rows
 * and is not bound by the disk's latency. Nobody is answered, and nothing owed is sent, before its
 * row is on disk.
 */
public final class EntityActor<C extends Message, S, E extends Fact>
    extends EventSourcedBehavior<Mail, Recorded, S> {
  private static final Logger LOG = LoggerFactory.getLogger(EntityActor.class);

  /** Said commands that are decided together at most. */
  private static final int BATCH = 256;

  /** Said while nothing may be decided; beyond, whoever owes it says it again. */
  private static final int MOST_SPOKEN = 10_000;

  /** How soon to ask again whether this node is heard. */
  private static final Duration LISTEN = Duration.ofMillis(100);

  /**
   * Milliseconds after which a signal to itself is counted as lost: one that comes while a row is
   * being written is dropped when very much mail waits already.
   */
  private static final long DROPPED = 1_000;

  /** Timers longer than this are set again when they ring; the scheduler can't wait for years. */
  private static final Duration LONGEST_TIMER = Duration.ofHours(1);

  private static final Answer.Done CHANGED = new Answer.Done(true);
  private static final Answer.Done ALREADY_SO = new Answer.Done(false);

  /** Tells the lives of an entity on one node apart, in the numbers of their debts. */
  private static final AtomicLong LIVES = new AtomicLong();

  private final Entity<C, S, E> entity;
  private final EntityRef me;
  private final Surroundings around;
  private final Consumer<ActorRef<Mail>> passivate;
  private final Unreadable unreadable;
  private final ActorContext<Mail> context;
  private final TimerScheduler<Mail> timers;
  private final Debts debts;
  private final List<Spoken> spoken = new ArrayList<>();
  private final Runnable nudge;

  private long ringsAt = Debts.NEVER;
  private long spokenAt;
  private long lastMail;
  private boolean passivating;
  private int lost;

  /** The row under way and the state after it, so that each fact evolves only once. */
  private @Nullable Recorded writing;

  private @Nullable S written;

  /** Something said: by another entity or a person, or by a duty of one's own. */
  private sealed interface Spoken {
    Message message();

    record ByOther(Mail.Say say) implements Spoken {
      @Override
      public Message message() {
        return say.message();
      }
    }

    record ByDuty(Mail.Oneself oneself) implements Spoken {
      @Override
      public Message message() {
        return oneself.message();
      }
    }
  }

  /** What became of something said. */
  private sealed interface Outcome {
    record Heard(Answer answer) implements Outcome {}

    record Bug(String problem) implements Outcome {}
  }

  /**
   * The behaviour of one entity.
   *
   * @param passivate asks whoever holds the actor to stop it, by {@link Mail.Signal#STOP}, with no
   *     mail lost
   */
  public static <C extends Message, S, E extends Fact> Behavior<Mail> of(
      Entity<C, S, E> entity, String id, Surroundings around, Consumer<ActorRef<Mail>> passivate) {
    return Behaviors.setup(_ -> {
      var unreadable = new Unreadable(new EntityRef(entity.type(), id), around.mailboxes());
      // A bug met outside of a decision must not end an entity for good either.
      return Behaviors.intercept(
          () -> unreadable,
          Behaviors.supervise(
                  Behaviors.<Mail>setup(context ->
                      Behaviors.withTimers(timers ->
                          new EntityActor<>(
                              entity, id, around, passivate, unreadable, context, timers))))
              .onFailure(Exception.class, restarts()));
    });
  }

  private static org.apache.pekko.actor.typed.BackoffSupervisorStrategy restarts() {
    return SupervisorStrategy.restartWithBackoff(
            Duration.ofMillis(200), Duration.ofSeconds(10), 0.2)
        .withStashCapacity(1000);
  }

  private EntityActor(
      Entity<C, S, E> entity,
      String id,
      Surroundings around,
      Consumer<ActorRef<Mail>> passivate,
      Unreadable unreadable,
      ActorContext<Mail> context,
      TimerScheduler<Mail> timers) {
    super(PersistenceId.of(entity.type().label(), id), restarts());
    this.entity = entity;
    this.me = new EntityRef(entity.type(), id);
    this.around = around;
    this.passivate = passivate;
    this.unreadable = unreadable;
    this.context = context;
    this.timers = timers;
    ActorRef<Mail> self = context.getSelf();
    this.nudge = () -> self.tell(Mail.Signal.NUDGE);
    around.mailboxes().awake(self);
    this.debts =
        new Debts(
            new Post(self),
            around.pace(),
            ThreadLocalRandom.current(),
            LIVES.incrementAndGet() << 40);
  }

  @Override
  public S emptyState() {
    return entity.initial(me.id());
  }

  @Override
  public CommandHandler<Mail, Recorded, S> commandHandler() {
    return this::receive;
  }

  @Override
  public EventHandler<S, Recorded> eventHandler() {
    return this::evolve;
  }

  @Override
  public SignalHandler<S> signalHandler() {
    return newSignalHandlerBuilder()
        .onSignal(RecoveryCompleted.instance(), this::recovered)
        .onSignal(RecoveryFailed.class, (_, failed) -> unreadable.failed(failed.getFailure()))
        .onSignal(PreRestart.instance(), _ -> debts.clear())
        .onSignal(
            PostStop.instance(),
            _ -> {
              debts.clear();
              around.mailboxes().rested(context.getSelf());
            })
        .build();
  }

  @Override
  public Recovery recovery() {
    // Asking for none spares the short-lived a query each time they wake.
    return longLived()
        ? super.recovery()
        : Recovery.withSnapshotSelectionCriteria(SnapshotSelectionCriteria.none());
  }

  @Override
  public RetentionCriteria retentionCriteria() {
    return longLived()
        ? RetentionCriteria.snapshotEvery(around.pace().snapshotEvery(), 2)
        : RetentionCriteria.disabled();
  }

  private boolean longLived() {
    return switch (entity.type()) {
      case PROJECT, BUILDER, LOCK, POOL, WORKER -> true;
      case BUILDSET, REQUEST, BUILD -> false;
    };
  }

  private void recovered(S state) {
    unreadable.woke();
    // The journal may have failed in mid-life: whatever that life had begun is void.
    debts.clear();
    spoken.clear();
    writing = null;
    written = null;
    passivating = false;
    // The tick did not survive, so it must not be counted upon.
    ringsAt = Debts.NEVER;
    lastMail = now();
    entity.duties(state).forEach(debts::owe);
    debts.settle(lastMail);
    setTimer(state);
  }

  private Effect<Recorded, S> receive(S state, Mail mail) {
    switch (mail) {
      case Mail.Say say -> hear(new Spoken.ByOther(say));
      case Mail.Oneself oneself -> hear(new Spoken.ByDuty(oneself));
      case Mail.Signal signal -> {
        return obey(state, signal);
      }
      case Mail.Answered answered -> {
        debts.answered(answered.number(), answered.answer(), now());
        setTimer(state);
      }
      case Mail.Broke broke ->
          LOG.error("{} is owed an answer, but the receiver broke: {}", me, broke.problem());
      case Mail.Ended ended -> {
        debts.ended(ended.number(), now());
        setTimer(state);
      }
      case Mail.Read read -> {
        lastMail = now();
        read.replyTo().tell(new Mail.Shown(state));
        setTimer(state);
      }
      case Mail.Awake _ -> {
        lastMail = now();
        setTimer(state);
      }
    }
    return spoken.size() >= BATCH || (!spoken.isEmpty() && now() - spokenAt > DROPPED)
        ? decide(state)
        : Effect().none();
  }

  /** Keeps what was said until all mail that is here already has been heard. */
  private void hear(Spoken something) {
    if (spoken.size() >= MOST_SPOKEN) {
      lost++;
      return;
    }
    if (spoken.isEmpty()) {
      decideSoon();
    }
    spoken.add(something);
  }

  private void decideSoon() {
    spokenAt = now();
    context.getSelf().tell(Mail.Signal.DECIDE);
  }

  private Effect<Recorded, S> obey(S state, Mail.Signal signal) {
    return switch (signal) {
      case DECIDE -> decide(state);
      case TICK -> {
        long now = now();
        ringsAt = Debts.NEVER;
        debts.tick(now);
        if (mayRest(state, now)) {
          passivating = true;
          passivate.accept(context.getSelf());
        }
        setTimer(state);
        yield Effect().none();
      }
      case NUDGE -> {
        debts.nudge(now());
        setTimer(state);
        yield Effect().none();
      }
      case RETOUCH -> {
        debts.touchAll(now());
        setTimer(state);
        yield Effect().none();
      }
      case STOP -> {
        // The shard keeps what it is posted while we stop, and starts us again for it.
        for (Spoken something : spoken) {
          if (something instanceof Spoken.ByOther(Mail.Say say)) {
            around.mailboxes().post(me, say);
          }
        }
        if (!debts.allQuiet()) {
          around.mailboxes().post(me, new Mail.Awake());
        }
        yield Effect().stop();
      }
    };
  }

  private Effect<Recorded, S> decide(S state) {
    if (spoken.isEmpty()) {
      return Effect().none();
    }
    if (around.mailboxes().fenced()) {
      return Effect().stop();
    }
    if (around.mailboxes().unheard()) {
      timers.startSingleTimer(Mail.Signal.DECIDE, Mail.Signal.DECIDE, LISTEN);
      return Effect().none();
    }
    lastMail = now();
    Instant at = around.clock().instant();
    List<Spoken> heard = nextSpoken();
    List<Outcome> outcomes = new ArrayList<>(heard.size());
    List<Fact> facts = new ArrayList<>();
    Set<String> touched = new HashSet<>();
    S after = state;
    for (Spoken something : heard) {
      try {
        switch (entity.decide(after, entity.understand(something.message()), at)) {
          case Decision.Accepted<E>(var news) -> {
            S next = after;
            for (E fact : news) {
              S evolved = entity.evolve(next, fact);
              touched.addAll(entity.touched(next, evolved, fact));
              next = evolved;
            }
            after = next;
            facts.addAll(news);
            outcomes.add(new Outcome.Heard(news.isEmpty() ? ALREADY_SO : CHANGED));
          }
          case Decision.Refused<E>(Refusal why) ->
              outcomes.add(new Outcome.Heard(new Answer.Refused(why)));
        }
      } catch (RuntimeException bug) {
        LOG.error("{} can't decide on {}", me, something.message(), bug);
        outcomes.add(new Outcome.Bug(me + " can't decide on a message: " + bug));
      }
    }
    if (facts.isEmpty()) {
      answer(heard, outcomes);
      setTimer(state);
      return Effect().none();
    }
    Recorded row = new Recorded(at, facts);
    writing = row;
    written = after;
    return Effect()
        .persist(row)
        .thenRun(now -> {
          around.persisted().run();
          answer(heard, outcomes);
          owe(state, now, touched);
          setTimer(now);
        });
  }

  private List<Spoken> nextSpoken() {
    List<Spoken> batch = spoken.subList(0, Math.min(spoken.size(), BATCH));
    List<Spoken> next = List.copyOf(batch);
    batch.clear();
    if (!spoken.isEmpty()) {
      decideSoon();
    }
    if (lost > 0) {
      LOG.warn("{} lost {} messages while no other node heard this one", me, lost);
      lost = 0;
    }
    return next;
  }

  private S evolve(S state, Recorded row) {
    S after = written;
    if (row == writing && after != null) {
      writing = null;
      written = null;
      return after;
    }
    after = state;
    for (Fact fact : row.facts()) {
      @SuppressWarnings("unchecked") // the journal of this entity holds its facts alone
      E known = (E) fact;
      after = entity.evolve(after, known);
    }
    return after;
  }

  private void owe(S before, S after, Set<String> touched) {
    for (String key : touched) {
      Duty duty = entity.duty(after, key);
      if (duty == null) {
        debts.forget(key);
      } else if (!Objects.equals(entity.duty(before, key), duty)) {
        debts.owe(key, duty);
      }
    }
    debts.settle(now());
  }

  private void answer(List<Spoken> heard, List<Outcome> outcomes) {
    for (int i = 0; i < heard.size(); i++) {
      switch (heard.get(i)) {
        case Spoken.ByOther(Mail.Say say) ->
            say.replyTo()
                .tell(
                    switch (outcomes.get(i)) {
                      case Outcome.Heard(Answer answer) -> new Mail.Answered(say.number(), answer);
                      case Outcome.Bug(String problem) -> new Mail.Broke(say.number(), problem);
                    });
        case Spoken.ByDuty(Mail.Oneself oneself) -> {
          if (outcomes.get(i) instanceof Outcome.Heard(Answer.Refused(Refusal why))) {
            LOG.warn(
                "{} refuses what its own duty {} says: {} ({})",
                me,
                oneself.key(),
                oneself.message(),
                why.text());
          }
        }
      }
    }
  }

  private boolean mayRest(S state, long now) {
    return !passivating && now >= restsAt(state) && spoken.isEmpty();
  }

  /** When this actor has lain idle for long enough; what it holds is all in the journal. */
  private long restsAt(S state) {
    if (passivating || !debts.allQuiet()) {
      return Debts.NEVER;
    }
    if (entity.settled(state)) {
      return lastMail + around.pace().settled().toMillis();
    }
    return entity.type().root() ? Debts.NEVER : lastMail + around.pace().idle().toMillis();
  }

  /**
   * One timer for everything that is waited for; an early ring does no harm, so it rarely moves.
   */
  private void setTimer(S state) {
    long wanted = Math.min(debts.next(), restsAt(state));
    if (wanted < ringsAt || ringsAt < now() - DROPPED) {
      long wait = Math.clamp(wanted - now(), 0, LONGEST_TIMER.toMillis());
      ringsAt = now() + wait;
      timers.startSingleTimer(Mail.Signal.TICK, Mail.Signal.TICK, Duration.ofMillis(wait));
    }
  }

  /** Milliseconds for waiting: nobody can set this clock. */
  private long now() {
    return TimeUnit.NANOSECONDS.toMillis(around.nanos().getAsLong());
  }

  /** How the debts of this entity leave it. */
  private final class Post implements Debts.Outbox {
    private final ActorRef<Mail> self;
    private final ActorRef<Mail.Response> answers;

    Post(ActorRef<Mail> self) {
      this.self = self;
      this.answers = self.narrow();
    }

    @Override
    public void say(EntityRef to, Message message, long number) {
      around.mailboxes().post(to, new Mail.Say(message, number, answers));
    }

    @Override
    public void oneself(String key, Message message) {
      self.tell(new Mail.Oneself(key, message));
    }

    @Override
    public void deliver(Duty.Deliver duty) {
      around.agents().deliver(duty.to(), duty.message(), nudge);
    }

    @Override
    public Agents.Watching watch(Duty.Watch duty, long number) {
      return around.agents().watch(duty.session(), () -> self.tell(new Mail.Ended(number)));
    }

    @Override
    public boolean unsettled() {
      return around.mailboxes().unsettled();
    }

    @Override
    public Duration wait(Duty.Wake wake) {
      return wake.after(around.clock().instant());
    }

    @Override
    public void refused(String key, Duty.Tell duty, Refusal why) {
      LOG.warn("{} refuses what {} owes it as {}: {}", duty.to(), me, key, why.text());
    }
  }
}
