package dev.ahjo.core.status;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

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
import dev.ahjo.core.status.StatusStore.Page;
import dev.ahjo.core.status.StatusStore.Query;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** What every status store does, whatever it is made of. */
public abstract class StatusContract {
  private static final Instant AT = Instant.parse("2026-11-01T08:00:00.123456Z");

  /** The store that is tested; empty at first. */
  protected abstract StatusStore store();

  /** Where it is filled. */
  protected abstract Views views();

  /** Makes what was put visible. */
  protected abstract void shown();

  @Test
  void whatWasPutIsFoundByItsKey() {
    views().put(project("zlib", false));
    views().put(builder("zlib/debian", false));
    views().put(buildset("s1", "zlib", "open", null));
    views().put(request("r1", "zlib/debian", "s1", "queued", null));
    views().put(build("zlib/debian#1", "r1", "s1", "w1", "running", null));
    views().put(worker("w1", "default", "available"));
    views().put(lock("zlib/db", false));
    views().put(new PoolView(new PoolName("default"), 3, 2, 8, 5, 1));
    shown();

    assertThat(store().project(new ProjectName("zlib"))).contains(project("zlib", false));
    assertThat(store().builder(BuilderKey.parse("zlib/debian")))
        .contains(builder("zlib/debian", false));
    assertThat(store().buildset(new BuildsetId("s1")))
        .contains(buildset("s1", "zlib", "open", null));
    assertThat(store().request(new RequestId("r1")))
        .contains(request("r1", "zlib/debian", "s1", "queued", null));
    assertThat(store().build(BuildKey.parse("zlib/debian#1")))
        .contains(build("zlib/debian#1", "r1", "s1", "w1", "running", null));
    assertThat(store().worker(new WorkerName("w1"))).contains(worker("w1", "default", "available"));
    assertThat(store().lock(LockKey.parse("zlib/db"))).contains(lock("zlib/db", false));
    assertThat(store().pool(new PoolName("default")))
        .contains(new PoolView(new PoolName("default"), 3, 2, 8, 5, 1));
  }

  @Test
  void whatWasNotPutIsNotFound() {
    shown();
    assertThat(store().project(new ProjectName("zlib"))).isEmpty();
    assertThat(store().build(BuildKey.parse("zlib/debian#1"))).isEmpty();
    assertThat(store().builds(Query.ALL)).isEqualTo(new Page<>(List.of(), Optional.empty()));
    assertThat(store().requestCounts()).isEmpty();
  }

  @Test
  void aViewIsReplacedWhereItStands() {
    threeBuilds();
    views().put(build("zlib/debian#1", "r1", "s1", "w1", "finished", Result.FAILURE));
    shown();

    assertThat(keys(store().builds(Query.ALL)))
        .containsExactly("lua/debian#1", "zlib/debian#2", "zlib/debian#1");
    assertThat(store().builds(Query.ALL).items().getLast().result()).contains(Result.FAILURE);
  }

  @Test
  void buildsAreFilteredByEachField() {
    threeBuilds();
    shown();
    assertThat(builds("project", "zlib")).containsExactly("zlib/debian#2", "zlib/debian#1");
    assertThat(builds("project", "zlib", "lua"))
        .containsExactly("lua/debian#1", "zlib/debian#2", "zlib/debian#1");
    assertThat(builds("builder", "lua/debian")).containsExactly("lua/debian#1");
    assertThat(builds("builder", "debian"))
        .containsExactly("lua/debian#1", "zlib/debian#2", "zlib/debian#1");
    assertThat(builds("builder", "fedora", "zlib/fedora")).isEmpty();
    assertThat(builds("buildset", "s1")).containsExactly("zlib/debian#1");
    assertThat(builds("request", "r2", "r3")).containsExactly("lua/debian#1", "zlib/debian#2");
    assertThat(builds("worker", "w1")).containsExactly("lua/debian#1", "zlib/debian#1");
    assertThat(builds("state", "running")).containsExactly("zlib/debian#1");
    assertThat(builds("result", "failure")).containsExactly("lua/debian#1");
    assertThat(builds("result", "failure", "success"))
        .containsExactly("lua/debian#1", "zlib/debian#2");
  }

