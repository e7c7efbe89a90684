package dev.ahjo.cli.story;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.openqa.selenium.Keys;

/** The pages as a person has them open, in a real browser, over a real node. */
@Tag("processes")
@Timeout(value = 6, unit = TimeUnit.MINUTES)
class PagesTest {
  private static final String HARM =
      "<script>harmed=1</script><img src=x onerror='harmed=1'> \" onfocus=\"harmed=1";

  @TempDir static Path folder;
  private static @Nullable Browser browser;
  private static @Nullable LiveFarm farm;

  @BeforeAll
  static void open() throws Exception {
    browser = Browser.open(folder.resolve("profile"), "pages in a browser");
    farm = new LiveFarm(folder.resolve("data"), 2);
    farm.start();
  }

  @AfterAll
  static void close() throws Exception {
    try (var _ = farm;
        var _ = browser) {
      farm = null;
      browser = null;
    }
  }

  @AfterEach
  void noScriptComplainedNorWasAnyOfOthersRun() {
    assertThat(browser().complaints()).isEmpty();
    assertThat(browser().string("return typeof harmed;")).isEqualTo("undefined");
    assertThat(browser().count("main script, main img, [onfocus], [onerror]")).isZero();
  }

  @Test
  void aBuildAppearsInTheListAndSucceedsThere() throws Exception {
    Path gate = folder.resolve("list");
    farm().project("project: listed\nbuilders:\n  b:\n    steps:\n" + waitFor(gate));
    browser().go(farm().page("/"));
    String row = "#builds li[data-key='/builds/listed/b/1'] ";

    farm().submit("listed", HARM);
    shown("a row that runs", () -> browser().count(row + "[aria-label=running]") == 1);
    assertThat(browser().text(row + ".cut")).contains(HARM);
    Files.createFile(gate);
    shown("a row that succeeded", () -> browser().count(row + "[aria-label=success]") == 1);

    assertThat(browser().neverLoadedAgain()).isTrue();
    browser().click(row + "a");
    shown("the build's page", () -> browser().text("#state").equals("✓ success"));
    assertThat(browser().text("#facts")).contains(HARM);
  }

  @Test
  void stepsTurnAndTheirLogsGrow() throws Exception {
    Path gate = folder.resolve("steps");
    farm()
        .project(
            """
            project: live
            builders:
              b:
                steps:
                  - {name: first, run: echo one}
                  - name: "<b>second</b>"
                    run: |
                      printf '\\033[1;31mred\\033[0m <b>bold</b> & &amp;\\n'
                      for i in $(seq 2400); do [ ! -e %s ] || break; sleep 0.05; done
                      printf '\\033]odd\\na line\\rthe last line'
                  - {name: third, run: exit 3}
                  - {name: never, run: echo never}
            """
                .formatted(gate));
    String request = farm().submit("live", "a story");
    buildOf(request);
    browser().go(farm().page("/builds/live/b/1"));

    shown("a second step that runs", () -> browser().count(step(1, "running")) == 1);
    assertThat(browser().count(step(0, "success"))).isOne();
    assertThat(browser().count(step(2, "pending"))).isOne();
    shown("its log", () -> browser().text("#log").equals("red <b>bold</b> & &amp;\n"));
    assertThat(browser().text("#log .ansi-red-fg")).isEqualTo("red");
    browser().click("#steps li:nth-child(2) button");

    Files.createFile(gate);
    shown("its last line", () -> browser().text("#log").endsWith("\nodd\na line\nthe last line"));
    shown("the build's end", () -> browser().text("#state").equals("✕ failure"));
    assertThat(browser().count(step(1, "success"))).isOne();
    assertThat(browser().count(step(2, "failure"))).isOne();
    assertThat(browser().text("#steps li:nth-child(2) .cut")).isEqualTo("<b>second</b>");
    assertThat(browser().shows("#stop")).isFalse();
    assertThat(browser().shows("#rebuild")).isTrue();
    assertThat(browser().neverLoadedAgain()).isTrue();

    browser().click("#steps li:nth-child(1) button");
    shown("the first step's log", () -> browser().text("#log").equals("one\n"));
  }

