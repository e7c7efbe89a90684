package dev.ahjo.worker;

import static dev.ahjo.worker.Plans.build;
import static dev.ahjo.worker.Plans.plan;
import static dev.ahjo.worker.Plans.run;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ahjo.core.buildset.SourceStamp;
import dev.ahjo.core.project.Result;
import dev.ahjo.core.project.StepDefinition.GitMode;
import dev.ahjo.core.project.StepDefinition.Kind;
import dev.ahjo.core.step.StepReport;
import dev.ahjo.core.step.StepReport.StepOutcome;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Checkouts with the real git, from a repository in a folder. */
@Tag("processes")
class GitCheckoutTest extends Situation {
  @TempDir Path origin;

  private long number;

  @BeforeEach
  void aRepository() throws Exception {
    git("init", "-q", "-b", "main");
    commit("file", "one");
  }

  private String git(String... words) throws Exception {
    return gitIn(origin, words);
  }

  private static String gitIn(Path folder, String... words) throws Exception {
    var command =
        new ArrayList<>(
            List.of(
                "git",
                "-c",
                "user.name=T",
                "-c",
                "user.email=t@example.org",
                "-c",
                "protocol.file.allow=always"));
    command.addAll(List.of(words));
    Process process =
        new ProcessBuilder(command).directory(folder.toFile()).redirectErrorStream(true).start();
    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).describedAs("git %s: %s", List.of(words), out).isZero();
    return out.strip();
  }

  private String commit(String file, String text) throws Exception {
    Files.writeString(origin.resolve(file), text + "\n");
    git("add", "-A");
    git("commit", "-q", "-m", text);
    return git("rev-parse", "HEAD");
  }

  private StepOutcome checkout(GitMode mode, String branch, Optional<String> revision) {
    return checkout(Plans.git(mode), branch, revision);
  }

  private StepOutcome checkout(Plans.Step step, String branch, Optional<String> revision) {
    number++;
    StepOutcome outcome =
        runs(
            build(number),
            plan(
                List.of(new SourceStamp("code", "file://" + origin, branch, revision)),
                Map.of(),
                step.env("GIT_ALLOW_PROTOCOL", "file"),
                run("show", "cat file; ls")));
    return outcome;
  }

  private String shown() {
    return log(build(number), 1);
  }

  private String found() {
    return gate.reports(build(number)).stream()
        .filter(StepReport.RevisionFound.class::isInstance)
        .map(r -> ((StepReport.RevisionFound) r).revision())
        .findFirst()
        .orElse("none");
  }

  private Path tree() {
    return data.resolve("work/demo/linux");
  }

  private void succeeds(StepOutcome outcome) {
    assertThat(outcome.result()).describedAs(log(build(number), 0)).isEqualTo(Result.SUCCESS);
  }

  @ParameterizedTest
  @EnumSource(GitMode.class)
  void eachModeBringsTheNewestOfTheBranchAndTellsWhichItWas(GitMode mode) throws Exception {
    succeeds(checkout(mode, "main", Optional.empty()));
    assertThat(shown()).isEqualTo("one\nfile\n");
    assertThat(found()).isEqualTo(git("rev-parse", "HEAD"));

    Files.writeString(tree().resolve("untracked"), "x");
    Files.writeString(tree().resolve("file"), "changed by the build");
    Files.writeString(tree().resolve(".git/index.lock"), "left by a git that was killed");
    String two = commit("file", "two");
    succeeds(checkout(mode, "main", Optional.empty()));

    assertThat(shown())
        .isEqualTo(mode == GitMode.INCREMENTAL ? "two\nfile\nuntracked\n" : "two\nfile\n");
    assertThat(found()).isEqualTo(two);
  }

  @ParameterizedTest
  @EnumSource(GitMode.class)
  void rewrittenHistoryIsFollowed(GitMode mode) throws Exception {
    commit("file", "two");
    succeeds(checkout(mode, "main", Optional.empty()));
    git("reset", "-q", "--hard", "HEAD~1");
    String other = commit("file", "another two");
    succeeds(checkout(mode, "main", Optional.empty()));

    assertThat(shown()).startsWith("another two\n");
    assertThat(found()).isEqualTo(other);
  }

  @Test
  void aGivenRevisionIsBuiltAndNotReportedAsFound() throws Exception {
    String one = git("rev-parse", "HEAD");
    commit("file", "two");
    succeeds(checkout(GitMode.INCREMENTAL, "main", Optional.of(one)));

    assertThat(shown()).startsWith("one\n");
    assertThat(found()).isEqualTo("none");
  }

  @Test
  void aGivenRevisionOutlivesItsBranch() throws Exception {
    git("checkout", "-q", "-b", "topic");
    String topic = commit("file", "topic");
    succeeds(checkout(GitMode.INCREMENTAL, "topic", Optional.of(topic)));
    git("checkout", "-q", "main");
    git("branch", "-D", "topic");
    succeeds(checkout(GitMode.CLEAN, "topic", Optional.of(topic)));
    assertThat(shown()).startsWith("topic\n");
  }

  @Test
  void aDeletedBranchIsAFailureThatNamesIt() throws Exception {
    StepOutcome outcome = checkout(GitMode.INCREMENTAL, "gone", Optional.empty());

    assertThat(outcome.result()).isEqualTo(Result.FAILURE);
    assertThat(log(build(number), 0)).contains("gone");
  }

  @Test
  void anUnknownRevisionIsAFailureThatNamesIt() throws Exception {
    String nowhere = "0123456789012345678901234567890123456789";
    StepOutcome outcome = checkout(GitMode.INCREMENTAL, "main", Optional.of(nowhere));

    assertThat(outcome.result()).isEqualTo(Result.FAILURE);
    assertThat(log(build(number), 0)).contains("The revision " + nowhere + " was not found");
  }

  @Test
  void aBranchMayBecomeAFolderOfBranches() throws Exception {
    git("branch", "release");
    succeeds(checkout(GitMode.INCREMENTAL, "release", Optional.empty()));
    git("branch", "-D", "release");
    git("branch", "release/1");
    succeeds(checkout(GitMode.INCREMENTAL, "release/1", Optional.empty()));
  }

  @Test
  void aTagMayStandInForABranch() throws Exception {
    git("tag", "v1");
    commit("file", "two");
    succeeds(checkout(GitMode.INCREMENTAL, "v1", Optional.empty()));
    assertThat(shown()).startsWith("one\n");
  }

  @Test
  void aShallowCheckoutHasOnlySoMuchHistoryAndCanBeDeepenedLater() throws Exception {
    commit("file", "two");
    commit("file", "three");
    Plans.Step shallow =
        Plans.step("git", new Kind.Git("code", GitMode.INCREMENTAL, false, Optional.of(1)));
    succeeds(checkout(shallow, "main", Optional.empty()));
    assertThat(gitIn(tree(), "rev-list", "--count", "HEAD")).isEqualTo("1");

    succeeds(checkout(GitMode.INCREMENTAL, "main", Optional.empty()));
    assertThat(gitIn(tree(), "rev-list", "--count", "HEAD")).isEqualTo("3");
  }

  @Test
  void aShallowCheckoutFindsAnOlderRevision() throws Exception {
    String one = git("rev-parse", "HEAD");
    commit("file", "two");
    commit("file", "three");
    Plans.Step shallow =
        Plans.step("git", new Kind.Git("code", GitMode.CLOBBER, false, Optional.of(1)));
    succeeds(checkout(shallow, "main", Optional.of(one)));
    assertThat(shown()).startsWith("one\n");
  }

  @Test
  void tagsComeAlongForThoseWhoDescribe() throws Exception {
    git("tag", "-a", "v1.0", "-m", "v1.0");
    commit("file", "two");
    succeeds(checkout(GitMode.CLEAN, "main", Optional.empty()));
    assertThat(gitIn(tree(), "describe")).startsWith("v1.0-1-");
  }

  @Test
  void submodulesComeAlong(@TempDir Path library) throws Exception {
    gitIn(library, "init", "-q", "-b", "main");
    Files.writeString(library.resolve("lib.c"), "lib\n");
    gitIn(library, "add", "-A");
    gitIn(library, "commit", "-q", "-m", "lib");
    git("submodule", "--quiet", "add", "file://" + library, "lib");
    git("commit", "-q", "-m", "with lib");
    Plans.Step step =
        Plans.step("git", new Kind.Git("code", GitMode.CLEAN, true, Optional.empty()));
    succeeds(checkout(step, "main", Optional.empty()));
    assertThat(tree().resolve("lib/lib.c")).exists();

    // as a git that was killed leaves them
    Files.createFile(tree().resolve(".git/modules/lib/index.lock"));
    Files.createFile(tree().resolve(".git/index.lock"));
    Files.writeString(tree().resolve("lib/junk"), "x");
    succeeds(checkout(step, "main", Optional.empty()));
    assertThat(tree().resolve("lib/junk")).doesNotExist();
  }

  @Test
  void aBrokenCloneIsMadeAnew() throws Exception {
    succeeds(checkout(GitMode.INCREMENTAL, "main", Optional.empty()));
    DataFolder.remove(tree().resolve(".git/objects"));
    commit("file", "two");
    succeeds(checkout(GitMode.INCREMENTAL, "main", Optional.empty()));
    assertThat(shown()).startsWith("two\n");
  }

  @Test
  void aFolderInTheWayOfAFileIsNoObstacle() throws Exception {
    succeeds(checkout(GitMode.INCREMENTAL, "main", Optional.empty()));
    Files.createDirectories(tree().resolve("built/by/us"));
    Files.writeString(tree().resolve("built/by/us/x"), "x");
    commit("built", "a file now");
    succeeds(checkout(GitMode.INCREMENTAL, "main", Optional.empty()));
    assertThat(tree().resolve("built")).isRegularFile();
  }

  @Test
  void aRepositoryThatIsNotThereIsAFailureThatMayPass() throws IOException {
    DataFolder.remove(origin);
    StepOutcome outcome = checkout(GitMode.INCREMENTAL, "main", Optional.empty());

    assertThat(outcome.result()).isEqualTo(Result.FAILURE);
    assertThat(log(build(number), 0)).contains("does not");
  }

  @Test
  void anAddressIsNoOption() {
    number++;
    StepOutcome outcome =
        runs(
            build(number),
            plan(
                List.of(new SourceStamp("code", "--upload-pack=touch x", "main", Optional.empty())),
                Map.of(),
                Plans.git(GitMode.CLEAN)));

    assertThat(outcome.result()).isEqualTo(Result.EXCEPTION);
    assertThat(outcome.problem()).hasValueSatisfying(p -> assertThat(p).contains("--upload-pack"));
  }
}
