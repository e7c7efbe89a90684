package dev.ahjo.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ahjo.core.id.Ids;
import dev.ahjo.core.project.Result;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What clients may ask for, and what becomes of it when they ask twice. */
class WritesTest {
  private static final String SUBMIT = "/api/v1/buildsets";
  private static final String BODY = "{\"project\": \"libxml2\", \"builders\": [\"debian\"]}";

  private final Desk desk = new Desk();

  @BeforeEach
  void aProject() {
    desk.project("debian", "fedora");
  }

  @AfterEach
  void close() {
    desk.close();
  }

  @Test
  void theSameKeyAndBodyAgainIsTheSameBuildset() {
    var first = desk.post(SUBMIT, BODY, "Idempotency-Key", "k1");
    var again = desk.post(SUBMIT, BODY.replace(": ", ":"), "Idempotency-Key", "k1");
    assertThat(first.status()).isEqualTo(202);
    assertThat(again.json()).isEqualTo(first.json());
    assertThat(desk.get(SUBMIT).json().path("items")).hasSize(1);
  }

  @Test
  void aKeyThatTellsItsTimeGivesItToTheId() {
    String early = Ids.at(Instant.parse("2026-11-01T09:00:00Z"), 7, 7);
    String late = "019A3F00-0000-7000-8000-000000000001";
    String second = desk.post(SUBMIT, BODY, "Idempotency-Key", late).json().path("id").asText();
    String first = desk.post(SUBMIT, BODY, "Idempotency-Key", early).json().path("id").asText();
    assertThat(Ids.time(first)).contains(Instant.parse("2026-11-01T09:00:00Z"));
    assertThat(Ids.time(second)).contains(Instant.ofEpochMilli(0x019A3F000000L));
    assertThat(first).isNotEqualTo(early);
    assertThat(desk.post(SUBMIT, BODY, "Idempotency-Key", early).json().path("id").asText())
        .isEqualTo(first);
  }

  @Test
  void theSameKeyWithAnotherBodyIsRefused() {
    desk.post(SUBMIT, BODY, "Idempotency-Key", "k1");
    var other = desk.post(SUBMIT, BODY.replace("debian", "fedora"), "Idempotency-Key", "k1");
    assertThat(other.status()).isEqualTo(409);
    assertThat(other.json().at("/errors/0/field").asText()).isEqualTo("Idempotency-Key");
    assertThat(desk.get(SUBMIT).json().path("items")).hasSize(1);
  }

  @Test
  void withoutAKeyEachSubmissionIsItsOwn() {
    assertThat(desk.post(SUBMIT, BODY).json().path("id"))
        .isNotEqualTo(desk.post(SUBMIT, BODY).json().path("id"));
  }

  @Test
  void aSubmissionWithoutBuildersAsksForAll() {
    assertThat(desk.post(SUBMIT, "{\"project\":\"libxml2\"}").json().path("requests")).hasSize(2);
  }

  @Test
  void aFarmThatDoesNotAnswerLeavesItOpenAndSaysSo() {
    desk.farm.fallsSilent();
    var answer = desk.post("/api/v1/requests/r1/cancel", "");
    assertThat(answer.status()).isEqualTo(503);
    assertThat(answer.header("Retry-After")).isEqualTo("1");
    assertThat(answer.json().path("detail").asText()).contains("Idempotency-Key");
  }

  @Test
  void aRequestIsMovedCancelledAndThenNoMore() {
    String request = "/api/v1/requests/" + desk.submit("debian").getFirst();
    var moved = desk.post(request + "/priority", "{\"priority\": 7}");
    assertThat(moved.json().path("changed").asBoolean()).isTrue();
    assertThat(desk.get(request).json().path("priority").asInt()).isEqualTo(7);
    assertThat(desk.post(request + "/cancel", "{\"reason\":\"wrong branch\"}").status())
        .isEqualTo(202);
    var after = desk.get(request).json();
    assertThat(after.path("state").asText()).isEqualTo("cancelled");
    assertThat(after.path("detail").asText()).contains("somebody", "wrong branch");
    assertThat(desk.post(request + "/cancel", "").json().path("changed").asBoolean()).isFalse();
    assertThat(desk.post(request + "/priority", "{\"priority\": 1}").status()).isEqualTo(409);
    assertThat(desk.post(request + "/retry", "").status()).isEqualTo(409);
  }

