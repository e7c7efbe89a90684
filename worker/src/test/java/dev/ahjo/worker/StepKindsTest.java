package dev.ahjo.worker;

import static dev.ahjo.worker.Plans.build;
import static dev.ahjo.worker.Plans.plan;
import static dev.ahjo.worker.Plans.run;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ahjo.core.id.BuildKey;
import dev.ahjo.core.log.StreamKey;
import dev.ahjo.core.project.Result;
import dev.ahjo.core.project.StepDefinition.Kind;
import dev.ahjo.core.property.Template;
import dev.ahjo.core.step.StepReport.StepOutcome;
import dev.ahjo.core.step.StepReport.Stream;
import dev.ahjo.core.step.StepReport.Tests;
import dev.ahjo.wire.ArtifactList;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What run, upload and download steps find in output and files. */
@Tag("processes")
class StepKindsTest extends Situation {
  private static Plans.Step upload(String glob) {
    return Plans.step("upload", new Kind.Upload(Template.parse(glob)));
  }

  private static Plans.Step download(String builder, String glob) {
    return Plans.step("download", new Kind.Download(builder, Template.parse(glob)));
  }

  private static BuildKey other(long number) {
    return BuildKey.parse("demo/other#" + number);
  }

  @Test
  void testsAreSummedAndFailuresNamed() {
    StepOutcome outcome =
        runs(
            build(1),
            plan(
                Plans.tests(
                    """
                    mkdir -p a/b
                    echo '<testsuite><testcase name="ok" classname="A"/>
                      <testcase name="bad" classname="A"><failure>no</failure></testcase>
                      <testcase name="off"><skipped/></testcase></testsuite>' > a/b/one.xml
                    echo '<testsuites><testsuite><testcase name="err" classname="B"><error/>
                      </testcase></testsuite></testsuites>' > two.xml
                    """,
                    "**/*.xml")));

    assertThat(outcome.tests()).hasValue(new Tests(1, 2, 1, List.of("A.bad", "B.err")));
    assertThat(outcome.result()).isEqualTo(Result.FAILURE);
    assertThat(outcome.problem()).hasValue("2 tests failed");
  }

  @Test
  void anEarlierBuildsTestReportsDoNotCount() {
    StepOutcome outcome =
        runs(
            build(1),
            plan(
                Plans.tests(
                    "echo '<testsuite><testcase name=\"bad\"><failure/></testcase></testsuite>'"
                        + " > old.xml; touch -d '1 hour ago' old.xml",
                    "*.xml")));

    assertThat(outcome.tests()).isEmpty();
    assertThat(outcome.result()).isEqualTo(Result.SUCCESS);
  }

  @Test
  void aTestReportCannotReadTheWorkersFiles() {
    StepOutcome outcome =
        runs(
            build(1),
            plan(
                Plans.tests(
                    "echo '<!DOCTYPE t [<!ENTITY e SYSTEM \"file:///etc/passwd\">]>"
                        + "<testsuite><testcase name=\"a\"><failure>&e;</failure></testcase>"
                        + "</testsuite>' > evil.xml; echo '<testsuite><testcase name=\"b\"/>"
                        + "</testsuite>' > good.xml",
                    "*.xml")));

    assertThat(outcome.tests().orElseThrow().passed()).isEqualTo(1);
    assertThat(outcome.toString()).doesNotContain("root:");
  }

  @Test
  void aTestReportThatIsNoneIsAWarning() {
    StepOutcome outcome =
        runs(build(1), plan(Plans.tests("echo '<testsuite><oops' > a.xml", "*.xml")));

    assertThat(outcome.result()).isEqualTo(Result.WARNINGS);
    assertThat(outcome.problem())
        .hasValueSatisfying(p -> assertThat(p).startsWith("Could not read the test report a.xml"));
  }

  @Test
  void warningsAreCounted() {
    StepOutcome gcc =
        runs(
            build(1),
            plan(
                Plans.warnings(
                    "echo 'a.c:3:5: warning: unused'; echo 'In file:'; echo 'ld: warning: old'",
                    "gcc")));
    assertThat(gcc.warnings()).isEqualTo(2);
    assertThat(gcc.result()).isEqualTo(Result.WARNINGS);

    StepOutcome own =
        runs(build(2), plan(Plans.warnings("echo 'W123 x'; echo 'w123'; echo E1", "^W\\d+")));
    assertThat(own.warnings()).isEqualTo(1);

    StepOutcome none = runs(build(3), plan(Plans.warnings("echo fine", "javac")));
    assertThat(none.result()).isEqualTo(Result.SUCCESS);
  }

  @Test
  void anExpressionThatIsNoneIsNamed() {
    StepOutcome outcome = runs(build(1), plan(Plans.warnings("echo x", "(")));

    assertThat(outcome.result()).isEqualTo(Result.WARNINGS);
    assertThat(outcome.problem()).hasValue("Expected a regular expression, but found '('");
  }

