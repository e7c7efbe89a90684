package dev.ahjo.http.buildset;

import dev.ahjo.core.id.BuildKey;
import dev.ahjo.core.id.RequestId;
import dev.ahjo.core.project.Result;
import dev.ahjo.core.status.BuildsetView;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** A buildset as the API shows it: the graph and where it stands. */
record BuildsetJson(
    String id,
    String project,
    String state,
    Optional<String> result,
    String reason,
    String by,
    int priority,
    List<NodeJson> requests,
    Instant submittedAt,
    Optional<Instant> finishedAt) {

  /** One builder of the graph; {@code build} is the number of its last build. */
  record NodeJson(
      String id,
      String project,
      String builder,
      List<String> needs,
      String state,
      Optional<String> result,
      Optional<Long> build) {}

  static BuildsetJson of(BuildsetView v) {
    return new BuildsetJson(
        v.id().value(),
        v.project().value(),
        v.state(),
        v.result().map(Result::label),
        v.reason(),
        v.by(),
        v.priority(),
        v.nodes().stream()
            .map(n ->
                new NodeJson(
                    n.request().value(),
                    n.builder().project().value(),
                    n.builder().builder().value(),
                    n.needs().stream().map(RequestId::value).toList(),
                    n.state(),
                    n.result().map(Result::label),
                    n.build().map(BuildKey::number)))
            .toList(),
        v.submittedAt(),
        v.finishedAt());
  }
}
