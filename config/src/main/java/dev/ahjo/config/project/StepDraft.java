package dev.ahjo.config.project;

import dev.ahjo.config.yaml.Value;
import dev.ahjo.core.project.StepDefinition.Kind;
import dev.ahjo.core.project.StepDefinition.OnFailure;
import dev.ahjo.core.property.Condition;
import dev.ahjo.core.property.Template;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A step as written: what its builder gives and which builder a download means are still open.
 *
 * @param kind for a download, the builder's name in it is a template still
 * @param uses the names that its texts use
 * @param from where a download names its builder
 */
record StepDraft(
    Value at,
    String name,
    Kind kind,
    Condition when,
    boolean always,
    OnFailure onFailure,
    Map<String, Template> env,
    Optional<Template> workdir,
    Limits limits,
    List<Use> uses,
    Optional<Written> from) {

  /** How long and how much; what is not given comes from the builder, then the defaults. */
  record Limits(Optional<Duration> timeout, Optional<Duration> maxTime, Optional<Long> maxOutput) {
    static final Limits NONE = new Limits(Optional.empty(), Optional.empty(), Optional.empty());

    Limits or(Limits other) {
      return new Limits(
          timeout.or(other::timeout), maxTime.or(other::maxTime), maxOutput.or(other::maxOutput));
    }
  }

  /** The property that this step's output becomes. */
  Optional<String> sets() {
    return kind instanceof Kind.Run run ? run.set() : Optional.empty();
  }
}
