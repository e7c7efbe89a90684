package dev.ahjo.core.status;

import dev.ahjo.core.id.PoolName;
import dev.ahjo.core.pool.Pool;
import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * Keeps the figures of pools: what they give from their own facts, what they have from workers'.
 */
final class PoolProjection {
  private final Views views;

  PoolProjection(Views views) {
    this.views = views;
  }

  void apply(PoolName pool, Pool.Fact fact) {
    switch (fact) {
      case Pool.Fact.RequestOffered _ -> change(pool, p -> queue(p, 0, 1));
      case Pool.Fact.OfferWithdrawn _ -> change(pool, p -> queue(p, 0, -1));
      case Pool.Fact.WorkerAssigned _ -> change(pool, p -> queue(p, 1, -1));
      case Pool.Fact.SlotFreed _ -> change(pool, p -> queue(p, -1, 0));
      case Pool.Fact.RequestPassedOver _,
          Pool.Fact.OfferMoved _,
          Pool.Fact.WorkerChanged _,
          Pool.Fact.WorkerGone _ -> {}
    }
  }

  /** A worker is not what it was. */
  void worker(Optional<WorkerView> before, WorkerView after) {
    boolean same =
        before
            .filter(b -> b.pool().equals(after.pool()))
            .filter(b -> b.slots() == after.slots() && takes(b) == takes(after))
            .isPresent();
    if (!same) {
      before.ifPresent(b -> change(b.pool(), p -> staff(p, b, -1)));
      change(after.pool(), p -> staff(p, after, 1));
    }
  }

  private static boolean takes(WorkerView worker) {
    return worker.state().equals("available");
  }

  private void change(PoolName pool, UnaryOperator<PoolView> how) {
    views.put(how.apply(views.pool(pool).orElseGet(() -> PoolView.empty(pool))));
  }

  private static PoolView queue(PoolView p, int busy, int waiting) {
    return new PoolView(
        p.name(), p.workers(), p.available(), p.slots(), p.busy() + busy, p.waiting() + waiting);
  }

  private static PoolView staff(PoolView p, WorkerView worker, int sign) {
    int taking = takes(worker) ? sign : 0;
    return new PoolView(
        p.name(),
        p.workers() + sign,
        p.available() + taking,
        p.slots() + taking * worker.slots(),
        p.busy(),
        p.waiting());
  }
}
