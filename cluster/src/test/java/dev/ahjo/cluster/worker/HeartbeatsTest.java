package dev.ahjo.cluster.worker;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** One session's pulse, second by second. */
class HeartbeatsTest {
  private final AtomicLong nanos = new AtomicLong();
  private final Heartbeats all = new Heartbeats(nanos::get, nanos::get);
  private final AtomicInteger pings = new AtomicInteger();
  private final AtomicInteger silences = new AtomicInteger();
  private final Heartbeats.Heart heart = all.heart(pings::incrementAndGet);

  private void rounds(int seconds) {
    for (int i = 0; i < seconds; i++) {
      nanos.addAndGet(Heartbeats.ROUND.toNanos());
      all.round();
    }
  }

  private void begin() {
    heart.begin(silences::incrementAndGet);
    heart.welcome();
  }

  @Test
  void whoSpeaksIsAnsweredOnceAndNotAskedBesides() {
    begin();
    for (int i = 0; i < 100; i++) {
      rounds(3);
      heart.heard();
      heart.heard();
    }
    assertThat(pings).hasValue(100);
    assertThat(silences).hasValue(0);
  }

  @Test
  void anAnswerThatWasSaidLatelyIsEnough() {
    begin();
    rounds(3);
    heart.said();
    heart.heard();
    assertThat(pings).hasValue(0);
  }

  @Test
  void whoIsSilentHearsAPingUntilHeIsTakenForLostInLessThanFifteenSeconds() {
    begin();
    rounds(10);
    assertThat(pings).hasValue(2);
    assertThat(silences).hasValue(0);
    rounds(2);
    assertThat(silences).hasValue(1);
    rounds(20);
    assertThat(silences).as("told once").hasValue(1);
    assertThat(heart.silence()).isEqualTo(Duration.ofSeconds(32));
  }

  @Test
  void whoWaitsForHisWelcomeMayBeSilent() {
    heart.begin(silences::incrementAndGet);
    heart.waits();
    rounds(299);
    assertThat(silences).hasValue(0);
    heart.welcome();
    rounds(9);
    assertThat(silences).hasValue(0);
    rounds(3);
    assertThat(silences).hasValue(1);
  }

  @Test
  void whoDoesNotAnswerTheFirstPingIsNotWaitedFor() {
    heart.begin(silences::incrementAndGet);
    rounds(12);
    assertThat(silences).hasValue(1);
  }

  @Test
  void aNodeThatStoodStillBlamesNobody() {
    begin();
    rounds(3);
    nanos.addAndGet(Duration.ofMinutes(1).toNanos());
    all.round();
    rounds(5);
    assertThat(silences).hasValue(0);
    rounds(5);
    assertThat(silences).hasValue(1);
  }

  /** What its agents said meanwhile is read before the first round. */
  @Test
  void aNodeThatStoodStillAnswersAgainAtOnce() {
    begin();
    rounds(3);
    nanos.addAndGet(Duration.ofMinutes(1).toNanos());
    heart.heard();
    all.round();
    assertThat(pings).hasValue(1);
    for (int i = 0; i < 10; i++) {
      rounds(3);
      heart.heard();
    }
    assertThat(pings).as("ten questions, ten answers").hasValue(11);
    assertThat(silences).hasValue(0);
  }

  @Test
  void norDoesItTakeLongerToMissWhoThenFallsSilent() {
    begin();
    rounds(3);
    nanos.addAndGet(Duration.ofHours(1).toNanos());
    heart.heard();
    all.round();
    rounds(9);
    assertThat(pings.get()).as("asked unasked").isBetween(2, 3);
    assertThat(silences).hasValue(0);
    rounds(3);
    assertThat(silences).hasValue(1);
  }

  @Test
  void aSessionThatHasEndedIsLeftInPeace() {
    begin();
    heart.end();
    rounds(60);
    assertThat(silences).hasValue(0);
    assertThat(pings).hasValue(0);
  }
}
