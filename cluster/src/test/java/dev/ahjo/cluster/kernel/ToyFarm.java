package dev.ahjo.cluster.kernel;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import dev.ahjo.core.id.SessionId;
import dev.ahjo.core.id.WorkerName;
import dev.ahjo.core.kernel.EntityRef;
import dev.ahjo.core.kernel.EntityType;
import dev.ahjo.core.kernel.Message;
import dev.ahjo.core.port.Entities.Answer;
import dev.ahjo.core.worker.Protocol;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.ManualTime;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.ActorRef;

/** Toys in mailboxes between which mail gets lost as told, under a clock that is moved by hand. */
final class ToyFarm implements AutoCloseable {
  private static final Config CONFIG =
      ConfigFactory.parseString(
              """
              pekko.persistence.journal.plugin = "memory-journal"
              memory-journal.class = "dev.ahjo.cluster.kernel.MemoryJournal"
              pekko.persistence.snapshot-store.plugin = "memory-snapshots"
              pekko.actor.testkit.typed.single-expect-default = 20 s
              memory-snapshots.class = "dev.ahjo.cluster.kernel.MemorySnapshots"
              """)
          .withFallback(ManualTime.config());

  /** Mail that an entity or the test has posted to an entity, whether or not it got lost. */
  record Sent(EntityRef to, Mail mail) {
    boolean says(Message message) {
      return mail instanceof Mail.Say say && say.message().equals(message);
    }
  }

  final ActorTestKit kit = ActorTestKit.create("toys", CONFIG);
  final AtomicInteger rows = new AtomicInteger();
  final List<Sent> sent = new CopyOnWriteArrayList<>();
  final Set<EntityRef> rested = ConcurrentHashMap.newKeySet();
  final Set<EntityRef> unreadable = ConcurrentHashMap.newKeySet();
  final HandAgents agents = new HandAgents();
  volatile Predicate<Sent> lost = _ -> false;
  volatile boolean unheard;

  private final ManualTime time = ManualTime.get(kit.system());
  private final Map<EntityRef, ActorRef<Mail>> awake = new ConcurrentHashMap<>();
  private final Surroundings around;
  private volatile Instant now = Instant.parse("2026-11-23T00:00:00Z");
  private volatile long nanos = -5_000_000_000L;
  private volatile Duration wrong = Duration.ZERO;

  private final class Box implements Mailboxes {
    @Override
    public void post(EntityRef to, Mail mail) {
      ToyFarm.this.post(to, mail);
    }

    @Override
    public boolean unheard() {
      return unheard;
    }

    @Override
    public void unreadable(EntityRef entity) {
      unreadable.add(entity);
    }

    @Override
    public void readable(EntityRef entity) {
      unreadable.remove(entity);
    }
  }

  ToyFarm() {
    this(Surroundings.Pace.USUAL);
  }

  ToyFarm(Surroundings.Pace pace) {
    around =
        new Surroundings(
            new Box(), agents, () -> now.plus(wrong), () -> nanos, rows::incrementAndGet, pace);
  }

  static EntityRef buildset(String id) {
    return new EntityRef(EntityType.BUILDSET, id);
  }

  static EntityRef request(String id) {
    return new EntityRef(EntityType.REQUEST, id);
  }

  static EntityRef pool(String id) {
    return new EntityRef(EntityType.POOL, id);
  }

  Instant now() {
    return now;
  }

  /** Somebody sets the clock on the wall. */
  void clockIsSet(Duration by) {
    wrong = by;
  }

  void post(EntityRef to, Mail mail) {
    Sent posted = new Sent(to, mail);
    sent.add(posted);
    if (!lost.test(posted)) {
      awake(to).tell(mail);
    }
  }

  private ActorRef<Mail> awake(EntityRef ref) {
    return awake.computeIfAbsent(
        ref,
        _ ->
            kit.spawn(
                EntityActor.of(
                    new Toy(ref.type()),
                    ref.id(),
                    around,
                    self -> {
                      rested.add(ref);
                      awake.remove(ref, self);
                      self.tell(Mail.Signal.STOP);
                    })));
  }

  boolean isAwake(EntityRef ref) {
    return awake.containsKey(ref);
  }

