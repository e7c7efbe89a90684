package dev.ahjo.core.simulator;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ahjo.core.project.Result;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** The farm's days, good and bad. */
class FarmTest {
  /** One machine of one slot, and a builder of two steps that take ten seconds each. */
  private static Farm small() {
    return new Farm()
        .machine("w1", 1)
        .builder("debian", "compile", "test")
        .then()
        .takes("compile", 10_000)
        .takes("test", 10_000);
  }

  @Test
  void aBuildRunsItsStepsAndItsRequestEnds() {
    var farm = small().submits().comesToRest();
    assertThat(farm.request(0, 0)).isEqualTo("success on w1: finished");
    assertThat(farm.told("on w1 step"))
        .containsExactly(
            "on w1 step 0 of zlib/debian#1 starts", "on w1 step 1 of zlib/debian#1 starts");
  }

  @Test
  void aFailureIsNotTriedAgain() {
    var farm = small().ends("compile", Result.FAILURE).submits().comesToRest();
    assertThat(farm.request(0, 0)).isEqualTo("failure on w1: finished");
  }

  @Test
  void aRunningBuildDoesNotNoticeThatTheNodeRestarted() {
    var farm = small().submits().after(5_000).killsNode(20_000).comesToRest();
    assertThat(farm.request(0, 0)).isEqualTo("success on w1: finished");
    assertThat(farm.told("on w1 step")).hasSize(2);
  }

  @Test
  void norThatItsAgentDidOrItsConnectionWasCut() {
    var farm =
        small()
            .submits()
            .after(5_000)
            .killsAgent("w1", 8_000)
            .after(12_000)
            .cuts("w1", 30_000)
            .comesToRest();
    assertThat(farm.request(0, 0)).isEqualTo("success on w1: finished");
    assertThat(farm.told("on w1 step")).hasSize(2);
  }

  @Test
  void aWorkerThatStaysAwayPastItsGraceLosesTheBuildToAnother() {
    var farm = new Farm().machine("w1", 1).machine("w2", 1);
    farm.builder("debian", "compile").grace(Duration.ofSeconds(30)).then();
    farm.takes("compile", 60_000);
    farm.submits().after(5_000).cuts("w1", 300_000).comesToRest();
    assertThat(farm.request(0, 0)).isEqualTo("worker_lost on w1, success on w2: finished");
    assertThat(farm.told("agent w1 gives up")).containsExactly("agent w1 gives up zlib/debian#1");
  }

  @Test
  void aMachineThatRebootsIsAtFault() {
    var farm = small().submits().after(5_000).reboots("w1").comesToRest();
    assertThat(farm.request(0, 0)).isEqualTo("agent_fault on w1, success on w1: finished");
  }

  @Test
  void anEmptyMachineBeginsANewAttempt() {
    var farm = small().submits().after(5_000).losesDisk("w1").comesToRest();
    assertThat(farm.request(0, 0)).isEqualTo("worker_lost on w1, success on w1: finished");
  }

  @Test
  void whatStaysFlakyIsShelvedAndAPersonPutsItBack() {
    var farm = new Farm().machine("w1", 1);
    farm.builder("debian", "compile").retries(2).then();
    farm.ends("compile", Result.RETRY).submits().after(600_000);
    farm.ends("compile", Result.SUCCESS).unshelves(0, 0).comesToRest();
    assertThat(farm.request(0, 0))
        .isEqualTo("retry_rule on w1, retry_rule on w1, success on w1: finished");
  }

  @Test
  void withoutAPersonItStaysThere() {
    var farm = new Farm().machine("w1", 1);
    farm.builder("debian", "compile").retries(2).then();
    farm.ends("compile", Result.RETRY).submits().comesToRest();
    assertThat(farm.request(0, 0)).isEqualTo("retry_rule on w1, retry_rule on w1: shelved");
  }

  @Test
  void whatNeedsAFailureIsNotBuilt() {
    var farm = small();
    farm.builder("docs", "render").needs("debian").then();
    farm.ends("test", Result.FAILURE).submits().comesToRest();
    assertThat(farm.request(0, 0)).isEqualTo("failure on w1: finished");
    assertThat(farm.request(0, 1)).isEqualTo("absent");
  }

  @Test
  void whatIsNeededIsBuiltFirst() {
    var farm = small();
    farm.builder("docs", "render").needs("debian").then();
    farm.submits("docs").comesToRest();
    assertThat(farm.told("BuildStarted"))
        .satisfiesExactly(
            first -> assertThat(first).contains("zlib/debian#1"),
            second -> assertThat(second).contains("zlib/docs#1"));
  }

  @Test
  void theUrgentOvertake() {
    var farm = small().submits().after(1_000).submits(0).after(1_000).submits(9).comesToRest();
    assertThat(farm.told("AttemptStarted"))
        .satisfiesExactly(
            first -> assertThat(first).contains("set000"),
            second -> assertThat(second).contains("set002"),
            third -> assertThat(third).contains("set001"));
  }

  @Test
  void aNewerRequestTakesAnOlderOnesPlace() {
    var farm = new Farm().machine("w1", 1);
    farm.builder("debian", "compile").limit(1).collapses().then();
    farm.takes("compile", 10_000);
    farm.submits().after(1_000).submits().after(1_000).submits().comesToRest();
    assertThat(farm.request(0, 0)).isEqualTo("success on w1: finished");
    assertThat(farm.request(1, 0)).isEqualTo("finished");
    assertThat(farm.request(2, 0)).isEqualTo("success on w1: finished");
  }

  @Test
  void twoBuildsNeverHoldOneLock() {
    var farm = new Farm().machine("w1", 4).lock("db", 1);
    farm.builder("debian", "compile").uses("db").then();
    farm.takes("compile", 10_000);
    farm.submits().submits().submits().comesToRest();
    assertThat(farm.told("on w1 "))
        .containsExactly(
            "on w1 step 0 of zlib/debian#1 starts",
            "on w1 a step of zlib/debian#1 ends",
            "on w1 step 0 of zlib/debian#2 starts",
            "on w1 a step of zlib/debian#2 ends",
            "on w1 step 0 of zlib/debian#3 starts",
            "on w1 a step of zlib/debian#3 ends");
  }

  @Test
  void aPausedWorkerTakesNothingNew() {
    var farm =
        small()
            .after(1_000)
            .pauses("w1")
            .after(1_000)
            .submits()
            .after(60_000)
            .resumes("w1")
            .comesToRest();
    assertThat(farm.request(0, 0)).isEqualTo("success on w1: finished");
    assertThat(farm.told("RequestPassedOver").getFirst()).contains("WORKERS_PAUSED");
  }

  @Test
  void cancellingEndsWhatRunsAndWhatWaits() {
    var farm = small().submits().after(1_000).submits().after(3_000).cancels(0).cancels(1);
    farm.comesToRest();
    assertThat(farm.request(0, 0)).isEqualTo("stopped on w1: cancelled");
    assertThat(farm.request(1, 0)).isEqualTo("cancelled");
  }

  @Test
  void stoppingEndsOneBuildOnly() {
    var farm = small().submits().submits().after(3_000).stops(0, 0).comesToRest();
    assertThat(farm.request(0, 0)).isEqualTo("stopped on w1: cancelled");
    assertThat(farm.request(1, 0)).isEqualTo("success on w1: finished");
  }
}