  @Test
  void aLineLongerThanWhatIsReadAtOnceIsReadFromItsBegin() throws Exception {
    int width = 300_000;
    farm()
        .project(
            """
            project: wide
            builders:
              b:
                steps: [{run: "head -c %d /dev/zero | tr '\\\\0' y; echo; echo end"}]
            """
                .formatted(width));
    farm().end(farm().submit("wide", "a story"));
    browser().go(farm().page("/builds/wide/b/1"));
    shown("its end", () -> browser().text("#log").endsWith("y\nend\n"));
    assertThat(browser().text("#log").length()).isLessThan(width);

    shown(
        "all of it for who goes up",
        () -> {
          browser().press("#log", Keys.HOME);
          return browser().text("#log").length() >= width + 5;
        });
    assertThat(browser().text("#log")).isEqualTo("y".repeat(width) + "\nend\n");
  }

  @Test
  void aPageOutlivesItsNode() throws Exception {
    Path gate = folder.resolve("killed");
    Path proof = folder.resolve("proof");
    farm()
        .project(
            """
            project: killed
            builders:
              b:
                steps:
                  - name: count
                    run: |
                      i=0
                      while [ ! -e %s ] && [ $i -lt 6000 ]; do
                        i=$((i+1))
                        echo "line $i" | tee -a %s
                        sleep 0.02
                      done
            """
                .formatted(gate, proof));
    String request = farm().submit("killed", "a story");
    buildOf(request);
    browser().go(farm().page("/builds/killed/b/1"));
    shown("lines", () -> browser().text("#log").contains("line 20\n"));
    assertThat(browser().shows("#link")).isFalse();

    farm().killNode();
    shown("that the node is gone", () -> browser().shows("#link"));
    assertThat(browser().text("#link")).isEqualTo("The node does not answer; trying again");
    long printed = LiveFarm.text(proof).lines().count();
    farm().start();
    shown("that the node is back", () -> !browser().shows("#link"));
    shown("newer lines", () -> browser().text("#log").contains("line " + (printed + 1) + "\n"));
    Files.createFile(gate);
    shown("the build's end", () -> browser().text("#state").equals("✓ success"));
    assertThat(farm().end(request).path("attempts")).hasSize(1);

    String written = Files.readString(proof);
    shown("every line once", () -> browser().text("#log").length() >= written.length());
    assertThat(browser().text("#log"))
        .isEqualTo(written)
        .isEqualTo(
            new String(
                farm().bytes("/api/v1/builds/killed/b/1/steps/0/logs/stdio"),
                StandardCharsets.UTF_8));
    assertThat(browser().neverLoadedAgain()).isTrue();
  }

  private static String waitFor(Path gate) {
    return "      - {name: wait, run: \"for i in $(seq 2400); do [ ! -e %s ] || break; sleep 0.05; done\"}\n"
        .formatted(gate);
  }

  private static String step(int number, String state) {
    return "#steps li[data-key='%d'] [aria-label=%s]".formatted(number, state);
  }

  /** Waits until the request has a build: a page of one that is not there yet says just that. */
  private static void buildOf(String request) throws Exception {
    LiveFarm.await(
        "a build of " + request,
        () -> !farm().get("/api/v1/requests/" + request).path("attempts").isEmpty());
  }

  private static void shown(String what, Callable<Boolean> condition) throws Exception {
    try {
      LiveFarm.await(what + " in the page", condition);
    } catch (AssertionError missed) {
      throw new AssertionError(
          missed.getMessage() + ":\n" + browser().string("return document.body.innerText;"),
          missed);
    }
  }

  private static Browser browser() {
    return java.util.Objects.requireNonNull(browser);
  }

  private static LiveFarm farm() {
    return java.util.Objects.requireNonNull(farm);
  }
}
