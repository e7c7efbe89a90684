package dev.ahjo.cluster.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ahjo.core.id.ProjectName;
import dev.ahjo.core.kernel.Duty;
import dev.ahjo.core.kernel.EntityRef;
import dev.ahjo.core.kernel.Message;
import dev.ahjo.core.kernel.Refusal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** When what is owed is said again. */
class DebtsTest {
  private record Word() implements Message {}

  /** Writes down when something was said. */
  private static final class Ear implements Debts.Outbox {
    final List<Long> said = new ArrayList<>();
    boolean unsettled;
    long now;

    @Override
    public void say(EntityRef to, Message message, long number) {
      said.add(now);
    }

    @Override
    public void oneself(String key, Message message) {
      throw new AssertionError("Nothing is said to oneself here");
    }

    @Override
    public void deliver(Duty.Deliver duty) {
      throw new AssertionError("Nothing is delivered here");
    }

    @Override
    public Agents.Watching watch(Duty.Watch duty, long number) {
      throw new AssertionError("Nothing is watched here");
    }

    @Override
    public boolean unsettled() {
      return unsettled;
    }

    @Override
    public Duration wait(Duty.Wake wake) {
      return Duration.ZERO;
    }

    @Override
    public void refused(String key, Duty.Tell duty, Refusal why) {
      throw new AssertionError("Nothing is refused here");
    }
  }

  private final Ear ear = new Ear();
  private final Debts debts = new Debts(ear, Surroundings.Pace.USUAL, new Random(1), 0);

  private void owe() {
    debts.owe("duty", new Duty.Tell(EntityRef.of(new ProjectName("p")), new Word()));
    debts.settle(ear.now);
  }

  private void until(long millis) {
    while (debts.next() <= millis) {
      ear.now = debts.next();
      debts.tick(ear.now);
    }
    ear.now = millis;
  }

  @Test
  void whoDoesNotAnswerIsAskedEverMoreRarely() {
    owe();
    until(40_000);
    assertThat(ear.said).containsExactly(0L, 1_000L, 3_000L, 7_000L, 15_000L, 31_000L);
  }

  @Test
  void whileNodesComeAndGoMailMayBeLostSeveralTimes() {
    ear.unsettled = true;
    owe();
    until(3_500);
    ear.unsettled = false;
    until(12_000);
    assertThat(ear.said)
        .containsExactly(0L, 1_000L, 2_000L, 3_000L, 4_000L, 5_000L, 7_000L, 11_000L);
  }
}
