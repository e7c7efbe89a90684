package dev.ahjo.worker;

import static dev.ahjo.worker.Plans.build;
import static dev.ahjo.worker.Plans.plan;
import static dev.ahjo.worker.Plans.run;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ahjo.core.buildset.Plan;
import dev.ahjo.core.id.Attempt;
import dev.ahjo.core.id.BuildKey;
import dev.ahjo.core.id.RequestId;
import dev.ahjo.core.project.Result;
import dev.ahjo.core.step.StepReport;
import dev.ahjo.core.step.StepReport.Stream;
import dev.ahjo.wire.Json;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What an agent makes of the folders that an earlier one left. */
@Tag("processes")
class FoundAgainTest extends Situation {
  private static final Duration PATIENCE = Duration.ofSeconds(20);
  private static final Instant THEN = Instant.ofEpochSecond(1);

  @BeforeEach
  void theFirstAgentIsGone() {
    agent.close();
    gate.restart(0);
  }

  /** Leaves a build in {@code work/demo/linux} that has reported so much. */
  private Path left(BuildKey build, Plan plan, StepReport... reports) throws IOException {
    Path dir = data.resolve("builds/demo@linux@" + build.number());
    Files.createDirectories(dir);
    gate.run(build, plan);
    var attempt = new Attempt(new RequestId("r" + build.number()), 1);
    Files.write(
        dir.resolve(HeldBuild.PLAN),
        Json.text().writeValueAsBytes(new HeldBuild.Kept(build, attempt, plan, "demo/linux")));
    var lines = new ByteArrayOutputStream();
    for (StepReport report : reports) {
      lines.writeBytes(Json.text().writerFor(StepReport.class).writeValueAsBytes(report));
      lines.write('\n');
    }
    Files.write(dir.resolve("reports"), lines.toByteArray());
    return dir;
  }

  private static StepReport ended(Stream... streams) {
    return new StepReport.StepEnded(THEN, 0, StepRun.success(List.of(streams)));
  }

  @Test
  void aBuildThatCannotBeWalkedEndsAsAnExceptionAndDoesNotRunForever() throws Exception {
    left(
        build(1),
        plan(run("one", "true"), run("two", "true"), run("three", "true")),
        new StepReport.PlanKept(THEN),
        new StepReport.StepStarted(THEN, 0),
        // no file has such a name, so its stream can't be looked for
        ended(new Stream("a\0b", true, 4)));

    agent = Agent.start(AgentTest.settings(data), gate.link());
    gate.await(PATIENCE, "the end", () -> gate.over(build(1)));

    assertThat(gate.outcome(build(1), 1).result()).isEqualTo(Result.EXCEPTION);
    assertThat(gate.outcome(build(1), 1).problem())
        .hasValueSatisfying(p -> assertThat(p).startsWith("The worker could not go on"));
    assertThat(gate.outcome(build(1), 2).result()).isEqualTo(Result.SKIPPED);
  }

  @Test
  void aBuildThatOnlyWaitsForItsStreamsDoesNotFreeAnothersFolder() throws Exception {
    gate.fill(true);
    Path first =
        left(
            build(1),
            plan(run("one", "echo one")),
            new StepReport.PlanKept(THEN),
            new StepReport.StepStarted(THEN, 0),
            ended(new Stream("stdio", false, 4)));
    Files.createDirectories(first.resolve("steps/0"));
    Files.writeString(first.resolve("steps/0/stdio"), "one\n");
    left(
        build(2),
        plan(run("two", "touch ../two; while [ -e ../two ]; do sleep 0.1; done")),
        new StepReport.PlanKept(THEN));

    agent = Agent.start(AgentTest.settings(data), gate.link());
    gate.await(PATIENCE, "the second to run", () -> Files.exists(data.resolve("work/demo/two")));
    gate.run(build(3), plan(run("three", "basename $PWD >../three")));
    gate.await(
        PATIENCE,
        "the third to run",
        () ->
            Files.exists(data.resolve("work/demo/three"))
                && data.resolve("work/demo/three").toFile().length() > 0);

    assertThat(data.resolve("work/demo/three")).hasContent("linux~2\n");
    Files.delete(data.resolve("work/demo/two"));
    gate.fill(false);
    for (int i = 1; i <= 3; i++) {
      gate.awaitOver(build(i));
    }
  }

