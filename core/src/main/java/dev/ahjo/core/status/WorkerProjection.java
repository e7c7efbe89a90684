package dev.ahjo.core.status;

import dev.ahjo.core.id.BuildKey;
import dev.ahjo.core.id.WorkerName;
import dev.ahjo.core.worker.Worker;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** What a worker's facts mean to its view. */
final class WorkerProjection {
  private final Views views;

  WorkerProjection(Views views) {
    this.views = views;
  }

  boolean apply(WorkerName name, Instant at, Worker.Fact fact) {
    var known = views.worker(name);
    if (fact instanceof Worker.Fact.WorkerJoined f) {
      put(known, joined(f, at, known));
      return true;
    }
    known.ifPresent(v -> put(known, after(v, at, fact)));
    return known.isPresent();
  }

  private void put(Optional<WorkerView> before, WorkerView after) {
    views.put(after);
    new PoolProjection(views).worker(before, after);
  }

  private static WorkerView joined(
      Worker.Fact.WorkerJoined f, Instant at, Optional<WorkerView> before) {
    var r = f.registration();
    return view(
        new WorkerView(
            r.worker(),
            r.pool(),
            r.labels(),
            r.slots(),
            "",
            true,
            before.map(WorkerView::mode).orElse("active"),
            before.map(WorkerView::builds).orElse(List.of()),
            r.system(),
            at,
            before.flatMap(WorkerView::quarantinedUntil)));
  }

  private static WorkerView after(WorkerView v, Instant at, Worker.Fact fact) {
    return switch (fact) {
      case Worker.Fact.WorkerJoined _ -> v;
      case Worker.Fact.WorkerLeft _ ->
          view(copy(v, false, v.mode(), v.builds(), at, v.quarantinedUntil()));
      case Worker.Fact.LeaseGiven f -> {
        List<BuildKey> builds = new ArrayList<>(v.builds());
        builds.add(f.build());
        yield copy(v, v.connected(), v.mode(), builds, v.since(), v.quarantinedUntil());
      }
      case Worker.Fact.LeaseEnded f ->
          copy(
              v,
              v.connected(),
              v.mode(),
              v.builds().stream().filter(b -> !b.equals(f.build())).toList(),
              v.since(),
              v.quarantinedUntil());
      case Worker.Fact.LeaseLost _ -> v;
      case Worker.Fact.WorkerQuarantined f ->
          view(copy(v, v.connected(), v.mode(), v.builds(), v.since(), Optional.of(f.until())));
      case Worker.Fact.QuarantineEnded _ ->
          view(copy(v, v.connected(), v.mode(), v.builds(), v.since(), Optional.empty()));
      case Worker.Fact.WorkerPaused _ ->
          view(copy(v, v.connected(), "paused", v.builds(), v.since(), v.quarantinedUntil()));
      case Worker.Fact.WorkerDrained _ ->
          view(copy(v, v.connected(), "draining", v.builds(), v.since(), v.quarantinedUntil()));
      case Worker.Fact.WorkerResumed _ ->
          view(copy(v, v.connected(), "active", v.builds(), v.since(), Optional.empty()));
    };
  }

  private static WorkerView copy(
      WorkerView v,
      boolean connected,
      String mode,
      List<BuildKey> builds,
      Instant since,
      Optional<Instant> quarantinedUntil) {
    return new WorkerView(
        v.name(),
        v.pool(),
        v.labels(),
        v.slots(),
        v.state(),
        connected,
        mode,
        builds,
        v.system(),
        since,
        quarantinedUntil);
  }

  private static WorkerView view(WorkerView v) {
    String state =
        !v.connected()
            ? "away"
            : !v.mode().equals("active")
                ? v.mode()
                : v.quarantinedUntil().isPresent() ? "quarantined" : "available";
    return new WorkerView(
        v.name(),
        v.pool(),
        v.labels(),
        v.slots(),
        state,
        v.connected(),
        v.mode(),
        v.builds(),
        v.system(),
        v.since(),
        v.quarantinedUntil());
  }
}
