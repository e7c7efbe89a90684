package dev.ahjo.core.step;

import dev.ahjo.core.buildset.Plan;
import dev.ahjo.core.buildset.SourceStamp;
import dev.ahjo.core.id.BuildKey;
import dev.ahjo.core.property.Property;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/**
 * The values that {@code ${…}} and {@code if} see while a build runs: {@code properties.X}, {@code
 * matrix.X}, {@code stamps.REPOSITORY.branch|revision|url}, and the fixed names.
 *
 * @param plan what was planned
 * @param build which build this is
 * @param worker the name of the worker it runs on
 * @param properties the plan's, and what steps have set since
 * @param revisions of repositories whose stamp named none, as found by the checkout
 */
public record Scope(
    Plan plan,
    BuildKey build,
    String worker,
    Map<String, Property> properties,
    Map<String, String> revisions)
    implements Function<String, Optional<String>> {

  /** Names that always have a value; {@code branch} and {@code revision} are of the first stamp. */
  public static final Set<String> FIXED =
      Set.of("project", "builder", "number", "build", "worker", "branch", "revision");

  public Scope {
    properties = Map.copyOf(properties);
    revisions = Map.copyOf(revisions);
  }

  @Override
  public Optional<String> apply(String name) {
    if (name.startsWith("properties.")) {
      return Optional.ofNullable(properties.get(name.substring("properties.".length())))
          .map(Property::value);
    }
    if (name.startsWith("matrix.")) {
      return Optional.ofNullable(plan.matrix().get(name.substring("matrix.".length())));
    }
    if (name.startsWith("stamps.")) {
      return stamp(name.substring("stamps.".length()));
    }
    return switch (name) {
      case "project" -> Optional.of(build.builder().project().value());
      case "builder" -> Optional.of(build.builder().builder().value());
      case "number" -> Optional.of(Long.toString(build.number()));
      case "build" -> Optional.of(build.toString());
      case "worker" -> Optional.of(worker);
      case "branch" ->
          Optional.of(plan.stamps().isEmpty() ? "" : plan.stamps().getFirst().branch());
      case "revision" ->
          Optional.of(plan.stamps().isEmpty() ? "" : revision(plan.stamps().getFirst()));
      default -> Optional.empty();
    };
  }

  private Optional<String> stamp(String path) {
    int dot = path.lastIndexOf('.');
    if (dot < 0) {
      return Optional.empty();
    }
    return plan.stamps().stream()
        .filter(s -> s.repository().equals(path.substring(0, dot)))
        .findFirst()
        .flatMap(s ->
            switch (path.substring(dot + 1)) {
              case "branch" -> Optional.of(s.branch());
              case "revision" -> Optional.of(revision(s));
              case "url" -> Optional.of(s.url());
              default -> Optional.empty();
            });
  }

  private String revision(SourceStamp stamp) {
    return stamp.revision().orElse(revisions.getOrDefault(stamp.repository(), ""));
  }
}
