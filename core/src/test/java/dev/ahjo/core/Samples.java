package dev.ahjo.core;

import dev.ahjo.core.buildset.Plan;
import dev.ahjo.core.buildset.RequestSpec;
import dev.ahjo.core.buildset.SourceStamp;
import dev.ahjo.core.id.Attempt;
import dev.ahjo.core.id.BuildKey;
import dev.ahjo.core.id.BuilderKey;
import dev.ahjo.core.id.BuilderName;
import dev.ahjo.core.id.BuildsetId;
import dev.ahjo.core.id.PoolName;
import dev.ahjo.core.id.ProjectName;
import dev.ahjo.core.id.RequestId;
import dev.ahjo.core.id.WorkerName;
import dev.ahjo.core.kernel.Rank;
import dev.ahjo.core.project.BuilderDefinition;
import dev.ahjo.core.project.BuilderDefinition.Collapse;
import dev.ahjo.core.project.BuilderRules;
import dev.ahjo.core.project.LockUse;
import dev.ahjo.core.project.ProjectDefinition;
import dev.ahjo.core.project.Repository;
import dev.ahjo.core.project.RetryPolicy;
import dev.ahjo.core.project.StepDefinition;
import dev.ahjo.core.project.StepDefinition.OnFailure;
import dev.ahjo.core.property.Condition;
import dev.ahjo.core.property.Template;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/** Small things of the farm, for tables and stories. */
public final class Samples {
  public static final Instant NOON = Instant.parse("2026-03-01T12:00:00Z");
  public static final ProjectName ZLIB = new ProjectName("zlib");
  public static final BuilderKey DEBIAN = new BuilderKey(ZLIB, new BuilderName("debian"));
  public static final BuildsetId SET = new BuildsetId("set1");
  public static final PoolName POOL = new PoolName("default");
  public static final WorkerName W1 = new WorkerName("w1");
  public static final WorkerName W2 = new WorkerName("w2");

  private Samples() {}

  public static RequestId request(int n) {
    return new RequestId("r" + n);
  }

  /** The {@code n}-th attempt of request {@code request}. */
  public static Attempt attempt(int request, int n) {
    return new Attempt(request(request), n);
  }

  public static BuildKey build(long number) {
    return new BuildKey(DEBIAN, number);
  }

  /** Request {@code n} was submitted at noon and {@code n} seconds. */
  public static Rank rank(int n, int priority) {
    return new Rank(priority, NOON.plusSeconds(n), request(n));
  }

  public static StepDefinition step(String name) {
    return new StepDefinition(
        name,
        new StepDefinition.Kind.Run(
            List.of(Template.of("make")),
            true,
            Optional.empty(),
            Optional.empty(),
            Optional.empty()),
        Condition.ALWAYS,
        false,
        OnFailure.STOP,
        Map.of(),
        Optional.empty(),
        Duration.ofMinutes(20),
        Duration.ofHours(4),
        1 << 20);
  }

  public static RetryPolicy retries(int limit) {
    return new RetryPolicy(limit, Duration.ofSeconds(10), Duration.ofMinutes(10), List.of());
  }

  public static Plan plan(int limit, String branch) {
    return new Plan(
        List.of(new SourceStamp("zlib", "https://example.org/zlib", branch, Optional.empty())),
        Map.of(),
        Map.of(),
        Map.of(),
        Map.of(),
        retries(limit),
        Duration.ofMinutes(2),
        List.of(step("compile"), step("test")));
  }

  public static BuilderRules rules(long version, int limit, Collapse collapse) {
    return new BuilderRules(
        version, limit == 0 ? OptionalInt.empty() : OptionalInt.of(limit), collapse);
  }

  public static RequestSpec spec(BuilderRules rules, String branch, String... locks) {
    return new RequestSpec(
        DEBIAN,
        rules,
        POOL,
        Set.of(),
        Arrays.stream(locks).map(l -> new LockUse(l, LockUse.Mode.EXCLUSIVE)).toList(),
        plan(2, branch),
        false);
  }

  public static RequestSpec spec() {
    return spec(rules(1, 0, Collapse.NEVER), "master");
  }

  public static BuilderDefinition builder(String name, String... needs) {
    return new BuilderDefinition(
        new BuilderName(name),
        new BuilderName(name),
        List.of(),
        POOL,
        Set.of(),
        OptionalInt.empty(),
        List.of(),
        Collapse.NEVER,
        Arrays.stream(needs).map(BuilderName::new).toList(),
        Condition.ALWAYS,
        Map.of(),
        Map.of(),
        Map.of(),
        Duration.ofMinutes(20),
        Duration.ofHours(4),
        Duration.ofMinutes(2),
        retries(3),
        List.of(step("compile")));
  }

  public static ProjectDefinition project(BuilderDefinition... builders) {
    return new ProjectDefinition(
        ZLIB,
        List.of(),
        Map.of("zlib", new Repository("https://example.org/zlib", "master", Optional.empty())),
        Map.of(),
        Map.of(),
        List.of(builders),
        List.of(),
        List.of());
  }
}
