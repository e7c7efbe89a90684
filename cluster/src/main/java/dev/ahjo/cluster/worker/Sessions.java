package dev.ahjo.cluster.worker;

import dev.ahjo.cluster.kernel.Agents;
import dev.ahjo.core.id.SessionId;
import dev.ahjo.core.id.WorkerName;
import dev.ahjo.core.worker.Protocol;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The sessions that are open at this node's gate, and who waits for their beginning or end. */
public final class Sessions implements Agents {
  /** Callbacks kept for one absent worker; who is not kept asks again by its own backoff. */
  private static final int MAX_AWAITED = 10_000;

  private final Map<SessionId, Open> open = new ConcurrentHashMap<>();
  private final Map<WorkerName, Open> current = new ConcurrentHashMap<>();
  private final Map<WorkerName, Set<Runnable>> awaited = new ConcurrentHashMap<>();

  /** One open session. It is watched from the first; it is delivered to once it is welcome. */
  final class Open {
    private final SessionId id;
    private final WorkerName worker;
    private final Consumer<Protocol.ToAgent> sink;
    private final Runnable superseded;
    private @Nullable Set<Runnable> watchers = Collections.newSetFromMap(new IdentityHashMap<>());

    Open(SessionId id, WorkerName worker, Consumer<Protocol.ToAgent> sink, Runnable superseded) {
      this.id = id;
      this.worker = worker;
      this.sink = sink;
      this.superseded = superseded;
    }

    SessionId id() {
      return id;
    }

    /** The worker's entity has accepted it: it takes the place of any earlier session. */
    void welcome() {
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
        superseded.run();
        return;
      }
      Open older = before.get();
      if (older != null && older != this) {
        older.superseded.run();
      }
      Set<Runnable> waiting = awaited.remove(worker);
      if (waiting != null) {
        List<Runnable> all;
        synchronized (waiting) {
          all = List.copyOf(waiting);
        }
        all.forEach(Runnable::run);
      }
    }

    /** The session is over; ending twice is harmless. */
    void end() {
      open.remove(id, this);
      current.remove(worker, this);
      Set<Runnable> told;
      synchronized (this) {
        told = watchers;
        watchers = null;
      }
      if (told != null) {
        told.forEach(Runnable::run);
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

  /**
   * Opens a session, which its worker's entity may watch from now on.
   *
   * @param sink takes what is delivered; must not block
   * @param superseded run when another session of the worker takes its place
   */
  Open open(SessionId id, WorkerName worker, Consumer<Protocol.ToAgent> sink, Runnable superseded) {
    Open session = new Open(id, worker, sink, superseded);
    open.put(id, session);
    return session;
  }

  /** How many sessions are open. */
  public int count() {
    return open.size();
  }

  @Override
  public void deliver(WorkerName to, Protocol.ToAgent message, Runnable whenBack) {
    Open session = current.get(to);
    if (session != null) {
      session.sink.accept(message);
      return;
    }
    Set<Runnable> waiting =
        awaited.computeIfAbsent(to, _ -> Collections.newSetFromMap(new IdentityHashMap<>()));
    synchronized (waiting) {
      if (waiting.size() < MAX_AWAITED) {
        waiting.add(whenBack);
      }
    }
    // It may have come between the two looks, and then nobody runs what was just added.
    if (current.containsKey(to)) {
      whenBack.run();
    }
  }

  @Override
  public Watching watch(SessionId session, Runnable whenGone) {
    Open watched = open.get(session);
    // A callback of one's own: the same one may watch twice.
    Runnable told = () -> whenGone.run();
    if (watched == null || !watched.watchedBy(told)) {
      whenGone.run();
      return () -> {};
    }
    return () -> watched.unwatchedBy(told);
  }
}
