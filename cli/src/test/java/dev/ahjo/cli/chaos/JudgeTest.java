package dev.ahjo.cli.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Histories that are right, and the same doctored: each lie is caught by the rule that it breaks.
 */
class JudgeTest {
  private static final Judge.Enough ANYTHING = new Judge.Enough(1, 1, 0, Set.of());
  private static final String SUM = "5891b5b522d5df086d0ff0b110fbd9d2";

  /** A history that is told line by line; a tick is a tenth of a second. */
  static final class Tale {
    private final List<Event> events = new ArrayList<>();
    private long now = 7_000_000_000L;

    Tale tick(int tenths) {
      now += tenths * 100_000_000L;
      return this;
    }

    Tale say(String p, String k, String f, String id) {
      events.add(Event.of(now, p, k, f, id));
      return tick(1);
    }

    Tale submit(String request) {
      return say("c1", "invoke", "submit", "key-" + request).say("c1", "ok", "submit", request);
    }

    Tale start(String worker, String build) {
      return say(worker, "event", "start", build).say(worker, "event", "beat", build);
    }

    Tale end(String worker, String build, String code, String sum) {
      events.add(Event.of(now, worker, "event", "end", build).result(code).sha256(sum));
      return tick(1);
    }

    Tale read(String request, String state, String result, String... builds) {
      events.add(
          Event.of(now, "c1", "ok", "read", request).at("n1").read(state, result, List.of(builds)));
      return tick(1);
    }

    Tale log(String build, String sum) {
      events.add(Event.of(now, "c1", "ok", "log", build).sha256(sum));
      return tick(1);
    }

    Tale fault(String kind, String machine, int tenths, boolean bit) {
      events.add(
          Event.of(now, "storm", "fault", kind, machine).until(now + tenths * 100_000_000L, bit));
      return tick(1);
    }

    Tale exit(String machine, String code) {
      events.add(Event.of(now, "keeper", "event", "exit", machine).result(code));
      return tick(1);
    }

    Judge.Verdict judged() {
      return Judge.judge(events, 2, ANYTHING);
    }
  }

  private static Tale plain() {
    return new Tale()
        .submit("r1")
        .read("r1", "queued", "")
        .start("w1", "b#1")
        .read("r1", "running", "", "b#1 w1 ")
        .end("w1", "b#1", "0", SUM)
        .read("r1", "finished", "success", "b#1 w1 success")
        .log("b#1", SUM);
  }

  private static Tale retried() {
    return new Tale()
        .submit("r1")
        .start("w1", "b#1")
        .fault("powercut", "w1", 20, true)
        .read("r1", "backoff", "", "b#1 w1 retry")
        .tick(30)
        .start("w2", "b#2")
        .end("w2", "b#2", "3", SUM)
        .read("r1", "finished", "failure", "b#1 w1 retry", "b#2 w2 failure")
        .log("b#2", SUM);
  }

  /** The worker was away past its grace, and does not know yet that another does its work. */
  private static Tale late() {
    return new Tale()
        .submit("r1")
        .start("w1", "b#1")
        .fault("away", "w1", 400, true)
        .tick(350)
        .start("w2", "b#2")
        .tick(40)
        .say("w1", "event", "beat", "b#1")
        .end("w2", "b#2", "0", SUM)
        .read("r1", "finished", "success", "b#1 w1 retry", "b#2 w2 success")
        .log("b#2", SUM);
  }

  private static Tale cancelled() {
    return new Tale()
        .submit("r1")
        .say("c1", "invoke", "cancel", "r1")
        .read("r1", "cancelled", "cancelled");
  }

  private static Tale shelved() {
    return new Tale()
        .submit("r1")
        .start("w1", "b#1")
        .fault("powercut", "w1", 5, true)
        .tick(10)
        .start("w1", "b#2")
        .fault("powercut", "w1", 5, true)
        .read("r1", "shelved", "", "b#1 w1 retry", "b#2 w1 retry")
        .start("w2", "b#3")
        .submit("r2")
        .end("w2", "b#3", "0", SUM)
        .read("r2", "finished", "success", "b#3 w2 success")
        .log("b#3", SUM);
  }

  /** Its plan came to the worker when it was back, and the lease was given up by then. */
  private static Tale planned() {
    return new Tale()
        .submit("r1")
        .fault("away", "w1", 400, true)
        .tick(100)
        .read("r1", "running", "", "b#1 w1 ")
        .tick(300)
        .start("w1", "b#1")
        .tick(20)
        .start("w2", "b#2")
        .end("w2", "b#2", "0", SUM)
        .read("r1", "finished", "success", "b#1 w1 retry", "b#2 w2 success")
        .log("b#2", SUM);
  }

  /** Its nodes were lost, or had no store, and were started again; the store was full. */
  private static Tale startedAgain() {
    return plain().exit("n1", "75").exit("n2", "4").exit("store", "100");
  }

  @Test
  void whatIsRightIsFoundRight() {
    for (Tale tale : List.of(plain(), retried(), late(), planned(), shelved(), startedAgain())) {
      assertThat(tale.judged().violations()).isEmpty();
    }
    assertThat(Judge.judge(cancelled().events, 2, new Judge.Enough(1, 0, 0, Set.of())).violations())
        .isEmpty();
  }

