package dev.ahjo.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ahjo.core.log.StreamKey;
import dev.ahjo.core.project.Result;
import dev.ahjo.core.worker.Protocol;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Logs and artifacts: the very bytes, whole, in part, and as they grow. */
class LogsTest {
  private static final String BUILD = "/api/v1/builds/libxml2/debian/1";
  private static final String LOG = BUILD + "/steps/0/logs/stdio";

  private final Desk desk = new Desk();
  private Protocol.RunBuild run;
  private StreamKey log;

  @BeforeEach
  void aRunningBuild() {
    desk.project("debian");
    desk.farm.joins("w1", 1);
    desk.submit("debian");
    run = desk.begins("w1");
    log = Desk.log(run, 0);
  }

  @AfterEach
  void close() {
    desk.close();
  }

  private void prints(String text, boolean last) {
    desk.streams.write(log, text.getBytes(StandardCharsets.UTF_8), last);
  }

  @Test
  void anyBytesComeBackAsTheyWere() {
    byte[] bytes = new byte[777_777];
    new Random(7).nextBytes(bytes);
    desk.streams.write(log, bytes, true);
    var answer = desk.get(LOG);
    assertThat(answer.http().body()).isEqualTo(bytes);
    assertThat(answer.header("Content-Type")).isEqualToIgnoringCase("text/plain; charset=utf-8");
    assertThat(answer.header("X-Content-Type-Options")).isEqualTo("nosniff");
    assertThat(answer.header("Content-Length")).isEqualTo("777777");
    var head = desk.ask("HEAD", LOG, new byte[0]);
    assertThat(head.header("Content-Length")).isEqualTo("777777");
    assertThat(head.http().body()).isEmpty();
    byte[] middle = desk.get(LOG, "Range", "bytes=300000-599999").http().body();
    assertThat(middle).isEqualTo(Arrays.copyOfRange(bytes, 300_000, 600_000));
  }

  @Test
  void aLogThatCannotBeReadNowIsNotOneThatDoesNotExist() {
    prints("hello", true);
    desk.streams.trouble =
        () -> {
          throw new UncheckedIOException(new IOException("too many open files"));
        };

    for (String path :
        List.of(LOG, BUILD + "/steps/0/logs", BUILD + "/artifacts", BUILD + "/artifacts/a.tar")) {
      var answer = desk.get(path);
      assertThat(answer.status()).as(path).isEqualTo(503);
      assertThat(answer.header("Retry-After")).isEqualTo("1");
    }
    desk.streams.trouble = () -> {};
    assertThat(desk.get(LOG).text()).isEqualTo("hello");
  }

  @Test
  void aHandlerThatRunsOutOfItsStackStillAnswers() {
    desk.streams.trouble =
        () -> {
          throw new StackOverflowError("in a test");
        };
    assertThat(desk.get(LOG).status()).isEqualTo(500);
  }

  @ParameterizedTest
  @CsvSource({
    "bytes=0-3, 206, 0123, bytes 0-3/10",
    "bytes=4-, 206, 456789, bytes 4-9/10",
    "bytes=-3, 206, 789, bytes 7-9/10",
    "bytes=-30, 206, 0123456789, bytes 0-9/10",
    "bytes=8-99, 206, 89, bytes 8-9/10",
    "bytes=9-9, 206, 9, bytes 9-9/10",
    "bytes=10-, 416, '', bytes */10",
    "bytes=-0, 416, '', bytes */10",
    "'bytes=0-1,3-4', 200, 0123456789, ''",
    "bytes=5-2, 200, 0123456789, ''",
    "lines=1-2, 200, 0123456789, ''",
    "bytes=a-b, 200, 0123456789, ''",
    "bytes=-, 200, 0123456789, ''",
  })
  void rangesOfAllKinds(String range, int status, String body, String contentRange) {
    prints("0123456789", true);
    var answer = desk.get(LOG, "Range", range);
    assertThat(answer.status()).isEqualTo(status);
    assertThat(answer.header("Content-Range")).isEqualTo(contentRange);
    if (status < 400) {
      assertThat(answer.text()).isEqualTo(body);
    }
  }

