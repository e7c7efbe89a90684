package dev.ahjo.worker;

import dev.ahjo.core.id.BuildKey;
import dev.ahjo.core.log.StreamKey;
import dev.ahjo.core.project.Result;
import dev.ahjo.core.project.StepDefinition;
import dev.ahjo.core.property.Template;
import dev.ahjo.core.step.Scope;
import dev.ahjo.core.step.StepReport;
import dev.ahjo.core.step.StepReport.StepOutcome;
import dev.ahjo.core.step.StepReport.Stream;
import dev.ahjo.core.step.StepReport.Tests;
import dev.ahjo.worker.process.Supervised;
import dev.ahjo.worker.step.Output;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One step while it runs: what each kind of step needs of its surroundings.
 *
 * @param spool the step's own folder in the data folder
 * @param folder the build's folder
 * @param report takes what is to be told before the step's end
 */
record StepRun(
    HeldBuild held,
    int index,
    StepDefinition definition,
    Scope scope,
    Path spool,
    Path folder,
    StopSignal stop,
    Consumer<StepReport> report) {

  private static final Logger LOG = LoggerFactory.getLogger(StepRun.class);

  /** A disk with less room than this, in bytes, is full. */
  private static final int ROOM = 1 << 20;

  /** A step that can't be run as the project file has it. */
  static final class Unrunnable extends Exception {
    private static final long serialVersionUID = 1;

    Unrunnable(String problem) {
      super(problem);
    }
  }

  StepOutcome run() throws InterruptedException {
    try {
      Files.createDirectories(spool);
      return switch (definition.kind()) {
        case StepDefinition.Kind.Git git -> new GitCheckout(this, git).run();
        case StepDefinition.Kind.Run run -> new ShellRun(this, run).run();
        case StepDefinition.Kind.Upload upload -> new ArtifactUpload(this, upload).run();
        case StepDefinition.Kind.Download download -> new ArtifactDownload(this, download).run();
      };
    } catch (Template.UnknownName e) {
      return exception(e.getMessage() + " in step '" + definition.name() + "'", false);
    } catch (Unrunnable e) {
      return exception(String.valueOf(e.getMessage()), false);
    } catch (InvalidPathException e) {
      return exception("Expected a path, but found one that can't be: " + e.getMessage(), false);
    } catch (IOException e) {
      return exception("The worker could not run the step: " + e, true);
    } catch (RuntimeException | StackOverflowError bug) {
      // The walk must go on: a build whose thread died would run for ever.
      LOG.error("{} step {} could not be run", held.key(), index, bug);
      return exception("The worker could not run the step: " + bug, true);
    }
  }

  BuildKey build() {
    return held.key();
  }

  String fill(Template template) {
    return template.fill(scope);
  }

  /**
   * The folder in which the step works, made if it is not there.
   *
   * @throws Unrunnable when it is outside of the build's folder
   */
  Path workdir() throws Unrunnable, IOException {
    String wanted = definition.workdir().map(this::fill).orElse("");
    Path dir = folder.resolve(wanted).normalize();
    if (!dir.startsWith(folder)) {
      throw outside(wanted);
    }
    Files.createDirectories(dir);
    if (!dir.toRealPath().startsWith(folder.toRealPath())) {
      throw outside(wanted);
    }
    return dir;
  }

  private Unrunnable outside(String wanted) {
    return new Unrunnable(
        "Expected the workdir of step '"
            + definition.name()
            + "' within the build's folder, but found '"
            + wanted
            + "'");
  }

  /** Marks the processes of this step, unlike those of any other on the machine. */
  String mark() {
    return held.mark() + index;
  }

  CommandRun.Finish command(
      List<String> argv, Path workdir, Map<String, String> more, boolean apart)
      throws InterruptedException, IOException {
    Supplier<Supervised.Command> command =
        () -> {
          var env = new HashMap<>(environment());
          more.forEach(env::putIfAbsent);
          return new Supervised.Command(argv, workdir, env, mark(), apart);
        };
    StreamKey stdio = held.key(index, StreamKey.Kind.LOG, "stdio");
    held.openStream(stdio, Supervised.stdio(spool), definition.maxOutput());
    CommandRun.Finish finish =
        new CommandRun(
                definition,
                stop,
                held.site().settings().timing().stopGrace(),
                () -> held.look(stdio))
            .run(spool, command);
    held.endStream(stdio, finish.size());
    return finish;
  }

  private Map<String, String> environment() {
    return StepEnvironment.of(
        System.getenv(), held.plan().env(), definition.env(), scope, build(), index);
  }

  /** What a command's end means, before anything else is looked at. */
  StepOutcome outcome(CommandRun.Finish finish) throws IOException {
    List<Stream> streams = List.of(new Stream("stdio", false, finish.size()));
    return switch (finish.cause()) {
      case CommandRun.Cause.Itself() ->
          finish.exitCode().orElse(-1) == 0
              ? new StepOutcome(
                  Result.SUCCESS,
                  finish.exitCode(),
                  Optional.empty(),
                  Optional.empty(),
                  Optional.empty(),
                  false,
                  streams,
                  Optional.empty(),
                  0)
              : failed(finish, streams);
      case CommandRun.Cause.Exceeded(String problem) ->
          failed(finish, Optional.of(problem), streams);
      case CommandRun.Cause.Stopped(String reason) ->
          new StepOutcome(
              Result.CANCELLED,
              finish.exitCode(),
              finish.signal(),
              Optional.of(reason),
              Optional.empty(),
              false,
              streams,
              Optional.empty(),
              0);
      case CommandRun.Cause.Unfit(String problem) -> broken(finish, problem, false, streams);
      case CommandRun.Cause.Lost(String problem) -> broken(finish, problem, true, streams);
    };
  }

  /**
   * What a full disk does to a command is not the command's doing: its output could not be kept,
   * nor what it made. Found out by writing, as a quota or a reserve of root's would not show
   * otherwise.
   */
  static Optional<String> noRoom(Path folder) {
    Path probe = folder.resolve("room");
    try {
      Files.write(probe, new byte[ROOM]);
      return Optional.empty();
    } catch (IOException full) {
      return Optional.of(
          "The worker had no room left on its disk when the command failed: " + full);
    } finally {
      try {
        Files.deleteIfExists(probe);
      } catch (IOException stays) {
        LOG.warn("{} could not be removed: {}", probe, stays.toString());
      }
    }
  }

  private static StepOutcome broken(
      CommandRun.Finish finish, String problem, boolean agentFault, List<Stream> streams) {
    return new StepOutcome(
        Result.EXCEPTION,
        finish.exitCode(),
        finish.signal(),
        Optional.of(problem),
        Optional.empty(),
        agentFault,
        streams,
        Optional.empty(),
        0);
  }

  private StepOutcome failed(CommandRun.Finish finish, List<Stream> streams) throws IOException {
    Optional<String> full = noRoom(spool);
    return full.isPresent()
        ? broken(finish, full.get(), true, streams)
        : failed(finish, Optional.empty(), streams);
  }

  private StepOutcome failed(
      CommandRun.Finish finish, Optional<String> problem, List<Stream> streams) throws IOException {
    Optional<String> rule = Optional.empty();
    Optional<String> told = problem.or(() -> finish.signal().map(s -> "Killed by signal " + s));
    try {
      rule =
          Output.retryRule(
              held.plan().retry().rules(),
              definition,
              finish.exitCode(),
              finish.signal(),
              Supervised.stdio(spool),
              finish.size());
    } catch (Output.Unfit e) {
      told = told.or(() -> Optional.ofNullable(e.getMessage()));
    }
    return new StepOutcome(
        Result.FAILURE,
        finish.exitCode(),
        finish.signal(),
        told,
        rule,
        false,
        streams,
        Optional.empty(),
        0);
  }

  /** A step without a command that has done its work. */
  static StepOutcome success(List<Stream> streams) {
    return new StepOutcome(
        Result.SUCCESS,
        OptionalInt.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        false,
        streams,
        Optional.empty(),
        0);
  }

  /** A step that ended for a reason that only the agent can tell. */
  static StepOutcome ended(Result result, String problem) {
    return new StepOutcome(
        result,
        OptionalInt.empty(),
        Optional.empty(),
        Optional.of(problem),
        Optional.empty(),
        false,
        List.of(),
        Optional.empty(),
        0);
  }

  static StepOutcome exception(String problem, boolean agentFault) {
    return new StepOutcome(
        Result.EXCEPTION,
        OptionalInt.empty(),
        Optional.empty(),
        Optional.of(problem),
        Optional.empty(),
        agentFault,
        List.of(),
        Optional.empty(),
        0);
  }

  /** The same end with a worse result, because of what was found afterwards. */
  static StepOutcome worse(StepOutcome outcome, Result result, String problem) {
    return new StepOutcome(
        outcome.result().worse(result),
        outcome.exitCode(),
        outcome.signal(),
        outcome.problem().or(() -> Optional.of(problem)),
        outcome.retryRule(),
        outcome.agentFault(),
        outcome.streams(),
        outcome.tests(),
        outcome.warnings());
  }

  static StepOutcome counted(StepOutcome outcome, Optional<Tests> tests, int warnings) {
    return new StepOutcome(
        outcome.result(),
        outcome.exitCode(),
        outcome.signal(),
        outcome.problem(),
        outcome.retryRule(),
        outcome.agentFault(),
        outcome.streams(),
        tests,
        warnings);
  }
}
