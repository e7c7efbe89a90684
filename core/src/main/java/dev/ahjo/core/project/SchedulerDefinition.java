package dev.ahjo.core.project;

import dev.ahjo.core.id.BuilderKey;
import dev.ahjo.core.id.BuilderName;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** When a project's builders are asked to build. */
public record SchedulerDefinition(String name, Trigger on, List<BuilderName> build) {
  public SchedulerDefinition {
    build = List.copyOf(build);
  }

  public sealed interface Trigger {
    /** Changes of certain branches and files, once the tree has been quiet. */
    record Change(List<String> branches, List<String> only, List<String> except, Duration quiet)
        implements Trigger {
      public Change {
        branches = List.copyOf(branches);
        only = List.copyOf(only);
        except = List.copyOf(except);
      }
    }

    /** A cron expression of five fields, in a time zone. */
    record Time(String cron, String zone, boolean onlyIfChanged) implements Trigger {}

    /** Another builder's success. */
    record Success(BuilderKey of) implements Trigger {}

    /** A person, with parameters. */
    record Force(Map<String, Parameter> parameters) implements Trigger {
      public Force {
        parameters = Map.copyOf(parameters);
      }
    }
  }

  public record Parameter(
      String type, boolean required, Optional<String> defaultValue, List<String> choices) {
    public Parameter {
      choices = List.copyOf(choices);
    }
  }
}