  @Test
  void tagsFollowTheSize() {
    prints("abc", false);
    String tag = desk.get(LOG).header("ETag");
    assertThat(desk.get(LOG, "If-None-Match", tag).status()).isEqualTo(304);
    assertThat(desk.get(LOG, "Range", "bytes=1-", "If-Range", tag).text()).isEqualTo("bc");
    prints("def", false);
    assertThat(desk.get(LOG, "If-None-Match", tag).text()).isEqualTo("abcdef");
    assertThat(desk.get(LOG, "Range", "bytes=1-", "If-Range", tag).status()).isEqualTo(200);
  }

  @Test
  void followedFromBeforeTheFirstByteToTheLast() throws Exception {
    try (InputStream body = desk.open(LOG + "?follow=true")) {
      prints("one\n", false);
      assertThat(body.readNBytes(4)).asString().isEqualTo("one\n");
      long begun = System.nanoTime();
      prints("two\n", false);
      assertThat(body.readNBytes(4)).asString().isEqualTo("two\n");
      assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofSeconds(1));
      prints("three", true);
      assertThat(body.readAllBytes()).asString().isEqualTo("three");
    }
    await(() -> desk.streams.followers() == 0);
  }

  @Test
  void followedOnFromWhereItBroke() throws Exception {
    prints("0123456789", false);
    try (InputStream body = desk.open(LOG + "?follow=true", "Range", "bytes=8-")) {
      assertThat(body.readNBytes(2)).asString().isEqualTo("89");
      prints("ab", true);
      assertThat(body.readAllBytes()).asString().isEqualTo("ab");
    }
    // A closed log has an end, so following it is reading it.
    assertThat(desk.get(LOG + "?follow=true", "Range", "bytes=10-").text()).isEqualTo("ab");
  }

  @Test
  void aReaderWhoLeavesLeavesNothing() throws Exception {
    prints("x", false);
    InputStream body = desk.open(LOG + "?follow=true");
    assertThat(body.read()).isEqualTo('x');
    assertThat(desk.streams.followers()).isEqualTo(1);
    body.close();
    await(() -> desk.streams.followers() == 0);
  }

  @Test
  void aLogThatIsNeverClosedEndsSomeTimeAfterItsBuild() throws Exception {
    prints("cut off", false);
    try (InputStream body = desk.open(LOG + "?follow=true")) {
      assertThat(body.readNBytes(7)).asString().isEqualTo("cut off");
      desk.ends("w1", run, Result.SUCCESS);
      prints(" late", false);
      assertThat(body.readAllBytes()).asString().isEqualTo(" late");
    }
  }

  @Test
  void aSlowReaderHoldsUpNobody() throws Exception {
    byte[] much = new byte[8 * 1024 * 1024];
    try (InputStream slow = desk.open(LOG + "?follow=true")) {
      desk.streams.write(log, much, false);
      List<InputStream> others = new ArrayList<>();
      for (int i = 0; i < 20; i++) {
        others.add(desk.open(LOG + "?follow=true", "Range", "bytes=-10"));
      }
      for (InputStream other : others) {
        assertThat(other.readNBytes(10)).hasSize(10);
      }
      prints("end", true);
      for (InputStream other : others) {
        assertThat(other.readAllBytes()).asString().isEqualTo("end");
      }
      assertThat(slow.readAllBytes()).hasSize(much.length + 3);
    }
  }

  @Test
  void aQuietLogKeepsItsConnection() throws Exception {
    var o = HttpSettings.Limits.ORDINARY;
    var hasty =
        new HttpSettings.Limits(
            o.body(), 16, Duration.ofMillis(200), o.answer(), 10, o.keepAlive());
    try (Desk strict =
        new Desk(new HttpSettings("127.0.0.1", 0, hasty, List.of(), false, Set.of()))) {
      strict.project("debian");
      strict.farm.joins("w1", 1);
      strict.submit("debian");
      var key = Desk.log(strict.begins("w1"), 0);
      try (InputStream body = strict.open(LOG + "?follow=true")) {
        // Several idle times of silence, told by the clock of the very connection under test.
        try (InputStream clock = strict.open("/api/v1/events")) {
          clock.read();
          long until = System.nanoTime() + Duration.ofMillis(900).toNanos();
          await(() -> System.nanoTime() > until);
        }
        strict.streams.write(key, "still here".getBytes(StandardCharsets.UTF_8), true);
        assertThat(body.readAllBytes()).asString().isEqualTo("still here");
      }
    }
  }

  @Test
  void whatIsNotThereIsNotWaitedFor() {
    assertThat(desk.get(LOG).status()).isEqualTo(404);
    assertThat(desk.get(BUILD + "/steps/0/logs/other?follow=true").status()).isEqualTo(404);
    assertThat(desk.get(BUILD + "/steps/9/logs/stdio?follow=true").status()).isEqualTo(404);
    assertThat(desk.get(LOG + "?follow=perhaps").status()).isEqualTo(400);
    desk.ends("w1", run, Result.SUCCESS);
    assertThat(desk.get(LOG + "?follow=true").status()).isEqualTo(404);
  }

  @Test
  void aLogOfAFinishedStepThatTheStoreHasNotTakenYetIsWaitedFor() throws Exception {
    desk.endsStep("w1", run, Result.SUCCESS);
    assertThat(desk.get(LOG).status()).isEqualTo(200);
    assertThat(desk.get(LOG).text()).isEmpty();
    try (InputStream body = desk.open(LOG + "?follow=true")) {
      prints("late\n", true);
      assertThat(body.readAllBytes()).asString().isEqualTo("late\n");
    }
  }

  @Test
  void theLogsOfAStepAreListed() {
    prints("abc", false);
    var logs = desk.get(BUILD + "/steps/0/logs").json();
    assertThat(logs.at("/items/0/name").asText()).isEqualTo("stdio");
    assertThat(logs.at("/items/0/size").asInt()).isEqualTo(3);
    assertThat(logs.at("/items/0/complete").asBoolean()).isFalse();
  }

  @Test
  void artifactsAreListedAndSaved() {
    for (String path : List.of("out/a b\"ä.tar", "x", "y")) {
      desk.streams.write(
          new StreamKey(run.build(), 1, StreamKey.Kind.ARTIFACT, path),
          path.getBytes(StandardCharsets.UTF_8),
          true);
    }
    var first = desk.get(BUILD + "/artifacts?limit=2").json();
    assertThat(first.at("/items/0/path").asText()).isEqualTo("out/a b\"ä.tar");
    var rest = desk.get(BUILD + "/artifacts?after=" + first.path("next").asText()).json();
    assertThat(rest.path("items")).hasSize(1);
    var file = desk.get(BUILD + "/artifacts/out/a%20b%22%C3%A4.tar");
    assertThat(file.text()).isEqualTo("out/a b\"ä.tar");
    assertThat(file.header("Content-Disposition"))
        .isEqualTo("attachment; filename=\"a_b___.tar\"; filename*=UTF-8''a%20b%22%C3%A4.tar");
    assertThat(file.header("Content-Type")).isEqualTo("application/octet-stream");
    assertThat(desk.get(BUILD + "/artifacts/out/..%2f..%2fetc/passwd").status()).isEqualTo(404);
    assertThat(desk.get(BUILD + "/artifacts/x", "Range", "bytes=0-0").status()).isEqualTo(206);
  }

  static void await(BooleanSupplier so) throws InterruptedException {
    long end = System.nanoTime() + Duration.ofSeconds(20).toNanos();
    while (!so.getAsBoolean()) {
      if (System.nanoTime() > end) {
        throw new AssertionError("it did not come true in time");
      }
      Thread.onSpinWait();
      Thread.yield();
    }
  }
}
