package dev.ahjo.cli.bench;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;

/** What simulated agents have come to, for those who wait for it. Safe for many threads. */
final class Counter implements SimulatedAgent.Watcher {
  private final int agents;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private int here;
  private int started;
  private int finished;
  private String rejected = "";

  Counter(int agents) {
    this.agents = agents;
  }

  private void change(Runnable what) {
    lock.lock();
    try {
      what.run();
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void here() {
    change(() -> here++);
  }

  @Override
  public void away() {
    change(() -> here--);
  }

  @Override
  public void rejected(String reason) {
    change(() -> rejected = reason);
  }

  @Override
  public void started() {
    change(() -> started++);
  }

  @Override
  public void finished() {
    change(() -> finished++);
  }

  private boolean await(BooleanSupplier holds, Duration atMost) throws InterruptedException {
    lock.lock();
    try {
      long left = atMost.toNanos();
      while (!holds.getAsBoolean() && left > 0) {
        left = changed.awaitNanos(left);
      }
      return holds.getAsBoolean();
    } finally {
      lock.unlock();
    }
  }

  /**
   * Waits until every agent has a session.
   *
   * @throws IOException when one was rejected, or not all are welcome in time
   */
  void awaitWelcome(Duration atMost) throws IOException, InterruptedException {
    boolean all = await(() -> here >= agents || !rejected.isEmpty(), atMost);
    if (!rejected.isEmpty()) {
      throw new IOException("The gate turned a worker away: " + rejected);
    }
    if (!all) {
      throw new IOException(
          "After "
              + atMost.toSeconds()
              + " s, "
              + (agents - present())
              + " workers are not welcome");
    }
  }

  /** Waits until at most so many have a session. */
  boolean awaitAway(int atMostHere, Duration atMost) throws InterruptedException {
    return await(() -> here <= atMostHere, atMost);
  }

  int present() {
    lock.lock();
    try {
      return here;
    } finally {
      lock.unlock();
    }
  }

  /** Builds that an agent was told to run. */
  int begun() {
    lock.lock();
    try {
      return started;
    } finally {
      lock.unlock();
    }
  }

  /** Builds whose end the node has acknowledged. */
  int ended() {
    lock.lock();
    try {
      return finished;
    } finally {
      lock.unlock();
    }
  }

  /** Waits until {@code builds} have finished; whether they did in time. */
  boolean awaitFinished(int builds, Duration atMost) throws InterruptedException {
    return await(() -> finished >= builds, atMost);
  }
}
