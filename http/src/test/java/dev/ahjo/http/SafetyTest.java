package dev.ahjo.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ahjo.core.status.StatusStore;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** Who may ask what, and what an answer gives away. */
class SafetyTest {
  private static final String PAUSE = "/api/v1/workers/w1/pause";

  private static HttpSettings with(List<HttpSettings.Token> tokens, boolean reads) {
    return new HttpSettings("127.0.0.1", 0, HttpSettings.Limits.ORDINARY, tokens, reads, Set.of());
  }

  @Test
  void writesNeedATokenOnceThereIsOne() {
    var tokens =
        List.of(new HttpSettings.Token("ann", "s3cret"), new HttpSettings.Token("bob", "b"));
    try (Desk desk = new Desk(with(tokens, false))) {
      desk.farm.joins("w1", 1);
      var none = desk.post(PAUSE, "");
      assertThat(none.status()).isEqualTo(401);
      assertThat(none.header("WWW-Authenticate")).isEqualTo("Bearer");
      assertThat(desk.post(PAUSE, "", "Authorization", "Bearer s3cre").status()).isEqualTo(401);
      assertThat(desk.post(PAUSE, "", "Authorization", "Basic s3cret").status()).isEqualTo(401);
      assertThat(desk.post(PAUSE, "", "Authorization", "Bearer s3cret").status()).isEqualTo(202);
      assertThat(desk.get("/api/v1/workers").status()).isEqualTo(200);
      desk.post("/api/v1/cluster/shutdown", "", "Authorization", "Bearer b");
      assertThat(desk.shutdowns).containsExactly("now by bob");
    }
    try (Desk desk = new Desk(with(tokens, true))) {
      assertThat(desk.get("/api/v1/workers").status()).isEqualTo(401);
      assertThat(desk.get("/api/v1/workers", "Authorization", "Bearer b").status()).isEqualTo(200);
      assertThat(desk.get("/metrics").status()).isEqualTo(401);
      assertThat(desk.get("/health/live").status()).isEqualTo(200);
      assertThat(desk.get("/").status()).isEqualTo(200);
    }
    assertThat(tokens.toString()).doesNotContain("s3cret");
  }

  @Test
  void aTokenThatIsTakenBackIsNotKnownAnyMore() {
    var known =
        new AtomicReference<>(
            List.of(new HttpSettings.Token("ann", "a"), new HttpSettings.Token("bob", "b")));
    var settings =
        new HttpSettings(
            "127.0.0.1",
            0,
            HttpSettings.Limits.ORDINARY,
            known::get,
            false,
            Set.of(),
            Optional.empty(),
            true);
    try (Desk desk = new Desk(settings)) {
      desk.farm.joins("w1", 1);
      assertThat(desk.post(PAUSE, "", "Authorization", "Bearer b").status()).isEqualTo(202);
      known.set(List.of(new HttpSettings.Token("ann", "a"), new HttpSettings.Token("mia", "m")));
      assertThat(desk.post(PAUSE, "", "Authorization", "Bearer b").status()).isEqualTo(401);
      assertThat(desk.post(PAUSE, "", "Authorization", "Bearer m").status()).isEqualTo(202);
    }
  }

  @Test
  void pagesOfOtherSitesCannotWrite() {
    try (Desk desk = new Desk()) {
      desk.farm.joins("w1", 1);
      assertThat(desk.post(PAUSE, "", "Origin", "https://evil.example").status()).isEqualTo(403);
      assertThat(desk.post(PAUSE, "", "Origin", "null").status()).isEqualTo(403);
      assertThat(desk.post(PAUSE, "", "Sec-Fetch-Site", "cross-site").status()).isEqualTo(403);
      assertThat(desk.post(PAUSE, "", "Sec-Fetch-Site", "same-site").status()).isEqualTo(403);
      String own = "http://localhost:" + desk.port();
      assertThat(desk.post(PAUSE, "", "Origin", own, "Sec-Fetch-Site", "same-origin").status())
          .isEqualTo(202);
    }
  }

  @Test
  void aNameOfAnotherSiteThatPointsHereIsNotAnswered() throws Exception {
    try (Desk desk = new Desk()) {
      assertThat(raw(desk, "GET /api/v1/builds HTTP/1.1\r\nHost: evil.example\r\n\r\n"))
          .startsWith("HTTP/1.1 421");
      assertThat(raw(desk, "GET /api/v1/builds HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"))
          .startsWith("HTTP/1.1 200");
    }
  }

  @Test
  void aNameThatAProxyKeepsIsAnsweredOnceItIsToldOf() throws Exception {
    var settings =
        new HttpSettings(
            "127.0.0.1",
            0,
            HttpSettings.Limits.ORDINARY,
            List.of(),
            false,
            Set.of("builds.example.org"));
    try (Desk desk = new Desk(settings)) {
      assertThat(raw(desk, "GET /api/v1/builds HTTP/1.1\r\nHost: Builds.example.org\r\n\r\n"))
          .startsWith("HTTP/1.1 200");
      assertThat(raw(desk, "GET /api/v1/builds HTTP/1.1\r\nHost: evil.example\r\n\r\n"))
          .startsWith("HTTP/1.1 421");
    }
  }

