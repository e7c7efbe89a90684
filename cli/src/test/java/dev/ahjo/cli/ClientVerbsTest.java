package dev.ahjo.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ahjo.cli.Shell.Said;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(60)
class ClientVerbsTest {
  private static final String BUILDSET =
      """
      {"id": "01set", "requests": [{"id": "01set.000", "project": "zlib", "builder": "debian"}]}
      """;

  private final FakeNode node = new FakeNode();
  private final Shell shell = new Shell(node.url());

  @AfterEach
  void stop() {
    node.close();
  }

  @Test
  void buildsAreATableForPeople() {
    node.on(
        "GET /api/v1/builds",
        """
        {"items": [
          {"project": "zlib", "builder": "debian", "number": 12, "state": "finished",
           "result": "failure", "worker": "w1", "reason": "pushed",
           "started_at": "2026-11-23T11:58:00Z", "finished_at": "2026-11-23T11:58:42Z"},
          {"project": "zlib", "builder": "fedora", "number": 3, "state": "running",
           "result": null, "worker": "worker-two", "reason": "",
           "started_at": "2026-11-23T11:59:57Z", "finished_at": null}], "next": null}
        """);

    Said said = shell.ahjo("builds");

    assertThat(said.out())
        .isEqualTo(
            """
            BUILD           STATE    WORKER      STARTED    TOOK   REASON
            zlib/debian#12  failure  w1          2m 0s ago  42.0s  pushed
            zlib/fedora#3   running  worker-two  3.0s ago   3.0s
            """);
    assertThat(said.exit()).isZero();
  }

  @Test
  void coloursAppearOnATerminalOnlyAndNotUnderNoColor() {
    node.on(
        "GET /api/v1/workers",
        """
        {"items": [{"name": "w1", "state": "available", "connected": true, "slots": 4, "builds": ["p/b#1"], "pool": "default",
          "labels": ["debian", "x86"]}], "next": null}
        """);

    assertThat(shell.ahjo("workers").out())
        .doesNotContain("\u001b")
        .contains("1/4    default  debian x86");
    assertThat(shell.onTerminal().ahjo("workers").out()).contains("\u001b[32mavailable\u001b[0m");
    assertThat(shell.with("NO_COLOR", "1").ahjo("workers").out()).doesNotContain("\u001b");
  }

  @Test
  void whatOthersWroteCannotSteerATerminal() {
    node.on(
        "GET /api/v1/builds",
        """
        {"items": [{"project": "zlib", "builder": "debian", "number": 1, "state": "finished",
           "result": "failure", "worker": "w1", "reason": "\\u001b]0;owned\\u0007\\nzlib/fedora#9 \\u009b2J",
           "started_at": null, "finished_at": null}], "next": null}
        """);
    node.on(
        "GET /api/v1/requests/r1/why",
        "{\"state\": \"queued\", \"reason\": \"\\u001b[2Ja\\nb\", \"now\": [], \"history\": []}");

    Said table = shell.onTerminal().ahjo("builds");
    assertThat(table.out()).contains("\\u001b]0;owned\\u0007 zlib/fedora#9 \\u009b2J");
    assertThat(table.out().lines()).hasSize(2);
    assertThat(table.out().replaceAll("\u001b\\[\\d{1,2}m", "")).doesNotContain("\u001b");
    Said why = shell.ahjo("why", "r1");
    assertThat(why.out()).contains("\\u001b[2Ja b");
  }

  @Test
  void aLogThatIsNotThereIsTold() {
    node.on(
        "GET /api/v1/builds/zlib/debian/1",
        """
        {"state": "finished", "result": "success", "steps": [{"name": "make", "result": "success",
          "started_at": "2026-11-23T11:58:00Z", "finished_at": "2026-11-23T11:58:42Z"}]}
        """);
    node.on(
        "GET /api/v1/builds/zlib/debian/1/steps/0/logs/stdio", FakeNode.stream(b -> b.write('x')));
    node.on("GET /api/v1/events", FakeNode.stream(body -> {}));

    assertThat(shell.ahjo("logs", "zlib/debian#1", "0").out()).isEqualTo("x");
    Said none = shell.ahjo("logs", "zlib/debian#1", "0", "--log", "nope");
    assertThat(none.exit()).isEqualTo(2);
    assertThat(none.err()).contains("has a log 'nope'", "'0'");
    assertThat(shell.ahjo("logs", "zlib/debian#1", "--follow", "--log", "nope").exit())
        .isEqualTo(2);
    assertThat(shell.ahjo("logs", "zlib/debian#1", "--json").exit()).isEqualTo(2);
  }