  /** The first agent was killed while it removed the build: its plan was gone, its step ran on. */
  @Test
  void whatStillRunsOfABuildThatWasBeingRemovedIsEnded() throws Exception {
    Path dir = Files.createDirectories(data.resolve("builds/demo@linux@9/steps/0"));
    var step = new ProcessBuilder("sleep", "300");
    step.environment()
        .put("AHJO_STEP", Files.readString(data.resolve("instance")).strip() + "/demo/linux#9:0");
    Process left = step.start();
    try {
      agent = Agent.start(AgentTest.settings(data), gate.link());

      assertThat(left.isAlive()).isFalse();
      assertThat(dir).doesNotExist();
    } finally {
      left.destroyForcibly();
    }
  }

  /** The first agent was killed before its report of the step's start was on disk. */
  @Test
  void aStepThatRunsIsFoundThoughItsStartWasNeverReported() throws Exception {
    Path dir = left(build(1), plan(run("long", "sleep 300")), new StepReport.PlanKept(THEN));
    Files.writeString(dir.resolve("stop"), "enough");
    Path spool = Files.createDirectories(dir.resolve("steps/0"));
    String mark = Files.readString(data.resolve("instance")).strip() + "/demo/linux#1:0";
    var step = new ProcessBuilder("sleep", "300");
    step.environment().put("AHJO_STEP", mark);
    Process running = step.start();
    try {
      Files.writeString(
          spool.resolve("launch"), "abc\n" + THEN.toEpochMilli() + "\n" + mark + "\n");
      Files.writeString(spool.resolve("start-abc"), running.pid() + "\n");
      Files.createFile(spool.resolve("stdio"));

      agent = Agent.start(AgentTest.settings(data), gate.link());
      gate.await(PATIENCE, "the end", () -> gate.over(build(1)));

      assertThat(gate.outcome(build(1), 0).result()).isEqualTo(Result.CANCELLED);
      assertThat(running.isAlive()).isFalse();
    } finally {
      running.destroyForcibly();
    }
  }

  @Test
  void aBuildThatCannotBeReadIsSetAsideAndTheOthersGoOn() throws Exception {
    Path unreadable = left(build(1), plan(run("one", "true")), new StepReport.PlanKept(THEN));
    Files.writeString(unreadable.resolve("reports"), "no report\n");
    left(build(2), plan(run("two", "true")), new StepReport.PlanKept(THEN));

    agent = Agent.start(AgentTest.settings(data), gate.link());
    gate.await(PATIENCE, "the end", () -> gate.over(build(2)));

    // nothing of it may run again in the same attempt
    assertThat(gate.awaitNotTaken(build(1)))
        .isEqualTo("what was kept of it can't be read any more");
    assertThat(agent.holds()).doesNotContain(build(1));
    assertThat(data.resolve("damaged").resolve(unreadable.getFileName()).resolve("reports"))
        .hasContent("no report");
  }

  @Test
  void aFolderThatCouldNotBeMadeIsNotTaken() throws Exception {
    var folders = new BuildFolders(data.resolve("apart"), 1);
    Files.createDirectories(data.resolve("apart"));
    Path inTheWay = Files.createFile(data.resolve("apart/demo"));
    org.assertj.core.api.Assertions.assertThatIOException()
        .isThrownBy(() -> folders.take(build(1).builder()));
    Files.delete(inTheWay);

    assertThat(folders.name(folders.take(build(1).builder()))).isEqualTo("demo/linux");
  }
}
