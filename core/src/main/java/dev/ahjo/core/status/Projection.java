package dev.ahjo.core.status;

import dev.ahjo.core.build.Build;
import dev.ahjo.core.builder.Builder;
import dev.ahjo.core.buildset.Buildset;
import dev.ahjo.core.id.Attempt;
import dev.ahjo.core.id.BuilderKey;
import dev.ahjo.core.id.LockKey;
import dev.ahjo.core.id.PoolName;
import dev.ahjo.core.id.ProjectName;
import dev.ahjo.core.id.WorkerName;
import dev.ahjo.core.kernel.EntityRef;
import dev.ahjo.core.kernel.Fact;
import dev.ahjo.core.lock.Lock;
import dev.ahjo.core.pool.Pool;
import dev.ahjo.core.project.BuilderDefinition;
import dev.ahjo.core.project.Project;
import dev.ahjo.core.request.BuildRequest;
import dev.ahjo.core.request.WaitReason;
import dev.ahjo.core.worker.Worker;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Turns facts into views, one fact after the other in the journal's order. Pure but for the views
 * it is given; applying the same facts to empty views makes the same views again.
 */
public final class Projection {
  private static final Set<String> WAITING = Set.of("blocked", "queued", "backoff");

  private final Views views;

  public Projection(Views views) {
    this.views = views;
  }

  /**
   * Of whom the views are needed for this fact, as far as it tells: for stores that would rather
   * read many at once. Others are read when they are needed.
   */
  public static Stream<EntityRef> subjects(EntityRef entity, Fact fact) {
    return fact instanceof Buildset.Fact.BuildsetOpened f
        ? Stream.concat(
            Stream.of(entity), f.nodes().stream().map(node -> EntityRef.of(node.request())))
        : Stream.of(entity);
  }

  /**
   * Brings the views up to {@code fact}, which {@code entity} recorded at {@code at}.
   *
   * @return false if it changed nothing because it is about something that the views don't know
   */
  public boolean apply(EntityRef entity, Instant at, Fact fact) {
    return switch (fact) {
      case Project.Fact.ProjectRemoved f -> removed(new ProjectName(entity.id()), f, at);
      case Project.Fact.ProjectDefined f -> defined(f, at);
      case Buildset.Fact f -> new BuildsetProjection(views).apply(entity, at, f);
      case BuildRequest.Fact f -> new RequestProjection(views).apply(entity, at, f);
      case Builder.Fact f -> builder(f, at);
      case Pool.Fact f -> pool(new PoolName(entity.id()), f, at);
      case Build.Fact f -> new BuildProjection(views).apply(entity, at, f);
      case Worker.Fact f -> new WorkerProjection(views).apply(new WorkerName(entity.id()), at, f);
      case Lock.Fact f -> {
        new LockProjection(views).apply(LockKey.parse(entity.id()), at, f);
        yield true;
      }
      default -> true;
    };
  }

  private boolean defined(Project.Fact.ProjectDefined f, Instant at) {
    var before = views.project(f.definition().name());
    views.put(new ProjectView(f.definition(), f.version(), false, f.by(), at));
    Set<BuilderKey> kept = new HashSet<>();
    for (BuilderDefinition b : f.definition().builders()) {
      var key = new BuilderKey(f.definition().name(), b.name());
      kept.add(key);
      views.put(defined(key, b));
    }
    before.ifPresent(p -> removeBuilders(p, kept));
    new LockProjection(views).defined(before.map(ProjectView::definition), f.definition());
    return true;
  }

  private boolean removed(ProjectName name, Project.Fact.ProjectRemoved f, Instant at) {
    var known = views.project(name);
    known.ifPresent(p -> {
      views.put(new ProjectView(p.definition(), f.version(), true, f.by(), at));
      removeBuilders(p, Set.of());
      new LockProjection(views).removed(p.definition());
    });
    return known.isPresent();
  }

  private BuilderView defined(BuilderKey key, BuilderDefinition b) {
    var known = views.builder(key);
    return new BuilderView(
        key,
        b.tags(),
        b.pool(),
        b.labels(),
        b.limit(),
        false,
        known.map(BuilderView::queued).orElse(0),
        known.map(BuilderView::running).orElse(0),
        known.flatMap(BuilderView::lastBuild),
        known.flatMap(BuilderView::lastResult),
        known.flatMap(BuilderView::lastFinishedAt));
  }

  private void removeBuilders(ProjectView project, Set<BuilderKey> kept) {
    for (BuilderDefinition b : project.definition().builders()) {
      var key = new BuilderKey(project.definition().name(), b.name());
      if (!kept.contains(key)) {
        views
            .builder(key)
            .ifPresent(v ->
                views.put(
                    new BuilderView(
                        key,
                        v.tags(),
                        v.pool(),
                        v.labels(),
                        v.limit(),
                        true,
                        v.queued(),
                        v.running(),
                        v.lastBuild(),
                        v.lastResult(),
                        v.lastFinishedAt())));
      }
    }
  }

  private boolean builder(Builder.Fact fact, Instant at) {
    return switch (fact) {
      case Builder.Fact.RequestQueued f ->
          wait(
              f.ticket().attempt(),
              at,
              new WaitReason(
                  WaitReason.Code.BEHIND_IN_QUEUE, "in the queue of " + f.ticket().builder()));
      case Builder.Fact.LockWanted f ->
          wait(
              f.attempt(),
              at,
              new WaitReason(WaitReason.Code.LOCK_HELD, "waits for lock " + f.lock()));
      case Builder.Fact.BuildVoided f -> new BuildProjection(views).voided(f, at);
      case Builder.Fact.RequestMoved _,
          Builder.Fact.RequestOffered _,
          Builder.Fact.RequestTaken _,
          Builder.Fact.RequestCollapsed _,
          Builder.Fact.RequestReleased _,
          Builder.Fact.Cleaned _,
          Builder.Fact.BuilderConfigured _ ->
          true;
    };
  }

  private boolean pool(PoolName pool, Pool.Fact fact, Instant at) {
    new PoolProjection(views).apply(pool, fact);
    return !(fact instanceof Pool.Fact.RequestPassedOver f) || wait(f.attempt(), at, f.reason());
  }

  /** A builder or pool may not have heard yet that the request has ended or has a worker. */
  private boolean wait(Attempt attempt, Instant at, WaitReason reason) {
    var known = views.request(attempt.request());
    known
        .filter(r -> WAITING.contains(r.state()))
        .ifPresent(r -> views.put(RequestProjection.waiting(r, at, reason)));
    return known.isPresent();
  }

  /** A copy of {@code list} with one more, without its oldest beyond {@code max}. */
  static <T> List<T> plus(List<T> list, T one, int max) {
    var longer = new ArrayList<>(list);
    longer.add(one);
    return longer.subList(Math.max(0, longer.size() - max), longer.size());
  }
}