  @Test
  void filtersOfSeveralFieldsMustAllHold() {
    threeBuilds();
    shown();
    assertThat(
            keys(
                store()
                    .builds(query(Map.of("worker", List.of("w1"), "state", List.of("finished"))))))
        .containsExactly("lua/debian#1");
    assertThat(
            keys(
                store()
                    .builds(
                        query(Map.of("builder", List.of("debian"), "project", List.of("zlib"))))))
        .containsExactly("zlib/debian#2", "zlib/debian#1");
    assertThat(
            keys(
                store()
                    .builds(
                        query(
                            Map.of(
                                "builder", List.of("zlib/debian"),
                                "project", List.of("lua"))))))
        .isEmpty();
    assertThat(
            keys(
                store()
                    .builds(
                        query(Map.of("request", List.of("r1", "r2"), "worker", List.of("w2"))))))
        .containsExactly("zlib/debian#2");
    assertThat(
            keys(
                store()
                    .builds(
                        query(Map.of("buildset", List.of("s2"), "result", List.of("cancelled"))))))
        .isEmpty();
    assertThat(
            keys(
                store()
                    .builds(
                        query(
                            Map.of("worker", List.of("w1", "w2"), "builder", List.of("debian"))))))
        .containsExactly("lua/debian#1", "zlib/debian#2", "zlib/debian#1");
  }

  private void threeBuilds() {
    views().put(builder("zlib/debian", false));
    views().put(builder("lua/debian", false));
    views().put(build("zlib/debian#1", "r1", "s1", "w1", "running", null));
    views().put(build("zlib/debian#2", "r2", "s2", "w2", "finished", Result.SUCCESS));
    views().put(build("lua/debian#1", "r3", "s3", "w1", "finished", Result.FAILURE));
  }

  @Test
  void requestsAreFilteredByEachField() {
    views().put(builder("zlib/debian", false));
    views().put(request("r1", "zlib/debian", "s1", "queued", null));
    views().put(request("r2", "zlib/debian", "s2", "shelved", null));
    views().put(request("r3", "lua/debian", "s2", "finished", Result.SUCCESS));
    shown();
    assertThat(requests("project", "zlib")).containsExactly("r2", "r1");
    assertThat(requests("builder", "lua/debian")).containsExactly("r3");
    assertThat(requests("buildset", "s2")).containsExactly("r3", "r2");
    assertThat(requests("state", "queued", "shelved")).containsExactly("r2", "r1");
    assertThat(requests("result", "success")).containsExactly("r3");
  }

  @Test
  void requestsAndBuildsetsAreFilteredByPriorityAlsoWhenItChanges() {
    views().put(builder("zlib/debian", false));
    views().put(prioritised(request("r1", "zlib/debian", "s1", "queued", null), 5));
    views().put(request("r2", "zlib/debian", "s1", "queued", null));
    views().put(prioritised(request("r3", "lua/debian", "s2", "queued", null), -3));
    views().put(buildset("s1", "zlib", "open", null));
    shown();
    assertThat(requests("priority", "5", "-3")).containsExactly("r3", "r1");
    assertThat(requests("priority", "7")).isEmpty();
    assertThat(buildsets("priority", "0")).containsExactly("s1");
    assertThat(buildsets("priority", "1")).isEmpty();

    views().put(prioritised(request("r2", "zlib/debian", "s1", "queued", null), 5));
    shown();
    assertThat(requests("priority", "5")).containsExactly("r2", "r1");
    assertThat(requests("priority", "0")).isEmpty();
    assertThat(
            names(
                store()
                    .requests(
                        query(Map.of("priority", List.of("5"), "builder", List.of("debian")))),
                r -> r.id().value()))
        .containsExactly("r2", "r1");
    assertThat(
            names(
                store()
                    .requests(query(Map.of("priority", List.of("5"), "buildset", List.of("s2")))),
                r -> r.id().value()))
        .isEmpty();
  }

  @Test
  void whatHasTagsOrLabelsIsFilteredByEachOfThem() {
    views().put(project("zlib", false, "gnome", "supported"));
    views().put(project("lua", false, "supported"));
    views().put(project("gcc", false));
    views().put(builder("zlib/debian", false));
    views().put(worker("w1", "default", "available"));
    shown();
    assertThat(projects("tags", "supported")).containsExactly("lua", "zlib");
    assertThat(projects("tags", "gnome", "other")).containsExactly("zlib");
    assertThat(projects("tags", "gno")).isEmpty();
    assertThat(projects("tags", "gnome supported")).isEmpty();
    assertThat(projects("tags", "")).isEmpty();
    assertThat(store().builders(query(Map.of("tags", List.of("linux")))).items()).hasSize(1);
    assertThat(store().builders(query(Map.of("tags", List.of("windows")))).items()).isEmpty();
    assertThat(
            store()
                .builders(
                    query(
                        Map.of(
                            "labels", List.of("debian"),
                            "pool", List.of("default"),
                            "name", List.of("debian"))))
                .items())
        .hasSize(1);
    assertThat(workers(Map.of("labels", List.of("debian")))).containsExactly("w1");
    assertThat(workers(Map.of("labels", List.of("fedora")))).isEmpty();

    views().put(project("gcc", false, "gnome"));
    shown();
    assertThat(projects("tags", "gnome")).containsExactly("gcc", "zlib");
  }

