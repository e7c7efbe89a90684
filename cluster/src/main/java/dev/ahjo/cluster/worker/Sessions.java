package dev.ahjo.cluster.worker;

import dev.ahjo.cluster.kernel.Agents;
import dev.ahjo.core.id.BuildKey;
import dev.ahjo.core.id.SessionId;
import dev.ahjo.core.id.WorkerName;
import dev.ahjo.core.worker.Protocol;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.Props;
import org.apache.pekko.cluster.typed.Cluster;
import org.jspecify.annotations.Nullable;

/**
 * The way from this node's entities to all agents: to those at this node's own gate at once, to
 * others by way of their nodes ({@link SessionDesk}). Who waits for a session's beginning or end is
 * kept here.
 */
public final class Sessions implements Agents {
  /** Callbacks kept for one absent worker; who is not kept asks again by its own backoff. */
  private static final int MAX_AWAITED = 10_000;

  private final Map<SessionId, Open> open = new ConcurrentHashMap<>();
  private final Map<WorkerName, Open> current = new ConcurrentHashMap<>();
  private final Map<WorkerName, Open> opening = new ConcurrentHashMap<>();
  private final Map<SessionId, Set<Runnable>> far = new ConcurrentHashMap<>();
  private volatile Map<WorkerName, Set<Runnable>> awaited = new ConcurrentHashMap<>();
  private volatile Map<WorkerName, Set<Runnable>> longAwaited = new ConcurrentHashMap<>();
  private volatile @Nullable ActorRef<SessionDesk.In> desk;
  private volatile boolean draining;

  /**
   * As long as no cluster is known, sessions must be told from those of other lives all the same.
   */
  private volatile long node = new SecureRandom().nextLong();

  /** How a session is told that it is over: why, and whether its agent must hear of it. */
  interface Ending {
    void end(String why, boolean tellAgent);
  }

  /** One open session. It is watched from the first; it is delivered to once it is welcome. */
  final class Open {
    private final SessionId id;
    private final WorkerName worker;
    private final String instance;
    private final Consumer<Protocol.ToAgent> sink;
    private final Ending ending;
    private final Set<BuildKey> atWork = ConcurrentHashMap.newKeySet();
    private @Nullable Set<Runnable> watchers = identitySet();

    private Open(
        SessionId id,
        WorkerName worker,
        String instance,
        Consumer<Protocol.ToAgent> sink,
        Ending ending) {
      this.id = id;
      this.worker = worker;
      this.instance = instance;
      this.sink = sink;
      this.ending = ending;
    }

    SessionId id() {
      return id;
    }

    WorkerName worker() {
      return worker;
    }

    /**
     * Whether the agent may be given the build: not when no more is to begin, unless it has it
     * already. What is held back is owed still, and given at the node's next start.
     */
    boolean gives(BuildKey build) {
      if (draining && !atWork.contains(build)) {
        return false;
      }
      began(build);
      return true;
    }

    /** The agent works on it. */
    void began(BuildKey build) {
      atWork.add(build);
    }

    /** The build's end is known, or it is the agent's no more. */
    void ended(BuildKey build) {
      atWork.remove(build);
    }

    /** The worker's entity has accepted it: it takes the place of any earlier session. */
    void welcome() {
      opening.remove(worker, this);
      // The entity's answers may overtake each other: the newest session is the one that counts.
      AtomicReference<@Nullable Open> before = new AtomicReference<>();
      Open newest =
          current.compute(
              worker,
              (_, other) -> {
                before.set(other);
                return other != null && other.id.compareTo(id) > 0 ? other : this;
              });
      if (newest != this) {
        supersede();
        return;
      }
      Open older = before.get();
      if (older != null && older != this) {
        older.supersede();
      }
      tellDesk(new SessionDesk.Welcomed(worker, id));
      back(worker);
    }

    private void supersede() {
      ending.end("another session of the worker took its place", true);
    }

    /** The session is over; ending twice is harmless. */
    void end() {
      opening.remove(worker, this);
      boolean wasOpen = open.remove(id, this);
      current.remove(worker, this);
      Set<Runnable> told;
      synchronized (this) {
        told = watchers;
        watchers = null;
      }
      if (told != null) {
        told.forEach(Runnable::run);
      }
      if (wasOpen) {
        tellDesk(new SessionDesk.Closed(worker, id));
      }
    }

    private synchronized boolean watchedBy(Runnable whenGone) {
      if (watchers == null) {
        return false;
      }
      watchers.add(whenGone);
      return true;
    }

    private synchronized void unwatchedBy(Runnable whenGone) {
      if (watchers != null) {
        watchers.remove(whenGone);
      }
    }
  }

  /** Joins the other nodes' sessions, once this node's actor system stands. */
  public void connect(ActorSystem<?> system) {
    connect(system, SessionDesk.TICK);
  }

  void connect(ActorSystem<?> system, Duration tick) {
    node = Cluster.get(system).selfMember().uniqueAddress().longUid();
    desk = system.systemActorOf(SessionDesk.of(this, tick), SessionDesk.NAME, Props.empty());
  }