  Answer say(EntityRef to, Message message) {
    TestProbe<Mail.Response> probe = kit.createTestProbe();
    awake(to).tell(new Mail.Say(message, 7, probe.getRef()));
    return ((Mail.Answered) probe.receiveMessage()).answer();
  }

  Mail.Response hear(EntityRef to, Message message) {
    TestProbe<Mail.Response> probe = kit.createTestProbe();
    awake(to).tell(new Mail.Say(message, 7, probe.getRef()));
    return probe.receiveMessage();
  }

  /** Says them all before the first can be decided, and waits for all answers. */
  List<Answer> sayAtOnce(EntityRef to, List<? extends Message> messages) {
    TestProbe<Mail.Response> probe = kit.createTestProbe();
    ActorRef<Mail> actor = awake(to);
    messages.forEach(message -> actor.tell(new Mail.Say(message, 7, probe.getRef())));
    List<Answer> answers = new ArrayList<>();
    messages.forEach(_ -> answers.add(((Mail.Answered) probe.receiveMessage()).answer()));
    return answers;
  }

  Toy.State state(EntityRef of) {
    TestProbe<Mail.Shown> probe = kit.createTestProbe();
    awake(of).tell(new Mail.Read(probe.getRef()));
    return (Toy.State) probe.receiveMessage().state();
  }

  /** The actor is gone with all that it has not journaled; the next mail wakes a new one. */
  void crash(EntityRef ref) {
    ActorRef<Mail> actor = awake.remove(ref);
    if (actor != null) {
      kit.stop(actor);
    }
  }

  /** It has ended by itself; the next mail wakes another. */
  void forget(EntityRef ref) {
    awake.remove(ref);
  }

  void wake(EntityRef ref) {
    awake(ref);
  }

  /** From now on nothing can be journaled. */
  void fillsDisk() {
    MemoryJournal.REFUSED.set(0);
    MemoryJournal.FULL.set(true);
  }

  void makesRoom() {
    MemoryJournal.FULL.set(false);
  }

  /** Time passes once everybody has done what was said so far, and has set a timer for the rest. */
  void passes(Duration duration) {
    for (ActorRef<Mail> actor : List.copyOf(awake.values())) {
      TestProbe<Mail.Shown> probe = kit.createTestProbe();
      actor.tell(new Mail.Read(probe.getRef()));
      probe.receiveMessage();
    }
    passesForAll(duration);
  }

  /** Time passes, also for those who can't answer now. */
  void passesForAll(Duration duration) {
    now = now.plus(duration);
    nanos += duration.toNanos();
    time.timePasses(duration);
  }

  long timesSaid(EntityRef to, Message message) {
    return sent.stream().filter(s -> s.to().equals(to) && s.says(message)).count();
  }

  /** Waits until it holds; fails after twenty seconds. */
  void until(String what, BooleanSupplier holds) {
    long deadline = System.nanoTime() + Duration.ofSeconds(20).toNanos();
    while (!holds.getAsBoolean()) {
      if (System.nanoTime() > deadline) {
        throw new AssertionError("In vain waited until " + what);
      }
      LockSupport.parkNanos(1_000_000);
    }
  }

  @Override
  public void close() {
    makesRoom();
    kit.shutdownTestKit();
  }

  /** Agents whose sessions are opened and ended by hand. */
  static final class HandAgents implements Agents {
    record Delivered(WorkerName to, Protocol.ToAgent message) {}

    final List<Delivered> delivered = new CopyOnWriteArrayList<>();
    final Map<SessionId, Runnable> watched = new ConcurrentHashMap<>();
    final Set<SessionId> open = ConcurrentHashMap.newKeySet();
    final Set<Runnable> awaited = ConcurrentHashMap.newKeySet();

    @Override
    public void deliver(WorkerName to, Protocol.ToAgent message, Runnable whenBack) {
      delivered.add(new Delivered(to, message));
      awaited.add(whenBack);
    }

    @Override
    public Watching watch(SessionId session, Runnable whenGone) {
      if (!open.contains(session)) {
        whenGone.run();
        return () -> {};
      }
      watched.put(session, whenGone);
      return () -> watched.remove(session);
    }

    void end(SessionId session) {
      open.remove(session);
      Runnable whenGone = watched.get(session);
      if (whenGone != null) {
        whenGone.run();
      }
    }
  }
}