  /** The answer's head to a request of these very bytes. */
  private static String raw(Desk desk, String request) throws IOException {
    try (Socket socket = new Socket("localhost", desk.port())) {
      socket.setSoTimeout(10_000);
      socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
      socket.getOutputStream().flush();
      var lines =
          new BufferedReader(
              new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII));
      var head = new StringBuilder();
      for (String line = lines.readLine();
          line != null && !line.isEmpty();
          line = lines.readLine()) {
        head.append(line).append('\n');
      }
      return head.toString();
    }
  }

  @Test
  void answersCarryWhatBrowsersNeedAndNothingElse() {
    try (Desk desk = new Desk()) {
      var api = desk.get("/api/v1/builds");
      assertThat(api.header("X-Content-Type-Options")).isEqualTo("nosniff");
      assertThat(api.header("Content-Security-Policy")).startsWith("default-src 'none'");
      assertThat(api.header("Server")).isEmpty();
      var page = desk.get("/");
      assertThat(page.header("Content-Security-Policy"))
          .contains("script-src 'self'")
          .doesNotContain("unsafe");
      assertThat(desk.get("/nowhere").header("X-Content-Type-Options")).isEqualTo("nosniff");
    }
  }

  @Test
  void pagesAndTheirFilesAreServedFromOneHashedPlace() {
    try (Desk desk = new Desk()) {
      String home = desk.get("/").text();
      assertThat(desk.get("/builds/libxml2/debian/1").text()).contains("id=\"log\"");
      var files = java.util.regex.Pattern.compile("/ui/[0-9a-f]{12}/[a-z.]+").matcher(home);
      int count = 0;
      while (files.find()) {
        var file = desk.get(files.group());
        assertThat(file.status()).as(files.group()).isEqualTo(200);
        assertThat(file.header("Cache-Control")).contains("immutable");
        count++;
      }
      assertThat(count).isEqualTo(3);
      assertThat(desk.get("/ui/000000000000/home.js").status()).isEqualTo(404);
      assertThat(desk.get("/ui/..%2f..%2fopenapi.json/home.js").status()).isEqualTo(404);
      // Neither scripts nor styles within the page: its policy would refuse them.
      assertThat(home).doesNotContain("<style").doesNotContain("onclick");
    }
  }

  @Test
  void aConnectionThatSaysNothingIsEnded() throws Exception {
    var limits = HttpSettings.Limits.ORDINARY;
    var hasty =
        new HttpSettings.Limits(
            limits.body(), 16, Duration.ofMillis(300), limits.answer(), 10, limits.keepAlive());
    try (Desk desk = new Desk(new HttpSettings("127.0.0.1", 0, hasty, List.of(), false, Set.of()));
        Socket socket = new Socket("localhost", desk.port())) {
      socket.setSoTimeout(10_000);
      socket
          .getOutputStream()
          .write("GET /api/v1/builds HTTP/1.1\r\nHost: loc".getBytes(StandardCharsets.US_ASCII));
      assertThat(socket.getInputStream().readAllBytes()).isEmpty();
    }
  }

  @Test
  void healthTellsWhatIsWrong() {
    try (Desk desk = new Desk()) {
      assertThat(desk.get("/health/live").status()).isEqualTo(200);
      assertThat(desk.get("/health/ready").status()).isEqualTo(200);
      desk.journalWell.set(false);
      var ready = desk.get("/health/ready");
      assertThat(ready.status()).isEqualTo(503);
      assertThat(ready.json().at("/problems/0").asText()).contains("disk full");
      desk.journalWell.set(true);
      desk.farm.status().progress(new StatusStore.Progress(100, 50_100));
      assertThat(desk.get("/health/ready").json().at("/problems/0").asText())
          .contains("up to date");
      assertThat(desk.get("/health/live").status()).isEqualTo(200);
    }
  }

  @Test
  void aStoreThatIsAwayIsNoFaultOfTheServersOwn() {
    try (Desk desk = new Desk()) {
      desk.farm.status().away(true);
      var ready = desk.get("/health/ready");
      assertThat(ready.status()).isEqualTo(503);
      assertThat(ready.json().at("/problems/0").asText()).contains("The store is away");
      assertThat(desk.get("/health/live").status()).isEqualTo(200);
      assertThat(desk.get("/api/v1/requests/01hzx3y5z6a7b8c9d0e1f2g3h4.000").status())
          .isEqualTo(503);
      desk.farm.status().away(false);
      assertThat(desk.get("/health/ready").status()).isEqualTo(200);
    }
  }

  @Test
  void metricsCountWhatWasAnswered() {
    try (Desk desk = new Desk()) {
      desk.get("/api/v1/builds");
      desk.get("/api/v1/nothing");
      String text = desk.get("/metrics").text();
      assertThat(text)
          .contains(
              "ahjo_http_requests_total{method=\"GET\",route=\"/api/v1/builds\",status=\"200\"}"
                  + " 1\n")
          .contains("ahjo_http_requests_total{method=\"GET\",route=\"none\",status=\"404\"} 1\n")
          .contains("ahjo_gate_sessions 2\n")
          .containsPattern("process_cpu_seconds_total [0-9.]+\n")
          .contains("ahjo_builds_finished_total{result=\"success\"} 0\n");
    }
  }
}