  @Test
  void aReaderOfALogWhoLeavesIsNoFault() {
    node.on(
        "GET /api/v1/builds/zlib/debian/1",
        "{\"state\": \"finished\", \"result\": \"success\", \"steps\": [{\"name\": \"make\"}]}");
    node.on(
        "GET /api/v1/builds/zlib/debian/1/steps/0/logs/stdio", FakeNode.stream(b -> b.write('x')));

    Said said = shell.unread("logs", "zlib/debian#1");

    assertThat(said.exit()).isEqualTo(141);
    assertThat(said.err()).isEmpty();
  }

  @Test
  void whyTellsTheAttempts() {
    node.on(
        "GET /api/v1/requests/r1/why",
        """
        {"state": "shelved", "attempts": [{"number": 1,
          "build": {"project": "zlib", "builder": "debian", "number": 7}, "worker": "w1",
          "result": "retry", "cause": "worker_lost", "rule": "worker lost", "detail": "away"}]}
        """);

    assertThat(shell.ahjo("why", "r1").out())
        .contains("attempts\n  1  zlib/debian#7  w1  retry  worker_lost  worker lost  away\n");
  }

  @Test
  void whatWasAlreadySoIsSaid() {
    node.on(
        "POST /api/v1/buildsets/b1/cancel",
        FakeNode.json(202, "{\"id\": \"b1\", \"changed\": false}"));

    assertThat(shell.ahjo("cancel", "b1").out()).contains("already so");
  }

  @Test
  void aListGoesOnOverItsPagesUpToTheLimit() {
    node.on(
        "GET /api/v1/requests?limit=3",
        "{\"items\": [{\"id\": \"a\"}, {\"id\": \"b\"}], \"next\": \"b\"}");
    node.on(
        "GET /api/v1/requests?limit=1&after=b", "{\"items\": [{\"id\": \"c\"}], \"next\": \"c\"}");

    assertThat(shell.ahjo("requests", "-n", "3", "--json").out())
        .contains("\"a\"", "\"b\"", "\"c\"");
  }

  @Test
  void filtersBecomeQueryParameters() {
    node.on(
        "GET /api/v1/builds?project=a&state=running&limit=50", "{\"items\": [], \"next\": null}");

    Said said = shell.ahjo("builds", "--project", "a", "--state", "running");

    assertThat(said.exit()).isZero();
    assertThat(said.err()).contains("No builds yet");
  }

  @Test
  void submitSendsWhatWasAskedForAndTheToken() throws IOException {
    node.on("POST /api/v1/buildsets", FakeNode.json(202, BUILDSET));

    Said said =
        shell
            .with("AHJO_TOKEN", "secret")
            .ahjo(
                "submit",
                "zlib/debian",
                "--branch",
                "develop",
                "--property",
                "cflags=-O0",
                "--priority",
                "5");

    assertThat(said.out()).isEqualTo("Buildset 01set\n  01set.000  zlib/debian\n");
    FakeNode.Asked asked = node.asked().getFirst();
    assertThat(Client.JSON.readTree(asked.body()))
        .isEqualTo(
            Client.JSON.readTree(
                """
                {"project": "zlib", "builders": ["debian"], "branch": "develop",
                 "properties": {"cflags": "-O0"}, "priority": 5, "reason": "submitted by matti"}
                """));
    assertThat(asked.key()).isNotEmpty();
    assertThat(asked.authorization()).isEqualTo("Bearer secret");
  }

  @ParameterizedTest
  @CsvSource({
    "finished, success, 0",
    "finished, warnings, 0",
    "finished, failure, 1",
    "finished, exception, 1",
    "cancelled, cancelled, 3",
    "shelved, , 3",
  })
  void waitingEndsWithWhatBecameOfTheRequest(String state, String result, int exit) {
    node.on("GET /api/v1/projects/zlib", "{\"name\": \"zlib\"}");
    node.on("POST /api/v1/buildsets", FakeNode.json(202, BUILDSET));
    node.on(
        "GET /api/v1/requests/01set.000",
        "{\"id\": \"01set.000\", \"project\": \"zlib\", \"builder\": \"debian\", \"attempts\": [],"
            + " \"state\": \""
            + state
            + "\", \"result\": "
            + (result == null ? "null" : "\"" + result + "\"")
            + "}");

    assertThat(shell.ahjo("submit", "zlib/debian", "--wait").exit()).isEqualTo(exit);
  }

