package dev.ahjo.config.project;

import dev.ahjo.config.project.StepDraft.Limits;
import dev.ahjo.config.yaml.Value;
import dev.ahjo.core.project.BuilderDefinition.Collapse;
import dev.ahjo.core.project.LockUse;
import dev.ahjo.core.property.Condition;
import dev.ahjo.core.property.Template;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A builder, or the defaults, as written: what is empty comes from the builder it is like, then
 * from the defaults. Maps keep the order of the file.
 *
 * @param like the builder it takes after
 * @param uses the names that {@code env} and {@code if} use
 */
record BuilderDraft(
    Value at,
    Optional<Value> like,
    Optional<List<String>> tags,
    Optional<Written> pool,
    Optional<List<Written>> labels,
    Optional<Integer> limit,
    Optional<List<LockUse>> locks,
    Optional<Collapse> collapse,
    Optional<List<Written>> needs,
    Optional<When> when,
    Optional<Map<String, List<String>>> matrix,
    Map<String, String> properties,
    Map<String, Variable> env,
    Limits limits,
    Optional<Duration> grace,
    RetryDraft retry,
    Optional<List<StepDraft>> steps) {

  /** An {@code if:} and the names it uses. */
  record When(Condition condition, List<Use> uses) {}

  /** The value of an environment variable and the names it uses. */
  record Variable(Template value, List<Use> uses) {}

  /** This draft, with {@code other} where it is silent; properties and env key by key. */
  BuilderDraft or(BuilderDraft other) {
    return new BuilderDraft(
        at,
        like,
        tags.or(other::tags),
        pool.or(other::pool),
        labels.or(other::labels),
        limit.or(other::limit),
        locks.or(other::locks),
        collapse.or(other::collapse),
        needs.or(other::needs),
        when.or(other::when),
        matrix.or(other::matrix),
        merged(properties, other.properties),
        merged(env, other.env),
        limits.or(other.limits),
        grace.or(other::grace),
        retry.or(other.retry),
        steps.or(other::steps));
  }

  private static <V> Map<String, V> merged(Map<String, V> own, Map<String, V> other) {
    Map<String, V> all = new LinkedHashMap<>(other);
    all.putAll(own);
    return all;
  }
}
