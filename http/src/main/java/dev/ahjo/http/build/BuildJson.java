package dev.ahjo.http.build;

import dev.ahjo.core.project.Result;
import dev.ahjo.core.property.Property;
import dev.ahjo.core.status.BuildView;
import dev.ahjo.http.step.StepJson;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** A build as the API shows it. */
record BuildJson(
    String project,
    String builder,
    long number,
    String state,
    Optional<String> result,
    Optional<String> detail,
    int attempt,
    String request,
    String buildset,
    String worker,
    String reason,
    List<StampJson> stamps,
    Map<String, PropertyJson> properties,
    List<StepJson> steps,
    Instant submittedAt,
    Optional<Instant> startedAt,
    Optional<Instant> finishedAt) {

  record StampJson(String repository, String url, String branch, Optional<String> revision) {}

  /** A property and where it came from. */
  record PropertyJson(String value, String source) {}

  static BuildJson of(BuildView v) {
    Map<String, PropertyJson> properties = new TreeMap<>();
    v.properties().forEach((name, p) -> properties.put(name, property(p)));
    return new BuildJson(
        v.key().builder().project().value(),
        v.key().builder().builder().value(),
        v.key().number(),
        v.state(),
        v.result().map(Result::label),
        v.detail(),
        v.attempt(),
        v.request().value(),
        v.buildset().value(),
        v.worker().value(),
        v.reason(),
        v.stamps().stream()
            .map(s -> new StampJson(s.repository(), s.url(), s.branch(), s.revision()))
            .toList(),
        properties,
        v.steps().stream().map(StepJson::of).toList(),
        v.submittedAt(),
        v.startedAt(),
        v.finishedAt());
  }

  private static PropertyJson property(Property p) {
    return new PropertyJson(p.value(), p.source());
  }
}
