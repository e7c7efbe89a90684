package dev.ahjo.cluster.worker;

import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * Lets so many sessions at once trouble the farm with their beginning; the others wait in line. So
 * a storm of agents goes no faster than the farm can take it, however fast that is, and whoever
 * waits costs a connection and nothing else.
 */
final class Turns {
  private final int atOnce;
  private final ArrayDeque<Turn> waiting = new ArrayDeque<>();
  private int taken;

  Turns(int atOnce) {
    this.atOnce = atOnce;
  }

  /** A place in the line, or one that has been taken. */
  final class Turn {
    private final Runnable go;
    private boolean taking;
    private boolean over;

    private Turn(Runnable go) {
      this.go = go;
    }

    /** Gives the place to the next; giving it twice is harmless. */
    void over() {
      @Nullable Turn next;
      synchronized (Turns.this) {
        if (over) {
          return;
        }
        over = true;
        if (!taking) {
          waiting.remove(this);
          return;
        }
        taken--;
        next = take();
      }
      if (next != null) {
        next.go.run();
      }
    }
  }

  /**
   * Stands in line.
   *
   * @param go run when the turn has come, perhaps at once; must not block
   */
  Turn stand(Runnable go) {
    Turn turn = new Turn(go);
    boolean now;
    synchronized (this) {
      waiting.add(turn);
      now = take() == turn;
    }
    if (now) {
      go.run();
    }
    return turn;
  }

  private @Nullable Turn take() {
    if (taken >= atOnce) {
      return null;
    }
    Turn next = waiting.poll();
    if (next != null) {
      next.taking = true;
      taken++;
    }
    return next;
  }

  /** How many wait. */
  synchronized int waiting() {
    return waiting.size();
  }
}