  @Test
  void followPrintsEachStepOnceThroughABrokenConnection() {
    node.on("GET /api/v1/projects/zlib", "{\"name\": \"zlib\"}");
    node.on("POST /api/v1/buildsets", FakeNode.json(202, BUILDSET));
    AtomicInteger asked = new AtomicInteger();
    node.on(
        "GET /api/v1/requests/01set.000",
        exchange ->
            FakeNode.json(
                    200,
                    asked.getAndIncrement() == 0
                        ? request("running", "null")
                        : request("finished", "\"success\""))
                .answer(exchange));
    AtomicInteger opened = new AtomicInteger();
    node.on(
        "GET /api/v1/builds/zlib/debian/7",
        exchange -> FakeNode.json(200, build(opened.get() >= 2)).answer(exchange));
    node.on(
        "GET /api/v1/builds/zlib/debian/7/steps/0/logs/stdio",
        exchange -> {
          byte[] log = "one\ntwo\nthree\n".getBytes(StandardCharsets.UTF_8);
          String range = exchange.getRequestHeaders().getFirst("Range");
          int from = range == null ? 0 : Integer.parseInt(range.replaceAll("\\D", ""));
          if (opened.getAndIncrement() == 0) {
            // Promises all of it and breaks in the middle of a line, as a killed node does.
            exchange.sendResponseHeaders(200, log.length);
            exchange.getResponseBody().write(log, 0, 6);
            exchange.getResponseBody().flush();
            return;
          }
          if (from >= log.length) {
            exchange.sendResponseHeaders(416, -1);
            return;
          }
          exchange.sendResponseHeaders(206, log.length - from);
          exchange.getResponseBody().write(log, from, log.length - from);
        });

    Said said = shell.ahjo("submit", "zlib", "--follow");

    assertThat(said.out()).endsWith("zlib/debian\none\ntwo\nthree\n");
    assertThat(said.err())
        .contains(
            "zlib/debian#7", "── compile", "lost the node", "the node is back", "success in 2.0s");
    assertThat(said.exit()).isZero();
  }

  /** The request's own fact comes before the build's. */
  @Test
  void followWaitsForABuildThatCannotBeReadYet() {
    node.on("GET /api/v1/projects/zlib", "{\"name\": \"zlib\"}");
    node.on("POST /api/v1/buildsets", FakeNode.json(202, BUILDSET));
    AtomicInteger looked = new AtomicInteger();
    node.on(
        "GET /api/v1/requests/01set.000",
        exchange ->
            FakeNode.json(
                    200,
                    looked.get() < 2
                        ? request("running", "null")
                        : request("finished", "\"success\""))
                .answer(exchange));
    node.on(
        "GET /api/v1/builds/zlib/debian/7",
        exchange ->
            (looked.getAndIncrement() == 0
                    ? FakeNode.json(404, "{\"title\": \"Not found\"}")
                    : FakeNode.json(200, build(true)))
                .answer(exchange));
    node.on(
        "GET /api/v1/builds/zlib/debian/7/steps/0/logs/stdio",
        FakeNode.stream(body -> body.write("one\n".getBytes(StandardCharsets.UTF_8))));

    Said said = shell.ahjo("submit", "zlib", "--follow");

    assertThat(said.err()).contains("zlib/debian#7");
    assertThat(said.out()).endsWith("one\n");
    assertThat(said.exit()).isZero();
  }

  private static String request(String state, String result) {
    return "{\"id\": \"01set.000\", \"project\": \"zlib\", \"builder\": \"debian\", \"state\": \""
        + state
        + "\", \"result\": "
        + result
        + ", \"attempts\": [{\"number\": 1, \"build\": "
        + "{\"project\": \"zlib\", \"builder\": \"debian\", \"number\": 7}}]}";
  }

  private static String build(boolean over) {
    return "{\"project\": \"zlib\", \"builder\": \"debian\", \"number\": 7, \"state\": \""
        + (over ? "finished" : "running")
        + "\", \"result\": "
        + (over ? "\"success\"" : "null")
        + ", \"steps\": [{\"name\": \"compile\", \"started_at\": \"2026-11-23T11:59:50Z\","
        + " \"result\": "
        + (over ? "\"success\", \"finished_at\": \"2026-11-23T11:59:52Z\"" : "null")
        + "}]}";
  }

