package dev.ahjo.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Every kind of mistake is told with its place, and changes nothing. */
class BadInputTest {
  private static Desk desk;

  @BeforeAll
  static void aFarm() {
    desk = new Desk().project("debian");
  }

  @AfterAll
  static void close() {
    desk.close();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{}                                            | 422 | project",
        "{\"project\": 7}                              | 422 | project",
        "{\"project\": \"a b\"}                        | 422 | project",
        "{\"project\": \"libxml2\", \"colour\": 1}     | 422 | colour",
        "{\"project\": \"libxml2\", \"builders\": 1}   | 422 | builders",
        "{\"project\": \"libxml2\", \"builders\": [1]} | 422 | builders[0]",
        "{\"project\": \"libxml2\", \"builders\": [\"suse\"]}      | 422 | builders[0]",
        "{\"project\": \"libxml2\", \"priority\": 1.5}             | 422 | priority",
        "{\"project\": \"libxml2\", \"priority\": 5000}            | 422 | priority",
        "{\"project\": \"libxml2\", \"branch\": \"a..b c\"}        | 422 | branch",
        "{\"project\": \"libxml2\", \"properties\": {\"a\": []}}   | 422 | properties.a",
        "{\"project\": \"libxml2\", \"properties\": {\"9\": \"\"}} | 422 | properties.9",
        "{\"project\": \"libxml2\", \"stamps\": {\"x\": {}}}       | 422 | stamps.x",
        "{\"project\": \"libxml2\", \"stamps\": {\"libxml2\": {\"rev\": \"1\"}}} | 422 |"
            + " stamps.libxml2.rev",
        "{\"project\": \"libxml2\", \"reason\": \"\\ud83d\"}         | 422 | reason",
        "{\"project\": \"libxml2\", \"branch\": \"a\\ud800b\"}       | 422 | branch",
        "{\"project\": \"libxml2\", \"builders\": [\"\\udc00\"]}     | 422 | builders[0]",
        "{\"project\": \"libxml2\", \"properties\": {\"a\": \"\\ud800\"}} | 422 | properties.a",
        "[]                                            | 422 | ``",
        "{\"project\"                                  | 400 | ``",
        "{\"project\": \"a\", \"project\": \"b\"}      | 400 | ``",
        "{} {}                                         | 400 | ``",
      })
  void aWrongSubmissionNamesItsField(String body, int status, String field) {
    var answer = desk.post("/api/v1/buildsets", body, "Content-Type", "application/json");
    assertThat(answer.status()).as(answer.text()).isEqualTo(status);
    assertThat(answer.header("Content-Type")).startsWith("application/problem+json");
    if (!field.isEmpty()) {
      assertThat(answer.json().at("/errors/0/field").asText()).isEqualTo(field);
      assertThat(answer.json().at("/errors/0/message").asText()).isNotEmpty();
    }
    assertThat(desk.get("/api/v1/buildsets").json().path("items")).isEmpty();
  }

  @Test
  void allMistakesAreToldAtOnce() {
    var answer =
        desk.post(
            "/api/v1/buildsets", "{\"project\":1,\"builders\":{},\"priority\":\"x\",\"b\":0}");
    Set<String> fields = new TreeSet<>();
    answer.json().path("errors").forEach(e -> fields.add(e.path("field").asText()));
    assertThat(fields).containsExactly("b", "builders", "priority", "project");
  }

  @Test
  void brokenJsonIsToldWithItsPlace() {
    var error = desk.post("/api/v1/buildsets", "{\n  \"project\": libxml2}").json().at("/errors/0");
    assertThat(error.path("line").asInt()).isEqualTo(2);
    assertThat(error.path("column").asInt()).isGreaterThan(10);
  }

  @Test
  void deepNestingIsRefused() {
    var answer = desk.post("/api/v1/buildsets", "{\"a\":" + "[".repeat(100_000));
    assertThat(answer.status()).isEqualTo(400);
  }

  @Test
  void anotherTypeThanJsonIsRefused() {
    var answer = desk.post("/api/v1/buildsets", "project=libxml2", "Content-Type", "text/plain");
    assertThat(answer.status()).isEqualTo(415);
  }

  @Test
  void aWrongProjectFileListsEveryError() {
    var answer = desk.put("/api/v1/projects/libxml2", "builders: none");
    assertThat(answer.status()).isEqualTo(422);
    assertThat(answer.json().path("errors")).hasSize(2);
    assertThat(answer.json().at("/errors/0/line").asInt()).isEqualTo(2);
    assertThat(answer.json().at("/errors/0/column").asInt()).isEqualTo(5);
    assertThat(answer.json().at("/errors/0/message").asText()).contains("libxml2.yaml");
    var json = desk.put("/api/v1/projects/libxml2", "{}", "Content-Type", "application/json");
    assertThat(json.json().at("/errors/0/message").asText()).contains("libxml2.json");
    var other = desk.put("/api/v1/projects/libxml2", "project: glib debian");
    assertThat(other.json().at("/errors/0/field").asText()).isEqualTo("project");
    byte[] latin = {'#', (byte) 0xe4, '\n'};
    assertThat(desk.ask("PUT", "/api/v1/projects/libxml2", latin).status()).isEqualTo(400);
  }

  @ParameterizedTest
  @CsvSource({
    "/api/v1/builds?limit=0, limit",
    "/api/v1/builds?limit=1001, limit",
    "/api/v1/builds?limit=many, limit",
    "/api/v1/builds?limit=1&limit=2, limit",
    "/api/v1/builds?after=nonsense, after",
    "/api/v1/builds?state=done, state",
    "/api/v1/requests?result=good, result",
    "/api/v1/workers?name=w1, name",
    "/api/v1/requests?priority=high, priority",
    "/api/v1/projects?name=libxml2, name",
    "/api/v1/pools?project=libxml2, project",
    "/api/v1/projects/libxml2?verbose=1, verbose",
    "/api/v1/events?kind=build_finnished, kind",
  })
  void aWrongParameterIsNamed(String path, String parameter) {
    var answer = desk.get(path);
    assertThat(answer.status()).as(answer.text()).isEqualTo(400);
    assertThat(answer.json().at("/errors/0/field").asText()).isEqualTo(parameter);
  }

  @Test
  void tooManyValuesOfAFilterAreRefused() {
    var answer = desk.get("/api/v1/builds?worker=w" + "&worker=w".repeat(50));
    assertThat(answer.status()).as(answer.text()).isEqualTo(400);
    assertThat(answer.json().at("/errors/0/field").asText()).isEqualTo("worker");
    assertThat(desk.get("/api/v1/builds?worker=w" + "&worker=w".repeat(49)).status())
        .isEqualTo(200);
  }

  @ParameterizedTest
  @CsvSource({
    "/api/v1/projects/glib, glib",
    "/api/v1/projects/%3Cscript%3E, <script>",
    "/api/v1/buildsets/b1, b1",
    "/api/v1/requests/r1, r1",
    "/api/v1/requests/r1/why, r1",
    "/api/v1/builders/libxml2/suse, libxml2/suse",
    "/api/v1/builds/libxml2/debian/7, libxml2/debian#7",
    "/api/v1/builds/libxml2/debian/zero, libxml2/debian#zero",
    "/api/v1/builds/libxml2/debian/0, libxml2/debian#0",
    "/api/v1/builds/libxml2/debian/7/steps/0/logs/stdio, libxml2/debian#7",
    "/api/v1/workers/w9, w9",
    "/api/v1/hooks, /api/v1/hooks",
  })
  void whatIsNotThereIsNamed(String path, String name) {
    var answer = desk.get(path);
    assertThat(answer.status()).isEqualTo(404);
    assertThat(answer.json().path("detail").asText()).contains(name);
  }

  @Test
  void anUnknownProjectCannotBeBuilt() {
    var answer = desk.post("/api/v1/buildsets", "{\"project\":\"glib\"}");
    assertThat(answer.status()).isEqualTo(404);
    assertThat(answer.json().path("detail").asText()).contains("project 'glib'");
  }

  @Test
  void aMethodThatIsNotAllowedNamesThoseThatAre() {
    var answer = desk.ask("DELETE", "/api/v1/buildsets", new byte[0]);
    assertThat(answer.status()).isEqualTo(405);
    assertThat(answer.header("Allow")).isEqualTo("GET, HEAD, POST");
  }

  @Test
  void aBodyThatIsTooLargeIsRefused() {
    for (String path : List.of("/api/v1/buildsets", "/api/v1/requests/r/cancel")) {
      var answer = desk.post(path, " ".repeat(1024 * 1024 + 1));
      assertThat(answer.status()).isEqualTo(413);
    }
  }

  @Test
  void anAddressThatIsTooLongIsRefused() {
    assertThat(desk.get("/api/v1/builds?project=" + "x".repeat(9000)).status()).isEqualTo(414);
  }

  @Test
  void anEmptyOrEndlessKeyIsRefused() {
    var answer =
        desk.post(
            "/api/v1/buildsets", "{\"project\":\"libxml2\"}", "Idempotency-Key", "k".repeat(256));
    assertThat(answer.status()).isEqualTo(400);
    assertThat(answer.json().at("/errors/0/field").asText()).isEqualTo("Idempotency-Key");
  }
}
