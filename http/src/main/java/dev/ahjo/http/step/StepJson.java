package dev.ahjo.http.step;

import dev.ahjo.core.project.Result;
import dev.ahjo.core.status.BuildView.StepView;
import dev.ahjo.core.status.BuildView.StreamView;
import dev.ahjo.core.step.StepReport.Tests;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** A step of a build as the API shows it; {@code number} counts from 0. */
public record StepJson(
    int number,
    String name,
    String kind,
    String command,
    String state,
    Optional<String> result,
    Optional<Integer> exitCode,
    Optional<String> signal,
    Optional<String> problem,
    List<StreamJson> logs,
    List<StreamJson> artifacts,
    Optional<TestsJson> tests,
    int warnings,
    Optional<Instant> startedAt,
    Optional<Instant> finishedAt) {

  /** A log by its name or an artifact by its path, with its bytes once the step has ended. */
  public record StreamJson(String name, long size) {}

  public record TestsJson(int passed, int failed, int skipped, List<String> failures) {
    static TestsJson of(Tests t) {
      return new TestsJson(t.passed(), t.failed(), t.skipped(), t.failures());
    }
  }

  public static StepJson of(StepView v) {
    return new StepJson(
        v.index(),
        v.name(),
        v.kind(),
        v.command(),
        v.state(),
        v.result().map(Result::label),
        v.exitCode().isPresent() ? Optional.of(v.exitCode().getAsInt()) : Optional.empty(),
        v.signal(),
        v.problem(),
        streams(v, false),
        streams(v, true),
        v.tests().map(TestsJson::of),
        v.warnings(),
        v.startedAt(),
        v.finishedAt());
  }

  private static List<StreamJson> streams(StepView v, boolean artifacts) {
    return v.streams().stream()
        .filter(s -> s.artifact() == artifacts)
        .map((StreamView s) -> new StreamJson(s.name(), s.size()))
        .toList();
  }
}
