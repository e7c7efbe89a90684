package dev.ahjo.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ahjo.core.project.Result;
import org.junit.jupiter.api.Test;

/** One build from its project file to its end, as a client of the API sees it. */
class ApiStoryTest {
  @Test
  void aLockTellsWhoHasItAndWhoWaits() {
    try (Desk desk = new Desk()) {
      desk.put("/api/v1/projects/libxml2", "project: libxml2 debian:db");
      assertThat(desk.get("/api/v1/locks").json().at("/items/0/holders")).isEmpty();
      String first = desk.submit("debian").getFirst();
      String second = desk.submit("debian").getFirst();
      var lock = desk.get("/api/v1/locks?project=libxml2&name=db").json().at("/items/0");
      assertThat(lock.path("count").asInt()).isEqualTo(1);
      assertThat(lock.at("/holders/0/request").asText()).isEqualTo(first);
      assertThat(lock.at("/holders/0/builder").asText()).isEqualTo("debian");
      assertThat(lock.at("/holders/0/mode").asText()).isEqualTo("exclusive");
      assertThat(lock.at("/waiting/0/request").asText()).isEqualTo(second);
      assertThat(desk.get("/api/v1/locks?project=glib").json().path("items")).isEmpty();
    }
  }

  @Test
  void aBuildFromSubmissionToItsEnd() {
    try (Desk desk = new Desk()) {
      desk.project("debian", "fedora");
      var projects = desk.get("/api/v1/projects").json();
      assertThat(projects.at("/items/0/name").asText()).isEqualTo("libxml2");
      assertThat(projects.at("/items/0/builders/1/name").asText()).isEqualTo("fedora");
      assertThat(projects.path("next").isNull()).isTrue();

      String request = desk.submit("debian").getFirst();
      var waiting = desk.get("/api/v1/requests/" + request).json();
      assertThat(waiting.path("state").asText()).isEqualTo("queued");
      assertThat(waiting.path("attempts")).isEmpty();
      var why = desk.get("/api/v1/requests/" + request + "/why").json();
      assertThat(why.path("state").asText()).isEqualTo("queued");
      assertThat(why.at("/now/0/code").asText()).isEqualTo("no_worker_with_labels");

      desk.farm.joins("w1", 2);
      var run = desk.begins("w1");
      var build = desk.get("/api/v1/builds/libxml2/debian/1").json();
      assertThat(build.path("state").asText()).isEqualTo("running");
      assertThat(build.path("request").asText()).isEqualTo(request);
      assertThat(build.path("result").isNull()).isTrue();
      assertThat(build.at("/properties/cflags/source").asText()).isEqualTo("project");
      assertThat(build.at("/steps/0/state").asText()).isEqualTo("running");
      assertThat(build.at("/submitted_at").asText()).isEqualTo("2026-11-01T10:00:00Z");
      assertThat(desk.get("/api/v1/workers/w1").json().path("busy").asInt()).isEqualTo(1);

      desk.ends("w1", run, Result.FAILURE);
      var ended = desk.get("/api/v1/builds?state=finished&result=failure&result=success").json();
      assertThat(ended.at("/items/0/result").asText()).isEqualTo("failure");
      assertThat(ended.at("/items/0/steps/0/exit_code").asInt()).isEqualTo(2);
      assertThat(ended.at("/items/0/steps/0/logs/0/name").asText()).isEqualTo("stdio");
      var done = desk.get("/api/v1/requests/" + request).json();
      assertThat(done.path("state").asText()).isEqualTo("finished");
      assertThat(done.at("/attempts/0/build/number").asInt()).isEqualTo(1);
      String buildset = done.path("buildset").asText();
      var set = desk.get("/api/v1/buildsets/" + buildset).json();
      assertThat(set.path("result").asText()).isEqualTo("failure");
      assertThat(set.at("/requests/0/build").asInt()).isEqualTo(1);
      var pool = desk.get("/api/v1/pools").json().at("/items/0");
      assertThat(pool.toString())
          .isEqualTo(
              "{\"name\":\"default\",\"workers\":1,\"available\":1,\"slots\":2,\"busy\":0,\"waiting\":0}");
      assertThat(desk.get("/api/v1/projects?tags=gnome&tags=kde").json().path("items")).hasSize(1);
      assertThat(desk.get("/api/v1/projects?tags=kde").json().path("items")).isEmpty();
      assertThat(desk.get("/api/v1/requests?priority=0").json().path("items")).hasSize(1);
      assertThat(desk.get("/api/v1/requests?priority=1").json().path("items")).isEmpty();
      var builder = desk.get("/api/v1/builders?project=libxml2").json();
      assertThat(builder.at("/items/0/last_build/result").asText()).isEqualTo("failure");
    }
  }
}
