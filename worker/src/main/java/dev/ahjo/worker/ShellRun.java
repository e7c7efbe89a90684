package dev.ahjo.worker;

import dev.ahjo.core.project.Result;
import dev.ahjo.core.project.StepDefinition;
import dev.ahjo.core.step.StepReport;
import dev.ahjo.core.step.StepReport.StepOutcome;
import dev.ahjo.core.step.StepReport.Tests;
import dev.ahjo.worker.process.Host;
import dev.ahjo.worker.process.Supervised;
import dev.ahjo.worker.step.Output;
import dev.ahjo.worker.step.TestReports;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A {@code run} step: a command, and what its output and files then tell. */
final class ShellRun {
  /** The longest output that becomes a property, in bytes. */
  static final int PROPERTY = 64 * 1024;

  private final StepRun step;
  private final StepDefinition.Kind.Run run;

  ShellRun(StepRun step, StepDefinition.Kind.Run run) {
    this.step = step;
    this.run = run;
  }

  StepOutcome run() throws InterruptedException, IOException, StepRun.Unrunnable {
    List<String> words = run.command().stream().map(step::fill).toList();
    Path workdir = step.workdir();
    Optional<String> tests = run.tests().map(step::fill);
    CommandRun.Finish finish =
        step.command(
            run.shell() ? Host.here().shell(String.join("\n", words)) : words,
            workdir,
            Map.of(),
            run.set().isPresent());
    StepOutcome outcome = step.outcome(finish);
    if (outcome.result() == Result.SUCCESS && run.set().isPresent()) {
      outcome = setProperty(run.set().get(), outcome);
    }
    if (run.warnings().isPresent()) {
      outcome = countWarnings(run.warnings().get(), finish.size(), outcome);
    }
    return tests.isPresent() ? readTests(tests.get(), workdir, outcome) : outcome;
  }

  private StepOutcome setProperty(String name, StepOutcome outcome) throws IOException {
    Path stdout = Supervised.stdout(step.spool());
    long size = Files.size(stdout);
    if (size > PROPERTY) {
      return StepRun.worse(
          outcome,
          Result.FAILURE,
          "Expected at most "
              + PROPERTY
              + " bytes of output for the property '"
              + name
              + "', but found "
              + size);
    }
    String value = new String(Files.readAllBytes(stdout), StandardCharsets.UTF_8).strip();
    step.report().accept(new StepReport.PropertySet(Instant.now(), step.index(), name, value));
    return outcome;
  }

  private StepOutcome countWarnings(String kind, long size, StepOutcome outcome)
      throws IOException {
    try {
      int warnings = Output.warnings(Supervised.stdio(step.spool()), size, kind);
      StepOutcome counted = StepRun.counted(outcome, outcome.tests(), warnings);
      return warnings > 0 && outcome.result() == Result.SUCCESS
          ? StepRun.worse(
              counted, Result.WARNINGS, warnings + (warnings == 1 ? " warning" : " warnings"))
          : counted;
    } catch (Output.Unfit e) {
      return StepRun.worse(outcome, Result.WARNINGS, String.valueOf(e.getMessage()));
    }
  }

  private StepOutcome readTests(String glob, Path workdir, StepOutcome outcome) throws IOException {
    TestReports.Found found = TestReports.read(workdir, glob, since());
    StepOutcome counted = StepRun.counted(outcome, found.tests(), outcome.warnings());
    int failed = found.tests().map(Tests::failed).orElse(0);
    if (failed > 0 && counted.result().good()) {
      // a command that hides its failed tests behind an exit code of 0 hides them in vain
      counted =
          StepRun.worse(
              counted, Result.FAILURE, failed + (failed == 1 ? " test" : " tests") + " failed");
    }
    return found.unreadable().isPresent()
        ? StepRun.worse(counted, Result.WARNINGS, found.unreadable().get())
        : counted;
  }

  /** Some file systems keep times to the second or two. */
  private Instant since() throws IOException {
    return Files.getLastModifiedTime(step.spool().resolve("launch")).toInstant().minusSeconds(2);
  }
}