  /** What ids of this node's sessions carry. */
  long node() {
    return node;
  }

  /**
   * Opens a session, which its worker's entity may watch from now on. Hellos of the same agent that
   * still wait for their welcome are dropped: it has begun anew since.
   *
   * @param sink takes what is delivered; must not block
   */
  Open open(
      SessionId id,
      WorkerName worker,
      String instance,
      Consumer<Protocol.ToAgent> sink,
      Ending ending) {
    Open session = new Open(id, worker, instance, sink, ending);
    open.put(id, session);
    AtomicReference<@Nullable Open> dropped = new AtomicReference<>();
    opening.compute(
        worker,
        (_, other) -> {
          if (other == null || !other.instance.equals(instance)) {
            return session;
          }
          // Hellos that came at once may get here in any order; the agent listens to its last one.
          boolean late = other.id.compareTo(id) > 0;
          dropped.set(late ? session : other);
          return late ? other : session;
        });
    Open before = dropped.get();
    if (before != null) {
      before.ending.end("its agent said Hello again", false);
    }
    return session;
  }

  /** How many sessions are open at this node. */
  public int count() {
    return open.size();
  }

  /** From now on no agent of this node is given a build that it does not have. */
  public void drain() {
    draining = true;
  }

  /** How many builds the agents of this node work on. */
  public int atWork() {
    return open.values().stream().mapToInt(session -> session.atWork.size()).sum();
  }

  /** Sends all agents of this node elsewhere. */
  void sendAway(String why) {
    open.values().forEach(session -> session.ending.end(why, true));
  }

  @Override
  public void deliver(WorkerName to, Protocol.ToAgent message, Runnable whenBack) {
    if (hand(to, message)) {
      return;
    }
    Set<Runnable> waiting = awaited.computeIfAbsent(to, _ -> identitySet());
    synchronized (waiting) {
      if (waiting.size() < MAX_AWAITED) {
        waiting.add(whenBack);
      }
    }
    // It may have come between the two looks, and then nobody runs what was just added.
    if (current.containsKey(to)) {
      whenBack.run();
    } else {
      tellDesk(new SessionDesk.Deliver(to, message));
    }
  }

  @Override
  public Watching watch(SessionId session, Runnable whenGone) {
    // A callback of one's own: the same one may watch twice.
    Runnable told = () -> whenGone.run();
    OptionalLong at = SessionIds.node(session);
    if (at.isPresent() && at.getAsLong() != node) {
      return watchFar(session, told);
    }
    Open watched = open.get(session);
    if (watched == null || !watched.watchedBy(told)) {
      whenGone.run();
      return () -> {};
    }
    return () -> watched.unwatchedBy(told);
  }

  private Watching watchFar(SessionId session, Runnable told) {
    far.compute(
        session,
        (_, known) -> {
          Set<Runnable> watchers = known == null ? identitySet() : known;
          watchers.add(told);
          return watchers;
        });
    tellDesk(new SessionDesk.WatchFar(session));
    return () ->
        far.computeIfPresent(
            session,
            (_, watchers) -> {
              watchers.remove(told);
              return watchers.isEmpty() ? null : watchers;
            });
  }

  private void tellDesk(SessionDesk.In in) {
    ActorRef<SessionDesk.In> known = desk;
    if (known != null) {
      known.tell(in);
    }
  }

  /** Hands it to the worker's session at this node; false if there is none. */
  boolean hand(WorkerName to, Protocol.ToAgent message) {
    Open session = current.get(to);
    if (session == null) {
      return false;
    }
    session.sink.accept(message);
    return true;
  }

  boolean isOpen(SessionId session) {
    return open.containsKey(session);
  }

  /** The sessions at this node that are delivered to. */
  List<Open> welcome() {
    return new ArrayList<>(current.values());
  }

  /** Sessions at other nodes that somebody here watches. */
  List<SessionId> watchedFar() {
    return new ArrayList<>(far.keySet());
  }

  /** A session at another node is over. */
  void gone(SessionId session) {
    Set<Runnable> watchers = far.remove(session);
    if (watchers != null) {
      List.copyOf(watchers).forEach(Runnable::run);
    }
  }

  /** A newer session of its worker is at another node. */
  void supersede(SessionId session) {
    Open older = open.get(session);
    if (older != null) {
      older.supersede();
    }
  }

  /** The worker has a session, here or elsewhere. */
  void back(WorkerName worker) {
    for (var generation : List.of(awaited, longAwaited)) {
      Set<Runnable> waiting = generation.remove(worker);
      if (waiting != null) {
        List<Runnable> all;
        synchronized (waiting) {
          all = List.copyOf(waiting);
        }
        all.forEach(Runnable::run);
      }
    }
  }

  /**
   * Forgets callbacks that were not asked for again since the last call but one: nothing tells that
   * what they waited for was delivered by way of another node, and what is still owed is repeated
   * much sooner.
   */
  void forgetOldCallbacks() {
    longAwaited = awaited;
    awaited = new ConcurrentHashMap<>();
  }

  private static Set<Runnable> identitySet() {
    return Collections.newSetFromMap(new IdentityHashMap<>());
  }
}
