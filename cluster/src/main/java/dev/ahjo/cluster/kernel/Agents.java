package dev.ahjo.cluster.kernel;

import dev.ahjo.core.id.SessionId;
import dev.ahjo.core.id.WorkerName;
import dev.ahjo.core.worker.Protocol;

/** The way to the workers' agents. Never blocks; safe for use by many threads. */
public interface Agents {
  /**
   * Hands {@code message} to the agent of {@code to}, if it has a session; it may be lost all the
   * same. Otherwise {@code whenBack} is run once when the worker has a session again. Of callbacks
   * that are the same object only one is kept.
   */
  void deliver(WorkerName to, Protocol.ToAgent message, Runnable whenBack);

  /** Runs {@code whenGone} once the session has ended, at once if it is not open. */
  Watching watch(SessionId session, Runnable whenGone);

  /** Ends with {@link #close}; the callback is not run afterwards, save one already under way. */
  interface Watching extends AutoCloseable {
    @Override
    void close();
  }
}
