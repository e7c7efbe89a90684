package dev.ahjo.core.simulator;

import dev.ahjo.core.builder.Builder;
import dev.ahjo.core.id.ProjectName;
import dev.ahjo.core.id.WorkerName;
import dev.ahjo.core.kernel.EntityRef;
import dev.ahjo.core.kernel.Rank;
import dev.ahjo.core.lock.Lock;
import dev.ahjo.core.pool.Pool;
import dev.ahjo.core.project.LockUse;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/** Whether what an entity counts and sorts agrees with what it holds. */
final class Books {
  private Books() {}

  static void pool(EntityRef me, Pool.State s) {
    Map<WorkerName, Integer> used = new HashMap<>();
    Map<ProjectName, Integer> running = new HashMap<>();
    for (var a : s.assigned().values()) {
      used.merge(a.worker(), 1, Integer::sum);
      running.merge(a.offer().builder().project(), 1, Integer::sum);
    }
    agree("slot accounts", me, used, s.seats().used());
    agree("fair shares", me, running, s.seats().running());
    Set<Rank> lined = new TreeSet<>();
    s.lines()
        .byLabels()
        .values()
        .forEach(byProject -> byProject.values().forEach(line -> lined.addAll(line.keySet())));
    Set<Rank> waiting = new TreeSet<>();
    s.waiting().values().forEach(o -> waiting.add(o.rank()));
    agree("lines", me, waiting, lined);
    agree("waiting", me, s.waiting().size(), lined.size());
    Set<WorkerName> free = new TreeSet<>();
    s.seats()
        .free()
        .values()
        .forEach(group -> group.keySet().forEach(seat -> free.add(seat.worker())));
    Set<WorkerName> withSlots = new TreeSet<>();
    for (var station : s.seats().stations().values()) {
      if (station.standing() == Pool.Standing.AVAILABLE
          && used.getOrDefault(station.worker(), 0) < station.slots()) {
        withSlots.add(station.worker());
      }
    }
    agree("free slots", me, withSlots, free);
    for (var offer : s.waiting().values()) {
      for (WorkerName worker : withSlots) {
        var station = s.seats().stations().get(worker);
        if (station != null
            && station.labels().containsAll(offer.labels())
            && !offer.avoid().contains(worker)) {
          throw new Violation(
              "no request waits while a matching slot is free",
              me + ": " + offer.attempt() + " while " + worker + " is free");
        }
      }
    }
  }

  static void builder(EntityRef me, Builder.State s) {
    long pending =
        s.active().values().stream()
            .filter(a -> !(a.stage() instanceof Builder.Stage.Taken))
            .count();
    agree("offered", me, pending, (long) s.offered());
    agree("places", me, s.waiting().size(), s.places().size());
    s.waiting()
        .forEach((rank, ticket) ->
            agree(
                "place",
                me,
                Optional.of(rank),
                Optional.ofNullable(s.places().get(ticket.attempt().request()))));
    if (!s.waiting().isEmpty()
        && s.active().size() < s.rules().limit().orElse(Integer.MAX_VALUE)
        && s.offered() < Builder.OFFER_WINDOW) {
      throw new Violation(
          "no request waits below the builder's limit",
          me + " admits nobody of " + s.places().keySet());
    }
  }

  static void lock(EntityRef me, Lock.State s) {
    if (s.waiting().isEmpty()) {
      return;
    }
    var first = Objects.requireNonNull(s.waiting().firstEntry());
    boolean exclusive =
        s.holders().values().stream().anyMatch(c -> c.mode() == LockUse.Mode.EXCLUSIVE);
    boolean fits =
        first.getValue().mode() == LockUse.Mode.EXCLUSIVE
            ? s.holders().isEmpty()
            : !exclusive && s.holders().size() < s.count();
    if (fits) {
      throw new Violation(
          "no request waits for a free lock", me + ": " + first.getValue().attempt());
    }
  }

  private static void agree(String what, EntityRef me, Object counted, Object kept) {
    if (!counted.equals(kept)) {
      throw new Violation(
          "books agree", me + ": " + what + " should be " + counted + ", but are " + kept);
    }
  }
}