  @Test
  void aBuildsetIsCancelledWhole() {
    String buildset = desk.post(SUBMIT, BODY).json().path("id").asText();
    assertThat(desk.post(SUBMIT + "/" + buildset + "/cancel", "").status()).isEqualTo(202);
    assertThat(desk.get(SUBMIT + "/" + buildset).json().path("result").asText())
        .isEqualTo("cancelled");
    assertThat(desk.get("/api/v1/requests?state=queued").json().path("items")).isEmpty();
  }

  /** An answer is lost, and the client asks again: another stop would end the next step as well. */
  @Test
  void aStopThatIsRepeatedUnderItsKeyIsNoSecondStop() {
    desk.farm.joins("w1", 1);
    desk.submit("debian");
    desk.begins("w1");
    String stop = "/api/v1/builds/libxml2/debian/1/stop";
    for (var said : List.of("a=true", "a=false", "b=true", "b=false", "a=false")) {
      String key = said.substring(0, 1);
      assertThat(desk.post(stop, "", "Idempotency-Key", key).json().path("changed").asText())
          .isEqualTo(said.substring(2));
    }
  }

  @Test
  void aBuildIsStoppedAndAskedForAgain() {
    desk.farm.joins("w1", 1);
    desk.submit("debian");
    var run = desk.begins("w1");
    String build = "/api/v1/builds/libxml2/debian/1";
    assertThat(desk.post(build + "/stop", "{\"reason\":\"enough\"}").status()).isEqualTo(202);
    assertThat(desk.get(build).json().path("state").asText()).isEqualTo("stopping");
    var insisted = desk.post(build + "/stop", "{\"reason\":\"enough\"}");
    assertThat(insisted.json().path("changed").asBoolean()).isTrue();
    desk.ends("w1", run, Result.SUCCESS);

    var again = desk.post(build + "/rebuild", "", "Idempotency-Key", "again");
    assertThat(again.status()).isEqualTo(202);
    assertThat(desk.post(build + "/rebuild", "", "Idempotency-Key", "again").json())
        .isEqualTo(again.json());
    assertThat(again.json().at("/requests/0/builder").asText()).isEqualTo("debian");
  }

  @Test
  void aWorkerIsPausedDrainedAndResumed() {
    desk.farm.joins("w1", 1);
    String worker = "/api/v1/workers/w1";
    for (var step : List.of("pause=paused", "drain=draining", "resume=available")) {
      String verb = step.substring(0, step.indexOf('='));
      assertThat(desk.post(worker + "/" + verb, "").status()).as(verb).isEqualTo(202);
      assertThat(desk.get(worker).json().path("state").asText())
          .isEqualTo(step.substring(verb.length() + 1));
    }
    assertThat(desk.get("/api/v1/workers?state=available&pool=default").json().path("items"))
        .hasSize(1);
    assertThat(desk.post("/api/v1/workers/w9/pause", "").status()).isEqualTo(404);
  }

  @Test
  void aProjectIsDefinedOnceAndRemoved() {
    String project = "/api/v1/projects/libxml2";
    assertThat(
            desk.put(project, "project: libxml2 debian fedora").json().path("changed").asBoolean())
        .isFalse();
    assertThat(desk.put(project, "project: libxml2 debian").json().path("changed").asBoolean())
        .isTrue();
    assertThat(desk.get("/api/v1/builders").json().path("items")).hasSize(1);
    assertThat(desk.ask("DELETE", project, new byte[0]).status()).isEqualTo(202);
    assertThat(desk.get(project).status()).isEqualTo(404);
    assertThat(desk.get("/api/v1/projects").json().path("items")).isEmpty();
    assertThat(desk.ask("DELETE", "/api/v1/projects/glib", new byte[0]).status()).isEqualTo(404);
  }

  @Test
  void theNodeIsAskedToStop() {
    assertThat(desk.post("/api/v1/cluster/shutdown?drain=true", "").status()).isEqualTo(202);
    assertThat(desk.shutdowns).containsExactly("drain by somebody");
  }
}
