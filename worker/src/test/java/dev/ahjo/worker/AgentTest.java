package dev.ahjo.worker;

import static dev.ahjo.worker.Plans.build;
import static dev.ahjo.worker.Plans.plan;
import static dev.ahjo.worker.Plans.run;
import static dev.ahjo.worker.Plans.set;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ahjo.core.id.BuildKey;
import dev.ahjo.core.id.PoolName;
import dev.ahjo.core.id.WorkerName;
import dev.ahjo.core.project.Result;
import dev.ahjo.core.project.StepDefinition.OnFailure;
import dev.ahjo.core.property.Condition;
import dev.ahjo.core.step.StepReport;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What an agent does with plans, told in short builds. */
class AgentTest extends Situation {
  static AgentSettings settings(Path data) {
    return new AgentSettings(
        new WorkerName("w1"),
        data,
        List.of(URI.create("pekko://127.0.0.1:1")),
        "secret",
        8,
        Set.of("linux"),
        new PoolName("default"),
        Bind.LOOPBACK,
        AgentSettings.Tls.NONE,
        new AgentSettings.Timing(
            Duration.ofMillis(100),
            Duration.ofMillis(600),
            Duration.ofMillis(20),
            Duration.ofMillis(100),
            Duration.ofMillis(400),
            Duration.ofMillis(600)),
        new AgentSettings.Limits(2, 20));
  }

  private void runs(BuildKey build, Plans.Step... steps) {
    gate.run(build, plan(steps));
    gate.awaitOver(build);
  }

  private List<Result> results(BuildKey build) {
    return gate.reports(build).stream()
        .filter(StepReport.StepEnded.class::isInstance)
        .map(r -> ((StepReport.StepEnded) r).outcome().result())
        .toList();
  }

  @Test
  void aPlanRunsAndItsReportsArriveInOrder() {
    runs(build(1), run("one", "echo 1"), run("two", "echo ${properties.greeting}"));

    assertThat(gate.reports(build(1)))
        .extracting(r -> r.getClass().getSimpleName())
        .containsExactly(
            "PlanKept", "StepStarted", "StepEnded", "StepStarted", "StepEnded", "BuildEnded");
    assertThat(gate.outcome(build(1), 0).exitCode()).hasValue(0);
    assertThat(gate.outcome(build(1), 1).streams())
        .containsExactly(new StepReport.Stream("stdio", false, 6));
    assertThat(log(build(1), 0)).isEqualTo("1\n");
    assertThat(log(build(1), 1)).isEqualTo("hello\n");
  }

  @Test
  void whatIsOverIsNotKept() {
    runs(build(1), run("one", "echo 1"));

    gate.await(
        Duration.ofSeconds(10),
        "the build's folder to go",
        () -> {
          try (Stream<Path> left = Files.list(data.resolve("builds"))) {
            return left.findAny().isEmpty();
          } catch (IOException e) {
            return false;
          }
        });
    assertThat(agent.holds()).isEmpty();
  }

  @Test
  void aFailureStopsWhatFollowsButNotWhatAlwaysRuns() {
    runs(
        build(1),
        run("breaks", "exit 3"),
        run("never", "echo no"),
        run("tidy", "echo tidy").always());

    assertThat(results(build(1))).containsExactly(Result.FAILURE, Result.SKIPPED, Result.SUCCESS);
    assertThat(gate.outcome(build(1), 0).exitCode()).hasValue(3);
    assertThat(log(build(1), 2)).isEqualTo("tidy\n");
  }

  @Test
  void theFirstFailingCommandOfAScriptEndsIt() {
    runs(build(1), run("script", "false\necho went on"));

    assertThat(results(build(1))).containsExactly(Result.FAILURE);
    assertThat(log(build(1), 0)).isEmpty();
  }

  @Test
  void aFailureThatMayHappenStopsNothing() {
    runs(
        build(1),
        run("a", "false").onFailure(OnFailure.CONTINUE),
        run("b", "false").onFailure(OnFailure.WARN),
        run("c", "false").onFailure(OnFailure.IGNORE),
        run("d", "true"));

    assertThat(results(build(1)))
        .containsExactly(Result.FAILURE, Result.FAILURE, Result.FAILURE, Result.SUCCESS);
  }

