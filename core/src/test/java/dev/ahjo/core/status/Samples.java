package dev.ahjo.core.status;

import dev.ahjo.core.id.BuildKey;
import dev.ahjo.core.id.BuilderKey;
import dev.ahjo.core.id.BuilderName;
import dev.ahjo.core.id.BuildsetId;
import dev.ahjo.core.id.LockKey;
import dev.ahjo.core.id.PoolName;
import dev.ahjo.core.id.ProjectName;
import dev.ahjo.core.id.RequestId;
import dev.ahjo.core.id.WorkerName;
import dev.ahjo.core.kernel.Rank;
import dev.ahjo.core.project.LockUse;
import dev.ahjo.core.project.ProjectDefinition;
import dev.ahjo.core.project.Result;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Views to fill a store with, of which a test names what it is about. */
public final class Samples {
  private static final Instant AT = Instant.parse("2026-11-01T08:00:00.123456Z");

  private Samples() {}

  public static ProjectView project(String name, boolean removed, String... tags) {
    return new ProjectView(
        new ProjectDefinition(
            new ProjectName(name),
            List.of(tags),
            Map.of(),
            Map.of(),
            Map.of(),
            List.of(Story.builder("debian")),
            List.of(),
            List.of()),
        1,
        removed,
        "ann",
        AT);
  }

  public static BuilderView builder(String key, boolean removed) {
    return new BuilderView(
        BuilderKey.parse(key),
        List.of("linux"),
        new PoolName("default"),
        Set.of("debian"),
        OptionalInt.of(2),
        removed,
        3,
        1,
        Optional.of(BuildKey.parse(key + "#7")),
        Optional.of(Result.SUCCESS),
        Optional.of(AT));
  }

  public static BuildsetView buildset(
      String id, String project, String state, @Nullable Result result) {
    return new BuildsetView(
        new BuildsetId(id),
        new ProjectName(project),
        "a push",
        "ann",
        0,
        state,
        Optional.ofNullable(result),
        List.of(),
        AT,
        Optional.empty());
  }

  public static RequestView request(
      String id, String builder, String buildset, String state, @Nullable Result result) {
    return new RequestView(
        new RequestId(id),
        BuilderKey.parse(builder),
        new BuildsetId(buildset),
        state,
        Optional.ofNullable(result),
        Optional.of("why"),
        0,
        "a push",
        "ann",
        "master",
        List.of(),
        List.of(),
        List.of(new RequestView.Wait(AT, "all_slots_busy", "2 slots")),
        AT,
        Optional.empty(),
        Optional.empty(),
        Optional.empty());
  }

  public static RequestView prioritised(RequestView v, int priority) {
    return new RequestView(
        v.id(),
        v.builder(),
        v.buildset(),
        v.state(),
        v.result(),
        v.detail(),
        priority,
        v.reason(),
        v.by(),
        v.branch(),
        v.needs(),
        v.attempts(),
        v.waits(),
        v.submittedAt(),
        v.startedAt(),
        v.finishedAt(),
        v.retryAt());
  }

  /** One that is held and waited for, unless it is removed. */
  public static LockView lock(String key, boolean removed) {
    var builder = new BuilderKey(LockKey.parse(key).project(), new BuilderName("debian"));
    var first = new Rank(0, AT, new RequestId("r1"));
    var second = new Rank(0, AT, new RequestId("r2"));
    return new LockView(
        LockKey.parse(key),
        2,
        removed,
        removed
            ? List.of()
            : List.of(
                new LockView.ClaimView(
                    first.request(), 1, builder, LockUse.Mode.COUNTING, first, AT)),
        removed
            ? List.of()
            : List.of(
                new LockView.ClaimView(
                    second.request(), 2, builder, LockUse.Mode.EXCLUSIVE, second, AT)),
        0);
  }

  public static BuildView build(
      String key,
      String request,
      String buildset,
      String worker,
      String state,
      @Nullable Result result) {
    return new BuildView(
        BuildKey.parse(key),
        new RequestId(request),
        new BuildsetId(buildset),
        1,
        new WorkerName(worker),
        "a push",
        state,
        Optional.ofNullable(result),
        Optional.empty(),
        List.of(),
        Map.of(),
        List.of(),
        AT,
        Optional.of(AT),
        Optional.empty());
  }

  public static WorkerView worker(String name, String pool, String state) {
    return new WorkerView(
        new WorkerName(name),
        new PoolName(pool),
        Set.of("debian"),
        2,
        state,
        true,
        "active",
        List.of(),
        Map.of("os", "linux"),
        AT,
        Optional.empty());
  }
}