  @Test
  void locksAreListedByNameWithoutThoseThatAreGone() {
    views().put(lock("zlib/db", false));
    views().put(lock("lua/db", false));
    views().put(lock("lua/gone", true));
    views().put(lock("lua/net", false));
    views().put(new PoolView(new PoolName("default"), 0, 0, 0, 0, 0));
    views().put(new PoolView(new PoolName("big"), 0, 0, 0, 0, 0));
    shown();
    assertThat(locks(Map.of())).containsExactly("lua/db", "lua/net", "zlib/db");
    assertThat(locks(Map.of("project", List.of("lua")))).containsExactly("lua/db", "lua/net");
    assertThat(locks(Map.of("project", List.of("lua", "zlib"), "name", List.of("db"))))
        .containsExactly("lua/db", "zlib/db");
    assertThat(names(store().pools(Query.ALL), p -> p.name().value()))
        .containsExactly("big", "default");
    var first = store().locks(new Query(Map.of(), 2, Optional.empty()));
    assertThat(names(store().locks(new Query(Map.of(), 2, first.next())), l -> l.key().toString()))
        .containsExactly("zlib/db");
  }

  @Test
  void buildsetsAreFilteredByEachField() {
    views().put(buildset("s1", "zlib", "open", null));
    views().put(buildset("s2", "lua", "finished", Result.WARNINGS));
    shown();
    assertThat(buildsets("project", "zlib")).containsExactly("s1");
    assertThat(buildsets("state", "finished")).containsExactly("s2");
    assertThat(buildsets("result", "warnings", "failure")).containsExactly("s2");
  }

  @Test
  void projectsAndBuildersAreListedByNameWithoutTheRemoved() {
    views().put(project("zlib", false));
    views().put(project("lua", false));
    views().put(project("gone", true));
    views().put(builder("zlib/fedora", false));
    views().put(builder("zlib/debian", false));
    views().put(builder("zlib/gone", true));
    views().put(builder("lua/debian", false));
    shown();

    assertThat(store().projects(Query.ALL).items())
        .extracting(v -> v.definition().name().value())
        .containsExactly("lua", "zlib");
    assertThat(store().builders(Query.ALL).items())
        .extracting(v -> v.key().toString())
        .containsExactly("lua/debian", "zlib/debian", "zlib/fedora");
    assertThat(store().builders(query(Map.of("project", List.of("zlib")))).items())
        .extracting(v -> v.key().toString())
        .containsExactly("zlib/debian", "zlib/fedora");
    assertThat(store().builder(BuilderKey.parse("zlib/gone"))).isPresent();
  }

  @Test
  void workersAreFilteredAndMayMoveToAnotherPool() {
    views().put(worker("w2", "default", "available"));
    views().put(worker("w1", "default", "away"));
    views().put(worker("w3", "big", "available"));
    shown();
    views().put(worker("w3", "default", "paused"));
    shown();

    assertThat(workers(Map.of())).containsExactly("w1", "w2", "w3");
    assertThat(workers(Map.of("pool", List.of("default")))).containsExactly("w1", "w2", "w3");
    assertThat(workers(Map.of("pool", List.of("big")))).isEmpty();
    assertThat(workers(Map.of("state", List.of("paused", "away")))).containsExactly("w1", "w3");
  }

  @Test
  void pagesFollowEachOtherWhileMoreIsAdded() {
    for (int i = 1; i <= 7; i++) {
      views().put(request("r" + i, "zlib/debian", "s1", i % 2 == 0 ? "queued" : "running", null));
    }
    shown();
    var first = store().requests(new Query(Map.of(), 3, Optional.empty()));
    assertThat(first.items()).extracting(r -> r.id().value()).containsExactly("r7", "r6", "r5");

    views().put(request("r8", "zlib/debian", "s1", "queued", null));
    views().put(request("r4", "zlib/debian", "s1", "finished", Result.SUCCESS));
    shown();
    var second = store().requests(new Query(Map.of(), 3, first.next()));
    assertThat(second.items()).extracting(r -> r.id().value()).containsExactly("r4", "r3", "r2");
    var third = store().requests(new Query(Map.of(), 3, second.next()));
    assertThat(third.items()).extracting(r -> r.id().value()).containsExactly("r1");
    assertThat(third.next()).isEmpty();
  }