  @Test
  void anExpressionThatGoesTooDeepIsNamed() {
    StepOutcome outcome =
        runs(
            build(1),
            plan(Plans.warnings("head -c 60000 /dev/zero | tr '\\0' x; echo", "^(x|y)*$")));

    assertThat(outcome.result()).isEqualTo(Result.WARNINGS);
    assertThat(outcome.problem()).hasValueSatisfying(p -> assertThat(p).contains("goes too deep"));
  }

  @Test
  void aNetworksFailureMatchesTheRetryRule() {
    Plans.Step git =
        Plans.step(
            "git",
            new Kind.Run(
                List.of(Template.of("echo 'fatal: Could not resolve host: x' >&2; exit 128")),
                true,
                Optional.empty(),
                Optional.empty(),
                Optional.empty()));
    StepOutcome outcome = runs(build(1), plan(git));
    assertThat(outcome.retryRule()).hasValue("checkout-network");

    StepOutcome compile =
        runs(build(2), plan(run("compile", "echo 'Could not resolve host'; exit 1")));
    assertThat(compile.retryRule()).isEmpty();
  }

  @Test
  void filesTravelFromOneBuildToAnother() {
    runs(
        other(4),
        plan(
            run(
                "make",
                "mkdir -p out/deep; echo one > out/1.bin; head -c 300000 /dev/urandom >"
                    + " out/deep/2.bin; : > out/empty.bin; echo no > out/3.txt"),
            upload("**/*.bin"),
            run("tidy", "cp -r out ../kept; rm -rf out")));

    assertThat(gate.outcome(other(4), 1).streams())
        .containsExactly(
            new Stream("out/1.bin", true, 4),
            new Stream("out/deep/2.bin", true, 300_000),
            new Stream("out/empty.bin", true, 0));
    assertThat(gate.artifact(other(4), 1, "out/1.bin"))
        .isEqualTo("one\n".getBytes(StandardCharsets.UTF_8));

    gate.run(
        build(1),
        plan(
            List.of(),
            Map.of("other", other(4)),
            download("other", "out/*"),
            run("compare", "rm -r ../kept/3.txt; diff -r out ../kept && echo same")));
    gate.awaitOver(build(1));
    assertThat(log(build(1), 1)).isEqualTo("same\n");
  }

  @Test
  void aStepWhoseFolderCanNotBeEndsTheBuildAndNotItsThread() {
    gate.run(build(1), plan(run("first", "true").in("a\0b"), run("second", "true")));
    gate.awaitOver(build(1));

    assertThat(gate.outcome(build(1), 0).result()).isEqualTo(Result.EXCEPTION);
    assertThat(gate.outcome(build(1), 0).problem())
        .hasValueSatisfying(p -> assertThat(p).startsWith("Expected a path"));
    assertThat(gate.outcome(build(1), 1).result()).isEqualTo(Result.SKIPPED);
  }

  @Test
  void whatTheBuildItselfMadeImpossibleIsNotTheAgentsFault() {
    StepOutcome nul = runs(build(1), plan(run("nul", "true").env("X", "a\0b")));
    assertThat(nul.result()).isEqualTo(Result.EXCEPTION);
    assertThat(nul.agentFault()).isFalse();
    assertThat(nul.problem())
        .hasValue("Expected an environment without NUL characters, but found one in X");

    StepOutcome words = runs(build(2), plan(run("nul", "echo a\0b")));
    assertThat(words.agentFault()).isFalse();
    assertThat(words.problem())
        .hasValue("Expected a command without NUL characters, but found one in it");

    StepOutcome tooLong = runs(build(3), plan(run("long", "echo " + "x".repeat(200_000))));
    assertThat(tooLong.result()).isEqualTo(Result.EXCEPTION);
    assertThat(tooLong.agentFault()).isFalse();
    assertThat(tooLong.problem())
        .hasValueSatisfying(p -> assertThat(p).contains("longer than the system starts"));
  }

  @Test
  void anUploadOfTooManyBytesFails() {
    gate.run(
        build(1),
        plan(
            run("make", "head -c 700 /dev/zero > a.bin; cp a.bin b.bin"),
            upload("*.bin").limits(Duration.ofMinutes(1), Duration.ofMinutes(1), 1000)));
    gate.awaitOver(build(1));

    assertThat(gate.outcome(build(1), 1).result()).isEqualTo(Result.FAILURE);
    assertThat(gate.outcome(build(1), 1).problem())
        .hasValue("Stopped because its files have more than 1000 bytes (max_output)");
    assertThat(gate.outcome(build(1), 1).streams()).isEmpty();
  }

