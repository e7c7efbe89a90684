package dev.ahjo.http.status;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.ahjo.core.build.Build;
import dev.ahjo.core.buildset.Buildset;
import dev.ahjo.core.id.BuildKey;
import dev.ahjo.core.id.BuilderKey;
import dev.ahjo.core.id.ProjectName;
import dev.ahjo.core.kernel.EntityType;
import dev.ahjo.core.kernel.Fact;
import dev.ahjo.core.project.Result;
import dev.ahjo.core.request.BuildRequest;
import dev.ahjo.core.status.StatusEvent;
import java.time.Instant;
import java.util.Optional;

/**
 * An event as the API sends it: what happened, to whom, and where to look. It names things rather
 * than carrying them; who wants more asks for it.
 */
@JsonInclude(JsonInclude.Include.NON_ABSENT)
record EventJson(
    String kind,
    Instant at,
    String entity,
    Optional<String> project,
    Optional<String> builder,
    Optional<Long> number,
    Optional<String> request,
    Optional<String> buildset,
    Optional<String> worker,
    Optional<Integer> step,
    Optional<String> result) {

  static EventJson of(StatusEvent e) {
    var entity = e.entity();
    Optional<BuildKey> build = build(e);
    Optional<BuilderKey> builder =
        switch (entity.type()) {
          case BUILDER -> Optional.of(BuilderKey.parse(entity.id()));
          default -> build.map(BuildKey::builder);
        };
    return new EventJson(
        e.kind(),
        e.at(),
        entity.toString(),
        e.project().map(ProjectName::value),
        builder.map(b -> b.builder().value()),
        build.map(BuildKey::number),
        named(e, EntityType.REQUEST),
        named(e, EntityType.BUILDSET),
        named(e, EntityType.WORKER),
        step(e.data()),
        result(e.data()).map(Result::label));
  }

  private static Optional<String> named(StatusEvent e, EntityType type) {
    return e.entity().type() == type ? Optional.of(e.entity().id()) : Optional.empty();
  }

  private static Optional<BuildKey> build(StatusEvent e) {
    return switch (e.data()) {
      case BuildRequest.Fact.AttemptStarted f -> Optional.of(f.build());
      case BuildRequest.Fact.RequestFinished f -> Optional.of(f.tried().build());
      case Build.Fact _ -> Optional.of(BuildKey.parse(e.entity().id()));
      default -> Optional.empty();
    };
  }

  private static Optional<Integer> step(Fact fact) {
    return switch (fact) {
      case Build.Fact.StepStarted f -> Optional.of(f.step());
      case Build.Fact.StepEnded f -> Optional.of(f.step());
      default -> Optional.empty();
    };
  }

  private static Optional<Result> result(Fact fact) {
    return switch (fact) {
      case Build.Fact.StepEnded f -> Optional.of(f.outcome().result());
      case Build.Fact.BuildFinished f -> Optional.of(f.result());
      case BuildRequest.Fact.RequestFinished f -> Optional.of(f.result());
      case Buildset.Fact.BuildsetFinished f -> Optional.of(f.result());
      default -> Optional.empty();
    };
  }
}
