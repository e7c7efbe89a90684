package dev.ahjo.core.status;

import static dev.ahjo.core.status.Samples.build;
import static dev.ahjo.core.status.Samples.builder;
import static dev.ahjo.core.status.Samples.buildset;
import static dev.ahjo.core.status.Samples.lock;
import static dev.ahjo.core.status.Samples.project;
import static dev.ahjo.core.status.Samples.request;
import static dev.ahjo.core.status.Samples.worker;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ahjo.core.id.BuildKey;
import dev.ahjo.core.id.BuilderKey;
import dev.ahjo.core.id.BuildsetId;
import dev.ahjo.core.id.LockKey;
import dev.ahjo.core.id.PoolName;
import dev.ahjo.core.id.ProjectName;
import dev.ahjo.core.id.RequestId;
import dev.ahjo.core.id.WorkerName;
import dev.ahjo.core.project.Result;
import dev.ahjo.core.status.StatusStore.Page;
import dev.ahjo.core.status.StatusStore.Query;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What every status store does, whatever it is made of. */
public abstract class StatusContract extends FilterContract {
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
}
