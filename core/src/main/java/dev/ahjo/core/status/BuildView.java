package dev.ahjo.core.status;

import dev.ahjo.core.buildset.SourceStamp;
import dev.ahjo.core.id.BuildKey;
import dev.ahjo.core.id.BuildsetId;
import dev.ahjo.core.id.RequestId;
import dev.ahjo.core.id.WorkerName;
import dev.ahjo.core.project.Result;
import dev.ahjo.core.property.Property;
import dev.ahjo.core.step.StepReport.Tests;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/**
 * A build as people and programs see it.
 *
 * @param state {@code starting}, {@code running}, {@code stopping} or {@code finished}
 * @param detail why it ended as it did, where that is not the steps' own doing
 */
public record BuildView(
    BuildKey key,
    RequestId request,
    BuildsetId buildset,
    int attempt,
    WorkerName worker,
    String reason,
    String state,
    Optional<Result> result,
    Optional<String> detail,
    List<SourceStamp> stamps,
    Map<String, Property> properties,
    List<StepView> steps,
    Instant submittedAt,
    Optional<Instant> startedAt,
    Optional<Instant> finishedAt) {
  /** What {@code state} may be. */
  public static final Set<String> STATES = Set.of("starting", "running", "stopping", "finished");

  public BuildView {
    stamps = List.copyOf(stamps);
    properties = Map.copyOf(properties);
    steps = List.copyOf(steps);
  }

  /**
   * A step of a build.
   *
   * @param kind {@code git}, {@code run}, {@code upload} or {@code download}
   * @param command as the project file has it, for people
   * @param state {@code pending}, {@code running} or {@code finished}
   */
  public record StepView(
      int index,
      String name,
      String kind,
      String command,
      String state,
      Optional<Result> result,
      Optional<Instant> startedAt,
      Optional<Instant> finishedAt,
      OptionalInt exitCode,
      Optional<String> signal,
      Optional<String> problem,
      List<StreamView> streams,
      Optional<Tests> tests,
      int warnings) {
    public StepView {
      streams = List.copyOf(streams);
    }
  }

  /** A log or artifact that a step has left; {@code size} in bytes. */
  public record StreamView(String name, boolean artifact, long size) {}
}