  @Test
  void aStepWhoseConditionDoesNotHoldIsSkipped() {
    var quick =
        new Condition.Equal(
            new Condition.Operand.Name("properties.mode"), new Condition.Operand.Text("quick"));
    runs(
        build(1),
        run("before", "echo a").when(quick),
        set("mode", "echo quick"),
        run("after", "echo b").when(quick));

    assertThat(results(build(1))).containsExactly(Result.SKIPPED, Result.SUCCESS, Result.SUCCESS);
  }

  @Test
  void outputBecomesAPropertyWithoutWhatWentToStandardError() {
    runs(
        build(1),
        set("version", "echo noise >&2; echo; echo '  1.2.3 '"),
        run("use", "echo v${properties.version}"));

    assertThat(gate.reports(build(1)))
        .filteredOn(StepReport.PropertySet.class::isInstance)
        .extracting(r -> ((StepReport.PropertySet) r).value())
        .containsExactly("1.2.3");
    assertThat(log(build(1), 0)).isEqualTo("noise\n\n  1.2.3 \n");
    assertThat(log(build(1), 1)).isEqualTo("v1.2.3\n");
  }

  @Test
  void aPropertyHasALimit() {
    runs(build(1), set("huge", "head -c 70000 /dev/zero | tr '\\\\0' x"));

    assertThat(results(build(1))).containsExactly(Result.FAILURE);
    assertThat(gate.outcome(build(1), 0).problem())
        .hasValueSatisfying(p -> assertThat(p).contains("65536", "'huge'"));
  }

  @Test
  void anUnknownNameIsNamed() {
    runs(build(1), run("typo", "echo ${properties.nope}"));

    assertThat(results(build(1))).containsExactly(Result.EXCEPTION);
    assertThat(gate.outcome(build(1), 0).problem())
        .hasValue("Unknown name ${properties.nope} in step 'typo'");
    assertThat(gate.outcome(build(1), 0).agentFault()).isFalse();
  }

  /**
   * Found only when the step's log is open: the project file's check can't know which steps ran.
   */
  @Test
  void anUnknownNameInTheEnvironmentEndsTheStepAndTheBuild() {
    runs(
        build(1),
        set("version", "false"),
        run("notify", "true").env("VERSION", "${properties.version}").always());

    assertThat(results(build(1))).containsExactly(Result.FAILURE, Result.EXCEPTION);
    assertThat(gate.outcome(build(1), 1).problem())
        .hasValue("Unknown name ${properties.version} in step 'notify'");
  }

  @Test
  void aWorkdirIsMadeAndStaysWithinTheBuild() {
    runs(
        build(1),
        run("inside", "pwd").in("a/b"),
        run("link", "ln -s / out"),
        run("outside", "pwd").in("../../..").onFailure(OnFailure.IGNORE).always(),
        run("absolute", "pwd").in("/tmp").always(),
        run("by-link", "pwd").in("out/tmp").always());

    assertThat(log(build(1), 0)).endsWith("work/demo/linux/a/b\n");
    assertThat(results(build(1)))
        .containsExactly(
            Result.SUCCESS, Result.SUCCESS, Result.EXCEPTION, Result.EXCEPTION, Result.EXCEPTION);
    assertThat(gate.outcome(build(1), 2).problem())
        .hasValue(
            "Expected the workdir of step 'outside' within the build's folder, but found '../../..'");
  }

  @Test
  void aStepSeesNothingOfTheAgentsEnvironment() {
    runs(build(1), run("env", "env").env("MINE", "${properties.greeting} you"));

    assertThat(log(build(1), 0).lines().map(l -> l.substring(0, l.indexOf('='))))
        .contains("PATH", "MINE", "LC_ALL", "AHJO_BUILD", "AHJO_WORKER", "CI")
        .allSatisfy(name ->
            assertThat(name)
                .matches(
                    "AHJO.*|PATH|HOME|LANG|LC_ALL|TZ|TMPDIR|USER|LOGNAME|SHELL|CI|MINE|PWD|OLDPWD|SHLVL|_"));
    assertThat(log(build(1), 0)).contains("MINE=hello you\n", "AHJO_BUILD=demo/linux#1\n");
  }

