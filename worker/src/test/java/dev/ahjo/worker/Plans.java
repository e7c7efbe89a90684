package dev.ahjo.worker;

import dev.ahjo.core.buildset.Plan;
import dev.ahjo.core.buildset.SourceStamp;
import dev.ahjo.core.id.BuildKey;
import dev.ahjo.core.project.RetryPolicy;
import dev.ahjo.core.project.StepDefinition;
import dev.ahjo.core.project.StepDefinition.GitMode;
import dev.ahjo.core.project.StepDefinition.Kind;
import dev.ahjo.core.project.StepDefinition.OnFailure;
import dev.ahjo.core.property.Condition;
import dev.ahjo.core.property.Property;
import dev.ahjo.core.property.Template;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Plans and steps in few words. */
final class Plans {
  private Plans() {}

  static BuildKey build(long number) {
    return BuildKey.parse("demo/linux#" + number);
  }

  static Plan plan(Step... steps) {
    return plan(List.of(), Map.of(), steps);
  }

  static Plan plan(List<SourceStamp> stamps, Map<String, BuildKey> inputs, Step... steps) {
    return new Plan(
        stamps,
        Map.of("greeting", new Property("hello", "project")),
        Map.of(),
        inputs,
        Map.of("LC_ALL", Template.of("C")),
        RetryPolicy.DEFAULT,
        Duration.ofMinutes(5),
        List.of(steps).stream().map(Step::definition).toList());
  }

  static Step run(String name, String command) {
    return step(
        name,
        new Kind.Run(
            List.of(Template.parse(command)),
            true,
            Optional.empty(),
            Optional.empty(),
            Optional.empty()));
  }

  static Step set(String property, String command) {
    return step(
        "set-" + property,
        new Kind.Run(
            List.of(Template.parse(command)),
            true,
            Optional.of(property),
            Optional.empty(),
            Optional.empty()));
  }

  static Step tests(String command, String glob) {
    return step(
        "test",
        new Kind.Run(
            List.of(Template.parse(command)),
            true,
            Optional.empty(),
            Optional.of(Template.of(glob)),
            Optional.empty()));
  }

  static Step warnings(String command, String compiler) {
    return step(
        "compile",
        new Kind.Run(
            List.of(Template.parse(command)),
            true,
            Optional.empty(),
            Optional.empty(),
            Optional.of(compiler)));
  }

  static Step git(GitMode mode) {
    return step("git", new Kind.Git("code", mode, false, Optional.empty()));
  }

  static Step step(String name, Kind kind) {
    return new Step(
        new StepDefinition(
            name,
            kind,
            Condition.ALWAYS,
            false,
            OnFailure.STOP,
            Map.of(),
            Optional.empty(),
            Duration.ofMinutes(1),
            Duration.ofMinutes(5),
            1L << 32));
  }

  /** A step's definition that can be varied. */
  record Step(StepDefinition definition) {
    Step always() {
      StepDefinition d = definition;
      return new Step(
          new StepDefinition(
              d.name(),
              d.kind(),
              d.when(),
              true,
              d.onFailure(),
              d.env(),
              d.workdir(),
              d.timeout(),
              d.maxTime(),
              d.maxOutput()));
    }

    Step when(Condition condition) {
      StepDefinition d = definition;
      return new Step(
          new StepDefinition(
              d.name(),
              d.kind(),
              condition,
              d.always(),
              d.onFailure(),
              d.env(),
              d.workdir(),
              d.timeout(),
              d.maxTime(),
              d.maxOutput()));
    }

    Step onFailure(OnFailure onFailure) {
      StepDefinition d = definition;
      return new Step(
          new StepDefinition(
              d.name(),
              d.kind(),
              d.when(),
              d.always(),
              onFailure,
              d.env(),
              d.workdir(),
              d.timeout(),
              d.maxTime(),
              d.maxOutput()));
    }

    Step env(String name, String value) {
      StepDefinition d = definition;
      var env = new HashMap<>(d.env());
      env.put(name, Template.parse(value));
      return new Step(
          new StepDefinition(
              d.name(),
              d.kind(),
              d.when(),
              d.always(),
              d.onFailure(),
              env,
              d.workdir(),
              d.timeout(),
              d.maxTime(),
              d.maxOutput()));
    }

    Step in(String workdir) {
      StepDefinition d = definition;
      return new Step(
          new StepDefinition(
              d.name(),
              d.kind(),
              d.when(),
              d.always(),
              d.onFailure(),
              d.env(),
              Optional.of(Template.parse(workdir)),
              d.timeout(),
              d.maxTime(),
              d.maxOutput()));
    }

    Step limits(Duration timeout, Duration maxTime, long maxOutput) {
      StepDefinition d = definition;
      return new Step(
          new StepDefinition(
              d.name(),
              d.kind(),
              d.when(),
              d.always(),
              d.onFailure(),
              d.env(),
              d.workdir(),
              timeout,
              maxTime,
              maxOutput));
    }
  }
}
