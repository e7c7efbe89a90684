package dev.ahjo.core.status;

import static dev.ahjo.core.status.Samples.build;
import static dev.ahjo.core.status.Samples.builder;
import static dev.ahjo.core.status.Samples.buildset;
import static dev.ahjo.core.status.Samples.prioritised;
import static dev.ahjo.core.status.Samples.project;
import static dev.ahjo.core.status.Samples.request;
import static dev.ahjo.core.status.Samples.worker;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ahjo.core.project.Result;
import dev.ahjo.core.status.StatusStore.Page;
import dev.ahjo.core.status.StatusStore.Query;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** What every status store makes of filters. */
abstract class FilterContract {
  /** The store that is tested; empty at first. */
  protected abstract StatusStore store();

  /** Where it is filled. */
  protected abstract Views views();

  /** Makes what was put visible. */
  protected abstract void shown();

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
  void buildsetsAreFilteredByEachField() {
    views().put(buildset("s1", "zlib", "open", null));
    views().put(buildset("s2", "lua", "finished", Result.WARNINGS));
    shown();
    assertThat(buildsets("project", "zlib")).containsExactly("s1");
    assertThat(buildsets("state", "finished")).containsExactly("s2");
    assertThat(buildsets("result", "warnings", "failure")).containsExactly("s2");
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

  final void threeBuilds() {
    views().put(builder("zlib/debian", false));
    views().put(builder("lua/debian", false));
    views().put(build("zlib/debian#1", "r1", "s1", "w1", "running", null));
    views().put(build("zlib/debian#2", "r2", "s2", "w2", "finished", Result.SUCCESS));
    views().put(build("lua/debian#1", "r3", "s3", "w1", "finished", Result.FAILURE));
  }

  final List<String> projects(String field, String... values) {
    return names(
        store().projects(query(Map.of(field, Arrays.asList(values)))),
        p -> p.definition().name().value());
  }

  final List<String> locks(Map<String, List<String>> filters) {
    return names(store().locks(query(filters)), l -> l.key().toString());
  }

  final List<String> builds(String field, String... values) {
    return keys(store().builds(query(Map.of(field, Arrays.asList(values)))));
  }

  final List<String> requests(String field, String... values) {
    return names(
        store().requests(query(Map.of(field, Arrays.asList(values)))), r -> r.id().value());
  }

  final List<String> buildsets(String field, String... values) {
    return names(
        store().buildsets(query(Map.of(field, Arrays.asList(values)))), s -> s.id().value());
  }

  final List<String> workers(Map<String, List<String>> filters) {
    return names(store().workers(query(filters)), w -> w.name().value());
  }

  static List<String> keys(Page<BuildView> page) {
    return names(page, b -> b.key().toString());
  }

  static <V> List<String> names(Page<V> page, Function<V, String> name) {
    return page.items().stream().map(name).collect(Collectors.toList());
  }

  protected static Query query(Map<String, List<String>> filters) {
    return new Query(filters, StatusStore.DEFAULT_LIMIT, Optional.empty());
  }
}
