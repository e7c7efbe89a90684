package dev.ahjo.cluster.worker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ahjo.cluster.worker.ReportedBuild.Manner;
import dev.ahjo.cluster.worker.ReportedBuild.Troubles;
import dev.ahjo.core.build.Build;
import dev.ahjo.core.request.Ending;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A build's reports on their way from its agent through the gate to its entity, in bad weather. */
class HeldBuildsTest {
  /** Enough that each mistake that is told of here shows in a dozen of them. */
  private static final int HISTORIES = 300;

  @Test
  void inGoodWeatherEachReportIsToldAtOnce() {
    var build = new ReportedBuild(1, Manner.BY_PROGRESS, Troubles.NONE);
    build.runs();
    assertThat(build.refusals()).isEmpty();
    assertThat(build.isOver()).isTrue();
    assertThat(build.longestWait()).isLessThan(1_000);
  }

  @Test
  void aBusyBuildOutlivesAnEntityThatIsAwayForLong() {
    for (Manner manner : Manner.values()) {
      for (int seed = 0; seed < HISTORIES; seed++) {
        var build = new ReportedBuild(seed, manner, Troubles.AWAY);
        build.runs();
        assertThat(build.refusals()).as("%s, %s", manner, seed).isEmpty();
        assertThat(build.isOver()).as("%s, %s", manner, seed).isTrue();
        assertThat(build.bytesHeld()).as("%s, %s", manner, seed).isZero();
      }
    }
  }

  @Test
  void norDoesALineThatLosesMessagesEndIt() {
    for (Manner manner : Manner.values()) {
      for (int seed = 0; seed < HISTORIES; seed++) {
        var build = new ReportedBuild(seed, manner, Troubles.ALL);
        build.runs();
        assertThat(build.refusals()).as("%s, %s", manner, seed).isEmpty();
        assertThat(build.isOver()).as("%s, %s", manner, seed).isTrue();
        assertThat(build.bytesHeld()).as("%s, %s", manner, seed).isZero();
      }
    }
  }

  /** Its entity must not wait for an agent that has been told to forget it. */
  @Test
  void whoReportsWhatCannotBeEndsItsBuildAndIsToldSo() {
    for (Manner manner : Manner.values()) {
      for (int seed = 0; seed < HISTORIES; seed++) {
        var build = new ReportedBuild(seed, manner, Troubles.NONSENSE);
        build.runs();
        assertThat(build.refusals()).as("%s, %s", manner, seed).isNotEmpty();
        assertThat(build.entity())
            .as("%s, %s", manner, seed)
            .isInstanceOfSatisfying(
                Build.State.Finished.class,
                end ->
                    assertThat(end.ending())
                        .isInstanceOfSatisfying(
                            Ending.Transient.class,
                            t -> assertThat(t.cause()).isEqualTo(Ending.Cause.AGENT_FAULT)));
        assertThat(build.bytesHeld()).as("%s, %s", manner, seed).isZero();
      }
    }
  }

  @Test
  void oneLostMessageDelaysABusyBuildsReportsByOneRepetitionOnly() {
    List<Long> waits = new ArrayList<>();
    for (int seed = 0; seed < HISTORIES; seed++) {
      var build = new ReportedBuild(seed, Manner.BY_PROGRESS, Troubles.ONE_LOST);
      build.runs();
      assertThat(build.isOver()).as("%s", seed).isTrue();
      waits.add(build.longestWait());
    }
    assertThat(waits).allSatisfy(wait -> assertThat(wait).isLessThan(7_000));
  }
}
