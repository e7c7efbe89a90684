package dev.ahjo.core.project;

import dev.ahjo.core.property.Condition;
import dev.ahjo.core.property.Template;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * One step of a builder, as its file says.
 *
 * @param when run only if this holds, judged on the worker when its turn comes
 * @param always run even after a step that stopped the build
 * @param timeout the longest silence of its output
 * @param maxTime the longest run in all
 * @param maxOutput bytes of output after which the step is stopped
 * @param workdir relative to the build's folder
 */
public record StepDefinition(
    String name,
    Kind kind,
    Condition when,
    boolean always,
    OnFailure onFailure,
    Map<String, Template> env,
    Optional<Template> workdir,
    Duration timeout,
    Duration maxTime,
    long maxOutput) {

  public StepDefinition {
    env = Map.copyOf(env);
  }

  /** What a step's failure means for the build. */
  public enum OnFailure {
    /** The build fails; only steps marked {@code always} still run. */
    STOP,
    /** The build fails, and goes on. */
    CONTINUE,
    /** The build has warnings, and goes on. */
    WARN,
    /** The build does not mind. */
    IGNORE
  }

  /** What a step does. */
  public sealed interface Kind {
    /**
     * Brings the revision of a repository into the build's folder.
     *
     * @param repository its name in the project file
     * @param depth commits of history, or empty for all
     */
    record Git(String repository, GitMode mode, boolean submodules, Optional<Integer> depth)
        implements Kind {}

    /**
     * Runs a command: with the system's shell if {@code shell}, as {@code command}'s only element;
     * else program and arguments as they are.
     *
     * @param set the property that the output, without surrounding white space, becomes
     * @param tests a glob of JUnit XML reports, relative to the workdir
     * @param warnings the compiler whose warnings are counted: {@code gcc}, {@code javac}, or a
     *     regular expression
     */
    record Run(
        List<Template> command,
        boolean shell,
        Optional<String> set,
        Optional<Template> tests,
        Optional<String> warnings)
        implements Kind {
      public Run {
        command = List.copyOf(command);
      }
    }

    /** Keeps the files of the workdir that match a glob as artifacts of the build. */
    record Upload(Template files) implements Kind {}

    /** Brings artifacts of a needed builder's build of the same buildset into the workdir. */
    record Download(String builder, Template files) implements Kind {}
  }

  /** How a checkout starts. */
  public enum GitMode {
    /** What earlier builds left stays. */
    INCREMENTAL,
    /** Untracked files are removed. */
    CLEAN,
    /** The folder is removed and cloned anew. */
    CLOBBER
  }
}