  @Test
  void aFullLastPageHasNoNext() {
    views().put(worker("w1", "default", "available"));
    views().put(worker("w2", "default", "available"));
    views().put(request("r1", "zlib/debian", "s1", "queued", null));
    shown();
    var first = store().workers(new Query(Map.of(), 1, Optional.empty()));
    assertThat(first.next()).isPresent();
    assertThat(store().workers(new Query(Map.of(), 1, first.next())).items())
        .extracting(w -> w.name().value())
        .containsExactly("w2");
    assertThat(store().workers(new Query(Map.of(), 2, Optional.empty())).next()).isEmpty();
    assertThat(store().requests(new Query(Map.of(), 1, Optional.empty())).next()).isEmpty();
  }

  @Test
  void everyPageOfAFilteredListIsFull() {
    List<String> wanted = new ArrayList<>();
    for (int i = 100; i < 300; i++) {
      boolean mine = i % 3 == 0;
      views()
          .put(
              build(
                  (i % 2 == 0 ? "zlib" : "lua") + "/debian#" + i,
                  "r" + i,
                  "s1",
                  mine ? "w1" : "w2",
                  "finished",
                  i % 5 == 0 ? Result.FAILURE : Result.SUCCESS));
      if (mine) {
        wanted.addFirst((i % 2 == 0 ? "zlib" : "lua") + "/debian#" + i);
      }
    }
    shown();

    List<String> seen = new ArrayList<>();
    Optional<String> after = Optional.empty();
    do {
      var page = store().builds(new Query(Map.of("worker", List.of("w1")), 10, after));
      assertThat(page.items().size() == 10 || page.next().isEmpty()).isTrue();
      seen.addAll(keys(page));
      after = page.next();
    } while (after.isPresent());
    assertThat(seen).isEqualTo(wanted);
  }

  @Test
  void requestsAreCountedByState() {
    views().put(request("r1", "zlib/debian", "s1", "queued", null));
    views().put(request("r2", "zlib/debian", "s1", "queued", null));
    views().put(request("r3", "zlib/debian", "s1", "finished", Result.SUCCESS));
    shown();
    views().put(request("r1", "zlib/debian", "s1", "finished", Result.FAILURE));
    shown();
    assertThat(store().requestCounts()).isEqualTo(Map.of("queued", 1L, "finished", 2L));
  }

  @Test
  void aWrongFilterIsNamed() {
    assertThatThrownBy(() -> builds("colour", "red"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("colour: ")
        .hasMessageContaining("worker");
    assertThatThrownBy(() -> requests("state", "quued"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("state: ")
        .hasMessageContaining("queued")
        .hasMessageContaining("'quued'");
    assertThatThrownBy(
            () -> store().builds(new Query(Map.of(), 10, Optional.of("a'; DROP TABLE build"))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("after: ");
    assertThatThrownBy(() -> store().projects(query(Map.of("name", List.of("x")))))
        .hasMessageStartingWith("name: ");
    assertThatThrownBy(() -> requests("priority", "high"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("priority: expected a whole number, but found 'high'");
  }

  private List<String> projects(String field, String... values) {
    return names(
        store().projects(query(Map.of(field, Arrays.asList(values)))),
        p -> p.definition().name().value());
  }

  private List<String> locks(Map<String, List<String>> filters) {
    return names(store().locks(query(filters)), l -> l.key().toString());
  }

  private List<String> builds(String field, String... values) {
    return keys(store().builds(query(Map.of(field, Arrays.asList(values)))));
  }

  private List<String> requests(String field, String... values) {
    return names(
        store().requests(query(Map.of(field, Arrays.asList(values)))), r -> r.id().value());
  }

  private List<String> buildsets(String field, String... values) {
    return names(
        store().buildsets(query(Map.of(field, Arrays.asList(values)))), s -> s.id().value());
  }

  private List<String> workers(Map<String, List<String>> filters) {
    return names(store().workers(query(filters)), w -> w.name().value());
  }

  private static List<String> keys(Page<BuildView> page) {
    return names(page, b -> b.key().toString());
  }

  private static <V> List<String> names(Page<V> page, Function<V, String> name) {
    return page.items().stream().map(name).collect(Collectors.toList());
  }

  protected static Query query(Map<String, List<String>> filters) {
    return new Query(filters, StatusStore.DEFAULT_LIMIT, Optional.empty());
  }

  protected static ProjectView project(String name, boolean removed, String... tags) {
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

  protected static BuilderView builder(String key, boolean removed) {
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

  protected static BuildsetView buildset(
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

  protected static RequestView request(
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

  private static RequestView prioritised(RequestView v, int priority) {
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
  protected static LockView lock(String key, boolean removed) {
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

  protected static BuildView build(
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

  protected static WorkerView worker(String name, String pool, String state) {
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
