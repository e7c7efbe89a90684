package dev.ahjo.worker;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

/** When a build's reports are sent again, second by second. */
class UnansweredTest {
  private static final Duration PATIENCE = Duration.ofSeconds(5);

  private final Unanswered reports = new Unanswered();

  private static long at(int second) {
    return Duration.ofSeconds(second).toNanos();
  }

  private boolean overdue(int second) {
    return reports.overdue(at(second), PATIENCE);
  }

  @Test
  void whatIsAcknowledgedInTimeIsSentOnce() {
    for (int second = 0; second < 100; second++) {
      reports.sends(second + 1, at(second));
      assertThat(overdue(second)).isFalse();
      reports.taken(second + 1, at(second));
    }
    assertThat(overdue(1_000)).isFalse();
  }

  @Test
  void aGapIsMendedWhileNewReportsCome() {
    reports.sends(1, at(0));
    reports.taken(1, at(0));
    int second = 10;
    while (!overdue(second)) {
      // report 2 was lost, and so nothing behind it is acknowledged
      second++;
      reports.sends(second, at(second));
      assertThat(second).isLessThan(20);
    }
    reports.again();
    assertThat(reports.sent()).isEqualTo(1);
    reports.sends(second, at(second));
    assertThat(overdue(second + 5)).isFalse();
    assertThat(overdue(second + 6)).isTrue();
  }

  @Test
  void whoIsAnsweredSlowlyButAnsweredDoesNotRepeatItself() {
    for (int second = 0; second < 100; second++) {
      reports.sends(second + 1, at(second));
      if (second >= 10) {
        assertThat(overdue(second)).isFalse();
      }
      if (second >= 4) {
        reports.taken(second - 3, at(second));
      }
    }
  }

  @Test
  void anAcknowledgementOfNothingNewIsNone() {
    reports.sends(3, at(0));
    reports.taken(1, at(1));
    reports.taken(1, at(5));
    assertThat(overdue(7)).isTrue();
  }

  @Test
  void askedAgainItBeginsWithTheFirst() {
    reports.sends(3, at(0));
    reports.taken(3, at(0));
    reports.fromTheFirst();
    assertThat(reports.sent()).isZero();
    assertThat(reports.isTaken(1)).isFalse();
    reports.taken(3, at(1));
    assertThat(reports.sent()).isEqualTo(3);
    assertThat(overdue(9)).isFalse();
  }
}