  @Test
  void anUploadOfNamesTooLongForOneReportFails() throws Exception {
    agent.close();
    AgentSettings s = AgentTest.settings(data);
    agent =
        Agent.start(
            new AgentSettings(
                s.name(),
                s.folder(),
                s.gates(),
                s.token(),
                s.slots(),
                s.labels(),
                s.pool(),
                s.bind(),
                s.tls(),
                s.timing(),
                AgentSettings.Limits.DEFAULT),
            gate.link());
    gate.run(
        build(1),
        plan(
            run(
                "many",
                "d=$(printf '%0120d' 0); mkdir -p $d; cd $d; i=100; while [ $i -lt 990 ]; do"
                    + " : >$(printf '%0120d' $i); i=$((i+1)); done"),
            upload("**")));
    gate.awaitOver(build(1));

    assertThat(gate.outcome(build(1), 1).result()).isEqualTo(Result.FAILURE);
    assertThat(gate.outcome(build(1), 1).problem())
        .hasValueSatisfying(p -> assertThat(p).startsWith("Expected paths of at most 196608"));
  }

  @Test
  void anUploadThatFindsNothingFails() {
    StepOutcome outcome = runs(build(1), plan(upload("*.tar.xz")));

    assertThat(outcome.result()).isEqualTo(Result.FAILURE);
    assertThat(outcome.problem()).hasValue("No file matches '*.tar.xz'");
  }

  @Test
  void anUploadOfAFileWithAnImpossibleNameFails() {
    gate.run(build(1), plan(run("make", "echo > 'a\\b.bin'"), upload("*.bin")));
    gate.awaitOver(build(1));

    assertThat(gate.outcome(build(1), 1).result()).isEqualTo(Result.FAILURE);
    assertThat(gate.outcome(build(1), 1).problem())
        .hasValueSatisfying(p -> assertThat(p).contains("'a\\b.bin'"));
  }

  @Test
  void anUploadHasALimit() {
    gate.run(build(1), plan(run("many", "for i in $(seq 30); do echo > f$i; done"), upload("f*")));
    gate.awaitOver(build(1));

    assertThat(gate.outcome(build(1), 1).problem())
        .hasValue("Expected at most 20 files for one upload, but more match 'f*'");
  }

  @Test
  void anUploadDoesNotFollowLinksOutOfTheBuild() {
    gate.run(
        build(1),
        plan(run("link", "ln -s /etc etc; ln -s /etc/passwd passwd; echo a > b"), upload("**")));
    gate.awaitOver(build(1));

    assertThat(gate.outcome(build(1), 1).streams()).containsExactly(new Stream("b", true, 2));
  }

  /** The disaster test fills a real disk. */
  @Test
  void whetherThereIsRoomIsFoundOutByWriting(@TempDir Path folder) throws IOException {
    assertThat(StepRun.noRoom(folder)).isEmpty();
    assertThat(folder).isEmptyDirectory();
    assertThat(StepRun.noRoom(folder.resolve("nowhere")))
        .hasValueSatisfying(p -> assertThat(p).contains("no room", "nowhere"));
  }

  @Test
  void aDownloadWithoutSuchABuildIsAnError() {
    StepOutcome outcome = runs(build(1), plan(download("nobody", "*")));

    assertThat(outcome.result()).isEqualTo(Result.EXCEPTION);
    assertThat(outcome.problem())
        .hasValueSatisfying(p -> assertThat(p).contains("'nobody'", "needs"));
  }

  @Test
  void aDownloadOfMoreThanAnAnswerCanNameTakesThemPageByPage() {
    int files = ArtifactList.MAX_NAMED + 1;
    for (int i = 0; i < files; i++) {
      gate.stores(new StreamKey(other(4), 0, StreamKey.Kind.ARTIFACT, i + ".bin"));
    }
    gate.run(
        build(1),
        plan(
            List.of(),
            Map.of("other", other(4)),
            download("other", "*"),
            run("count", "ls | wc -l")));
    gate.awaitOver(build(1));

    assertThat(gate.outcome(build(1), 0).result()).isEqualTo(Result.SUCCESS);
    assertThat(log(build(1), 1).strip()).isEqualTo(Integer.toString(files));
  }

  @Test
  void aDownloadWaitsForAGateThatIsAway() {
    runs(other(4), plan(run("make", "echo one > 1.bin"), upload("1.bin")));
    gate.cut();
    gate.heal();
    gate.loseEvery(3);
    gate.run(
        build(1),
        plan(
            List.of(),
            Map.of("other", other(4)),
            run("first", "true"),
            download("other", "*"),
            run("show", "cat 1.bin")));
    gate.awaitOver(build(1));
    gate.loseEvery(0);
    assertThat(log(build(1), 2)).isEqualTo("one\n");
  }

  @Test
  void foldersThatWereNotUsedForLongestGo() {
    for (int i = 1; i <= 4; i++) {
      runs(BuildKey.parse("demo/b" + i + "#1"), plan(run("make", "echo > made")));
    }

    gate.await(
        java.time.Duration.ofSeconds(10),
        "the oldest folders to go",
        () ->
            Files.notExists(data.resolve("work/demo/b1"))
                && Files.notExists(data.resolve("work/demo/b2")));
    assertThat(data.resolve("work/demo/b4/made")).exists();
  }
}