  @Test
  void whatAStepLeftRunningEndsBeforeItsBuildDoes() throws Exception {
    runs(
        build(1),
        run(
            "server",
            """
            (trap 'echo ended >../server; exit' TERM; echo up >../server
             while :; do sleep 0.05; done) &
            while [ ! -s ../server ]; do sleep 0.05; done
            """));

    assertThat(data.resolve("work/demo/server")).hasContent("ended");
    assertThat(results(build(1))).containsExactly(Result.SUCCESS);
  }

  @Test
  void aSignalHasAName() {
    runs(build(1), run("dies", "kill -SEGV $$"));

    assertThat(gate.outcome(build(1), 0).signal()).hasValue("SEGV");
    assertThat(gate.outcome(build(1), 0).exitCode()).hasValue(139);
    assertThat(gate.outcome(build(1), 0).result()).isEqualTo(Result.FAILURE);
  }

  @Test
  void aStepThatKillsItsWholeGroupStillHasAnEnd() {
    runs(build(1), run("rage", "kill -9 0"));

    assertThat(gate.outcome(build(1), 0).signal()).hasValue("KILL");
    assertThat(gate.outcome(build(1), 0).agentFault()).isFalse();
  }

  @Test
  void theBuildersNextBuildFindsTheFolderAsItWas() {
    runs(build(1), run("make", "echo made > file"));
    runs(build(2), run("use", "cat file"));

    assertThat(log(build(2), 0)).isEqualTo("made\n");
  }

  @Test
  void twoBuildsOfOneBuilderAtOnceDoNotShareAFolder() {
    gate.run(build(1), plan(run("wait", "pwd; while [ ! -e go ]; do sleep 0.02; done")));
    gate.await(Duration.ofSeconds(10), "output", () -> gate.log(build(1), 0).length > 0);
    runs(build(2), run("where", "pwd; touch ../linux/go"));
    gate.awaitOver(build(1));

    assertThat(log(build(1), 0)).endsWith("work/demo/linux\n");
    assertThat(log(build(2), 0)).endsWith("work/demo/linux~2\n");
  }

  @Test
  void aRepeatedOrderIsAnsweredWithTheReports() {
    gate.run(build(1), plan(run("wait", "while [ ! -e go ]; do sleep 0.02; done")));
    gate.await(Duration.ofSeconds(10), "the start", () -> gate.reports(build(1)).size() == 2);
    gate.runAgain(build(1));
    gate.run(build(2), plan(run("go", "touch ../linux/go")));
    gate.awaitOver(build(1));
    gate.runAgain(build(1));
    runs(build(3), run("later", "true"));

    assertThat(gate.reports(build(1)))
        .filteredOn(StepReport.StepStarted.class::isInstance)
        .hasSize(1);
  }

  @Test
  void bytesOfAnyKindAndLinesOfAnyLengthArriveAsTheyAre() {
    runs(
        build(1),
        run("binary", "printf '\\000\\377\\376ä'"),
        run("long", "head -c 10000000 /dev/zero | tr '\\000' y; echo end"));

    assertThat(gate.log(build(1), 0))
        .isEqualTo(new byte[] {0, (byte) 0xff, (byte) 0xfe, (byte) 0xc3, (byte) 0xa4});
    byte[] line = gate.log(build(1), 1);
    assertThat(line).hasSize(10_000_004);
    assertThat(line[9_999_999]).isEqualTo((byte) 'y');
    assertThat(line).endsWith("end\n".getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void aDataFolderHasOneAgent() {
    assertThatThrownBy(() -> Agent.start(settings(data), gate.link()))
        .isInstanceOf(IOException.class)
        .hasMessageContaining(data.toString())
        .hasMessageContaining("another agent");
  }

  @Test
  void anAgentThatIsRefusedEndsWithTheReason(@TempDir Path other) throws Exception {
    var strict = new FakeGate();
    strict.demand("another");
    try (Agent refused = Agent.start(settings(other), strict.link())) {
      assertThat(refused.awaitEnd()).hasValue("The token is not that of w1");
      assertThat(refused.connected()).isFalse();
    }
  }
}