  @Test
  void logsPrintsTheBytesAsTheyAre() {
    node.on(
        "GET /api/v1/builds/p/b/1",
        "{\"steps\": [{\"name\": \"git\"}, {\"name\": \"test\"}], \"state\": \"finished\"}");
    node.on(
        "GET /api/v1/builds/p/b/1/steps/1/logs/stdio",
        FakeNode.stream(body -> body.write("ä\r\n\u001b[1m".getBytes(StandardCharsets.UTF_8))));

    assertThat(shell.ahjo("logs", "p/b#1", "test").out()).isEqualTo("ä\r\n\u001b[1m");
    assertThat(shell.ahjo("logs", "p/b#1", "tset").err())
        .isEqualTo("ahjo: p/b#1 has no step 'tset', but git, test\n");
  }

  @ParameterizedTest
  @CsvSource({
    "cancel,  01set.000, POST /api/v1/requests/01set.000/cancel",
    "cancel,  01set,     POST /api/v1/buildsets/01set/cancel",
    "retry,   01set.000, POST /api/v1/requests/01set.000/retry",
    "stop,    p/b#3,     POST /api/v1/builds/p/b/3/stop",
    "rebuild, p/b#3,     POST /api/v1/builds/p/b/3/rebuild",
    "pause,   w1,        POST /api/v1/workers/w1/pause",
    "drain,   w1,        POST /api/v1/workers/w1/drain",
    "resume,  w1,        POST /api/v1/workers/w1/resume",
  })
  void steeringVerbsPostToTheirResource(String verb, String id, String line) {
    node.on(line, FakeNode.json(202, "{}"));

    assertThat(shell.ahjo(verb, id).exit()).isZero();
    assertThat(node.asked()).extracting(FakeNode.Asked::line).containsExactly(line);
  }

  @Test
  void aRefusalNamesWhatIsAtFault() {
    node.on(
        "POST /api/v1/buildsets",
        FakeNode.json(
            422,
            """
            {"title": "Not a buildset", "status": 422, "errors": [
              {"field": "builders[0]", "message": "zlib has no builder 'debain'"},
              {"line": 3, "column": 7, "message": "expected a number"}]}
            """));

    Said said = shell.ahjo("submit", "zlib/debain");

    assertThat(said.err())
        .isEqualTo(
            """
            ahjo: Not a buildset
              builders[0]: zlib has no builder 'debain'
              3:7: expected a number
            """);
    assertThat(said.exit()).isEqualTo(2);
  }

  @ParameterizedTest
  @CsvSource({"401, 4", "403, 4", "404, 2", "409, 2", "500, 4", "503, 4"})
  void theExitCodeTellsWrongUseFromNoAnswer(int status, int exit) {
    node.on("GET /api/v1/projects", FakeNode.json(status, "{\"title\": \"No\"}"));

    assertThat(shell.ahjo("projects").exit()).isEqualTo(exit);
  }

  @Test
  void aNodeThatIsNotThereIsToldPlainly() {
    URI gone = node.url();
    node.close();

    Said said = shell.ahjo("status", "--url", gone.toString());

    assertThat(said.err())
        .startsWith("ahjo: Could not reach a node at " + gone)
        .contains("ahjo up");
    assertThat(said.exit()).isEqualTo(4);
  }

  @ParameterizedTest
  @CsvSource({
    "stop, p/b",
    "stop, nonsense",
    "biulds, x",
    "submit, --url=x",
    "builds, --limit=many",
    "builds, --url=localhost",
  })
  void wrongUseExitsWithTwo(String verb, String argument) {
    Said said = shell.ahjo(verb, argument);

    assertThat(said.exit()).isEqualTo(2);
    assertThat(said.err()).startsWith("ahjo: ");
  }

  @Test
  void helpIsEverywhere() {
    Said root = shell.ahjo("-h");
    assertThat(root.exit()).isZero();
    for (String verb :
        new String[] {
          "status",
          "projects",
          "builders",
          "builds",
          "workers",
          "requests",
          "logs",
          "why",
          "cancel",
          "retry",
          "stop",
          "rebuild",
          "pause",
          "drain",
          "resume",
          "submit",
          "shutdown"
        }) {
      assertThat(root.out()).contains("  " + verb);
      Said help = shell.ahjo(verb, "-h");
      assertThat(help.exit()).as(verb).isZero();
      assertThat(help.out()).startsWith("Usage: ahjo " + verb);
    }
  }
}
