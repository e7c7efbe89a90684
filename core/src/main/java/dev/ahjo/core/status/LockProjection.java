package dev.ahjo.core.status;

import dev.ahjo.core.id.Attempt;
import dev.ahjo.core.id.LockKey;
import dev.ahjo.core.kernel.Rank;
import dev.ahjo.core.lock.Lock;
import dev.ahjo.core.project.BuilderDefinition;
import dev.ahjo.core.project.LockUse;
import dev.ahjo.core.project.ProjectDefinition;
import dev.ahjo.core.status.LockView.ClaimView;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;

/** What a lock's facts mean to its view, and which locks a project has. */
final class LockProjection {
  private final Views views;

  LockProjection(Views views) {
    this.views = views;
  }

  /** The project's locks are those of {@code now}; those of {@code before} alone are removed. */
  void defined(Optional<ProjectDefinition> before, ProjectDefinition now) {
    Set<LockKey> kept = locks(now);
    for (LockKey key : kept) {
      var known = views.lock(key);
      views.put(
          known
              .map(v -> new LockView(key, v.count(), false, v.holders(), v.waiting(), v.unnamed()))
              .orElseGet(() -> fresh(key, now.locks().getOrDefault(key.name(), 1))));
    }
    before.ifPresent(p -> remove(p, kept));
  }

  void removed(ProjectDefinition project) {
    remove(project, Set.of());
  }

  private void remove(ProjectDefinition project, Set<LockKey> kept) {
    for (LockKey key : locks(project)) {
      if (!kept.contains(key)) {
        views
            .lock(key)
            .ifPresent(v ->
                views.put(
                    new LockView(key, v.count(), true, v.holders(), v.waiting(), v.unnamed())));
      }
    }
  }

  /** Those that it declares, and those that its builders use. */
  private static Set<LockKey> locks(ProjectDefinition project) {
    Set<LockKey> all = new TreeSet<>();
    project.locks().keySet().forEach(name -> all.add(new LockKey(project.name(), name)));
    for (BuilderDefinition builder : project.builders()) {
      builder.locks().forEach(use -> all.add(new LockKey(project.name(), use.name())));
    }
    return all;
  }

  private static LockView fresh(LockKey key, int count) {
    return new LockView(key, count, false, List.of(), List.of(), 0);
  }

  void apply(LockKey key, Instant at, Lock.Fact fact) {
    var v = views.lock(key).orElseGet(() -> fresh(key, 1));
    views.put(
        switch (fact) {
          case Lock.Fact.LockConfigured f ->
              new LockView(key, f.count(), v.removed(), v.holders(), v.waiting(), v.unnamed());
          case Lock.Fact.LockWanted f -> wanted(v, at, f.claim());
          case Lock.Fact.LockGranted f -> granted(v, at, f.attempt());
          case Lock.Fact.LockReleased f -> released(v, f.attempt());
        });
  }

  private static LockView wanted(LockView v, Instant at, Lock.Claim claim) {
    List<ClaimView> waiting = new ArrayList<>(v.waiting());
    int place = 0;
    while (place < waiting.size() && waiting.get(place).rank().compareTo(claim.rank()) < 0) {
      place++;
    }
    waiting.add(
        place,
        new ClaimView(
            claim.attempt().request(),
            claim.attempt().number(),
            claim.builder(),
            claim.mode(),
            claim.rank(),
            at));
    int more = Math.max(0, waiting.size() - LockView.MAX_NAMED);
    return new LockView(
        v.key(),
        v.count(),
        v.removed(),
        v.holders(),
        waiting.subList(0, waiting.size() - more),
        v.unnamed() + more);
  }

  private LockView granted(LockView v, Instant at, Attempt attempt) {
    Optional<ClaimView> named = v.waiting().stream().filter(of(attempt)).findFirst();
    List<ClaimView> holders = new ArrayList<>(v.holders());
    named
        .or(() -> unnamed(v.key(), attempt))
        .ifPresent(c ->
            holders.add(
                new ClaimView(c.request(), c.attempt(), c.builder(), c.mode(), c.rank(), at)));
    return new LockView(
        v.key(),
        v.count(),
        v.removed(),
        holders,
        v.waiting().stream().filter(of(attempt).negate()).toList(),
        named.isPresent() ? v.unnamed() : v.unnamed() - 1);
  }

  private static LockView released(LockView v, Attempt attempt) {
    List<ClaimView> holders = v.holders().stream().filter(of(attempt).negate()).toList();
    List<ClaimView> waiting = v.waiting().stream().filter(of(attempt).negate()).toList();
    boolean named = holders.size() + waiting.size() < v.holders().size() + v.waiting().size();
    return new LockView(
        v.key(), v.count(), v.removed(), holders, waiting, named ? v.unnamed() : v.unnamed() - 1);
  }

  private static Predicate<ClaimView> of(Attempt attempt) {
    return c -> c.request().equals(attempt.request()) && c.attempt() == attempt.number();
  }

  /** One that waited when too many did: its builder says how it uses the lock. */
  private Optional<ClaimView> unnamed(LockKey key, Attempt attempt) {
    return views
        .request(attempt.request())
        .map(r -> {
          LockUse.Mode mode =
              views.project(key.project()).stream()
                  .flatMap(p -> p.definition().builders().stream())
                  .filter(b -> b.name().equals(r.builder().builder()))
                  .flatMap(b -> b.locks().stream())
                  .filter(use -> use.name().equals(key.name()))
                  .map(LockUse::mode)
                  .findFirst()
                  .orElse(LockUse.Mode.COUNTING);
          return new ClaimView(
              r.id(),
              attempt.number(),
              r.builder(),
              mode,
              new Rank(r.priority(), r.submittedAt(), r.id()),
              r.submittedAt());
        });
  }
}
