package dev.ahjo.persistence.farm;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class VacancyTest {
  private final Vacancy vacancy = new Vacancy();

  private boolean told(boolean ours, boolean held, Duration at) {
    vacancy.look(ours, held, at.toNanos());
    return vacancy.problem().isPresent();
  }

  @Test
  void aPostThatIsOursAndThatNobodyHoldsForLongIsTold() {
    Duration later = Vacancy.LONG;
    assertThat(told(true, false, Duration.ZERO)).isFalse();
    assertThat(told(true, false, later.minusMillis(1))).isFalse();
    assertThat(told(true, false, later)).isTrue();
    assertThat(told(true, true, later.plusSeconds(1))).isFalse();

    assertThat(told(true, false, later.plusSeconds(2))).isFalse();
    assertThat(told(true, false, later.multipliedBy(2))).isFalse();
    assertThat(told(false, false, later.multipliedBy(3))).as("another node's").isFalse();
  }
}
