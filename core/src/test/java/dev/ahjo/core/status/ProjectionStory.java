package dev.ahjo.core.status;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ahjo.core.id.Attempt;
import dev.ahjo.core.id.BuildKey;
import dev.ahjo.core.id.BuilderKey;
import dev.ahjo.core.id.BuildsetId;
import dev.ahjo.core.id.LockKey;
import dev.ahjo.core.id.PoolName;
import dev.ahjo.core.id.RequestId;
import dev.ahjo.core.id.WorkerName;
import dev.ahjo.core.kernel.EntityRef;
import dev.ahjo.core.kernel.Fact;
import dev.ahjo.core.lock.Lock;
import dev.ahjo.core.pool.Pool;
import dev.ahjo.core.status.RequestView.Wait;
import dev.ahjo.core.status.StatusStore.Query;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;

/**
 * A story of which the views are to tell as it happened: the facts come from the rules themselves.
 * Whatever it was, the counts are true in the end, and the same facts make the same views again.
 */
abstract class ProjectionStory {
  private record Told(EntityRef entity, Instant at, List<Fact> facts) {}

  final MemoryStatus status = new MemoryStatus();
  final Projection projection = new Projection(status);
  private final List<Told> journal = new ArrayList<>();
  final Story story = new Story(this::told);

  final void told(EntityRef entity, long sequenceNr, Instant at, List<Fact> facts) {
    journal.add(new Told(entity, at, facts));
    for (Fact fact : facts) {
      assertThat(projection.apply(entity, at, fact)).as("%s is known", entity).isTrue();
      for (BuilderView b : status.builders(Query.ALL).items()) {
        assertThat(b.queued()).as("queue of %s after %s", b.key(), fact).isNotNegative();
        assertThat(b.running()).as("running of %s after %s", b.key(), fact).isNotNegative();
      }
      for (PoolView p : status.pools(Query.ALL).items()) {
        assertThat(List.of(p.workers(), p.available(), p.slots(), p.busy(), p.waiting()))
            .as("%s after %s", p.name(), fact)
            .allMatch(n -> n >= 0);
      }
    }
  }

  /** The counts that are kept one by one are those of the requests there are. */
  @AfterEach
  void countsAreTrue() {
    List<RequestView> requests =
        status.requests(new Query(Map.of(), 1000, Optional.empty())).items();
    for (BuilderView b : status.builders(Query.ALL).items()) {
      assertThat(b.queued())
          .isEqualTo(
              (int)
                  requests.stream()
                      .filter(r -> r.builder().equals(b.key()))
                      .filter(r -> r.state().equals("queued") || r.state().equals("backoff"))
                      .count());
      assertThat(b.running())
          .isEqualTo(
              (int)
                  requests.stream()
                      .filter(r -> r.builder().equals(b.key()) && r.state().equals("running"))
                      .count());
    }
  }

  /** So are those of pools those of their workers, and locks know who has them. */
  @AfterEach
  void poolsAndLocksAreAsTheirEntitiesSay() {
    var all = new Query(Map.of(), 1000, Optional.empty());
    for (PoolView p : status.pools(all).items()) {
      var state = (Pool.State) story.state(EntityRef.of(p.name()));
      var workers =
          status.workers(all).items().stream().filter(w -> w.pool().equals(p.name())).toList();
      var available = workers.stream().filter(w -> w.state().equals("available")).toList();
      assertThat(p)
          .isEqualTo(
              new PoolView(
                  p.name(),
                  workers.size(),
                  available.size(),
                  available.stream().mapToInt(WorkerView::slots).sum(),
                  state.assigned().size(),
                  state.waiting().size()));
    }
    for (LockView l : status.locks(all).items()) {
      var state = (Lock.State) story.state(EntityRef.of(l.key()));
      assertThat(l.count()).isEqualTo(state.count());
      assertThat(l.holders())
          .extracting(c -> new Attempt(c.request(), c.attempt()))
          .containsExactlyInAnyOrderElementsOf(state.holders().keySet());
      assertThat(l.waiting())
          .extracting(c -> new Attempt(c.request(), c.attempt()))
          .containsExactlyElementsOf(
              state.waiting().values().stream().map(Lock.Claim::attempt).toList());
      assertThat(l.unnamed()).isZero();
    }
  }

  @AfterEach
  void theSameFactsMakeTheSameViewsAgain() {
    var again = new MemoryStatus();
    var replay = new Projection(again);
    journal.forEach(t -> t.facts().forEach(f -> replay.apply(t.entity(), t.at(), f)));
    var all = new Query(Map.of(), 1000, Optional.empty());
    assertThat(again.requests(all)).isEqualTo(status.requests(all));
    assertThat(again.builds(all)).isEqualTo(status.builds(all));
    assertThat(again.buildsets(all)).isEqualTo(status.buildsets(all));
    assertThat(again.builders(all)).isEqualTo(status.builders(all));
    assertThat(again.workers(all)).isEqualTo(status.workers(all));
    assertThat(again.locks(all)).isEqualTo(status.locks(all));
    assertThat(again.pools(all)).isEqualTo(status.pools(all));
    assertThat(again.projects(all)).isEqualTo(status.projects(all));
  }

  final LockView lock(String key) {
    return status.lock(LockKey.parse(key)).orElseThrow();
  }

  final PoolView pool(String name) {
    return status.pool(new PoolName(name)).orElseThrow();
  }

  final RequestView request(RequestId id) {
    return status.request(id).orElseThrow();
  }

  final List<String> waits(RequestId id) {
    return request(id).waits().stream().map(Wait::code).toList();
  }

  final BuildView build(String key) {
    return status.build(BuildKey.parse(key)).orElseThrow();
  }

  final BuildsetView buildset(BuildsetId id) {
    return status.buildset(id).orElseThrow();
  }

  final BuilderView builder(String key) {
    return status.builder(BuilderKey.parse(key)).orElseThrow();
  }

  final WorkerView worker(String name) {
    return status.worker(new WorkerName(name)).orElseThrow();
  }
}