  static Stream<Arguments> lies() {
    return Stream.of(
        lie("what is acknowledged ends", plain(), t -> t.submit("lost")),
        lie(
            "what is acknowledged ends",
            plain(),
            t -> t.submit("r2").read("r2", "running", "", "b#2 w1 ").start("w1", "b#2")),
        lie(
            "a request ends once",
            plain(),
            t -> t.read("r1", "finished", "failure", "b#1 w1 failure")),
        lie("a node ends only when it is lost", plain(), t -> t.exit("n2", "2")),
        lie("a build runs once", plain(), t -> t.start("w2", "b#1").end("w2", "b#1", "0", SUM)),
        lie("nothing runs that nobody asked for", plain(), t -> t.start("w1", "b#9")),
        lie(
            "a build is of one request",
            plain(),
            t -> t.submit("r2").read("r2", "finished", "success", "b#1 w1 success")),
        lie(
            "reads never go backwards",
            plain(),
            t ->
                t.read("r1", "running", "", "b#1 w1 ")
                    .read("r1", "finished", "success", "b#1 w1 success")),
        lie(
            "reads never go backwards",
            retried(),
            t -> {
              t.events.add(
                  Event.of(t.now - 1_000_000_000L, "c1", "ok", "read", "r1")
                      .at("n1")
                      .read("running", "", List.of("b#1 w1 retry", "b#2 w2 ")));
              t.events.add(
                  Event.of(t.now - 900_000_000L, "c1", "ok", "read", "r1")
                      .at("n1")
                      .read("running", "", List.of("b#1 w1 ")));
            }),
        lie(
            "no more attempts than the limit",
            retried(),
            t ->
                t.start("w3", "b#3")
                    .read(
                        "r1",
                        "finished",
                        "failure",
                        "b#1 w1 retry",
                        "b#2 w2 failure",
                        "b#3 w3 success")),
        lie(
            "no stale attempt is believed",
            new Tale(),
            t ->
                t.submit("r1")
                    .start("w1", "b#1")
                    .fault("away", "w1", 400, true)
                    .tick(350)
                    .start("w2", "b#2")
                    .end("w1", "b#1", "0", SUM)
                    .end("w2", "b#2", "0", SUM)
                    .read("r1", "finished", "success", "b#1 w1 success", "b#2 w2 success")
                    .log("b#2", SUM)),
        lie(
            "a lease is lost only for cause",
            new Tale(),
            t ->
                t.submit("r1")
                    .start("w1", "b#1")
                    .fault("pause", "w1", 20, true)
                    .tick(30)
                    .start("w2", "b#2")
                    .end("w2", "b#2", "0", SUM)
                    .read("r1", "finished", "success", "b#1 w1 retry", "b#2 w2 success")
                    .log("b#2", SUM)),
        lie("one live run of a request", retried(), t -> t.say("w1", "event", "beat", "b#1")),
        lie(
            "shelved only when its attempts are spent",
            new Tale(),
            t ->
                t.submit("r1")
                    .start("w1", "b#1")
                    .fault("powercut", "w1", 5, true)
                    .read("r1", "shelved", "", "b#1 w1 retry")),
        lie(
            "cancelled only when asked to",
            plain(),
            t -> t.submit("r2").read("r2", "cancelled", "cancelled")),
        lie(
            "who has a result has run",
            plain(),
            t -> t.submit("r2").read("r2", "finished", "success", "b#2 w1 success")),
        lie(
            "who has a result has run",
            plain(),
            t ->
                t.submit("r2")
                    .start("w1", "b#2")
                    .read("r2", "finished", "success", "b#2 w1 success")),
        lie(
            "a result is what the step's was",
            plain(),
            t ->
                t.submit("r2")
                    .start("w1", "b#2")
                    .end("w1", "b#2", "3", SUM)
                    .read("r2", "finished", "success", "b#2 w1 success")
                    .log("b#2", SUM)),
        lie("a log is what the step wrote", plain(), t -> t.log("b#1", "another")),
        lie(
            "a log is what the step wrote",
            new Tale(),
            t ->
                t.submit("r1")
                    .start("w1", "b#1")
                    .end("w1", "b#1", "0", SUM)
                    .read("r1", "finished", "success", "b#1 w1 success")));
  }

  private static Arguments lie(String rule, Tale tale, Consumer<Tale> doctor) {
    doctor.accept(tale);
    return Arguments.of(rule, tale);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("lies")
  void aLieIsCaughtByTheRuleThatItBreaks(String rule, Tale tale) {
    assertThat(tale.judged().violations()).extracting(Judge.Violation::rule).contains(rule);
  }

  @Test
  void whatWasHardlyTriedIsNotRight() {
    var plenty = new Judge.Enough(2, 2, 1, Set.of("kill"));
    assertThat(Judge.judge(plain().events, 2, plenty).violations())
        .extracting(Judge.Violation::how)
        .containsExactly(
            "1 requests, expected 2",
            "1 builds, expected 2",
            "0 faults that bit, expected 1",
            "no fault of kind kill bit");
    assertThat(Judge.judge(List.of(), 2, ANYTHING).right()).isFalse();
    var harmless = plain().fault("kill", "w1", 10, false);
    assertThat(Judge.judge(harmless.events, 2, new Judge.Enough(1, 1, 1, Set.of("kill"))).right())
        .as("a fault that nobody felt does not count")
        .isFalse();
  }

  @Test
  void aLineIsReadAsItWasWritten() {
    for (Event event : retried().events) {
      assertThat(Event.parse(event.line())).isEqualTo(event);
    }
    assertThat(Event.of(5, "w1", "event", "start", "chaos/quick#1").line())
        .isEqualTo(
            "{\"t\":5,\"p\":\"w1\",\"k\":\"event\",\"f\":\"start\",\"id\":\"chaos/quick#1\"}");
  }
}
