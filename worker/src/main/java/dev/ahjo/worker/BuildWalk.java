package dev.ahjo.worker;

import dev.ahjo.core.log.StreamKey;
import dev.ahjo.core.project.Result;
import dev.ahjo.core.project.StepDefinition;
import dev.ahjo.core.project.StepDefinition.OnFailure;
import dev.ahjo.core.property.Property;
import dev.ahjo.core.step.Scope;
import dev.ahjo.core.step.StepReport;
import dev.ahjo.core.step.StepReport.StepOutcome;
import dev.ahjo.worker.process.Supervised;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Walks the plan of one build, step after step. What it has reported is all that it remembers, so a
 * walk that begins again after the agent's death first reads its reports, and then finds the step
 * that was running by its spool.
 */
final class BuildWalk {
  private static final Logger LOG = LoggerFactory.getLogger(BuildWalk.class);

  private final HeldBuild held;
  private final StopSignal stop;
  private final ReportLog reports;
  private final Path spools;
  private final Path folder;

  private final Map<Integer, StepOutcome> ended = new HashMap<>();
  private final Map<Integer, Long> endNumbers = new ConcurrentHashMap<>();
  private final Set<Integer> started = new HashSet<>();
  private final Set<String> told = new HashSet<>();
  private final Map<String, Property> properties = new HashMap<>();
  private final Map<String, String> revisions = new HashMap<>();
  private boolean kept;
  private boolean over;
  private long count;

  /** Set once by whoever stops the build; the steps that run after it are those marked always. */
  private volatile boolean stopped;

  private volatile boolean runningAlways;

  /** The step whose spared end a second stop took back, or -1. */
  private volatile int insisted = -1;

  private volatile @Nullable Spared spared;

  /** A step marked always that runs because, or although, the build was stopped. */
  private record Spared(int step, StopSignal signal) {}

  private boolean halted;

  BuildWalk(HeldBuild held, StopSignal stop, ReportLog reports, Path spools, Path folder) {
    this.held = held;
    this.stop = stop;
    this.reports = reports;
    this.spools = spools;
    this.folder = folder;
    properties.putAll(held.plan().properties());
    reports.all().forEach(this::recall);
  }

  private void recall(StepReport report) {
    count++;
    switch (report) {
      case StepReport.PlanKept _ -> kept = true;
      case StepReport.StepStarted s -> started.add(s.step());
      case StepReport.RevisionFound r -> {
        told.add("revision " + r.repository());
        revisions.put(r.repository(), r.revision());
      }
      case StepReport.PropertySet p -> {
        told.add("property " + p.step());
        String step = held.plan().steps().get(p.step()).name();
        properties.put(p.name(), new Property(p.value(), "step " + step));
      }
      case StepReport.StepEnded e -> {
        ended.put(e.step(), e.outcome());
        endNumbers.put(e.step(), count);
      }
      case StepReport.BuildEnded _ -> over = true;
    }
  }

  private void report(StepReport whole) {
    StepReport report = ReportLog.bounded(whole);
    boolean news =
        switch (report) {
          case StepReport.RevisionFound r -> !told.contains("revision " + r.repository());
          case StepReport.PropertySet p -> !told.contains("property " + p.step());
          case StepReport.PlanKept _,
              StepReport.StepStarted _,
              StepReport.StepEnded _,
              StepReport.BuildEnded _ ->
              true;
        };
    if (news) {
      recall(report);
      reports.append(report);
    }
  }

  /** Whether a step's end can no longer be forgotten, so that its spool may go. */
  boolean endIsOnDisk(int step) {
    Long number = endNumbers.get(step);
    return number != null && reports.last() >= number;
  }

  /**
   * From another thread: ends the step that runs now, and lets only the steps marked always run.
   */
  void stop(String reason) {
    stopped = true;
    stop.give(reason);
  }

  /**
   * As {@link #stop}, told to an earlier agent: a step marked always runs because of it.
   *
   * @param insistedOn the one of them that a second stop was for, or -1
   */
  void stopAgain(String reason, int insistedOn) {
    stopped = true;
    runningAlways = true;
    insisted = insistedOn;
    stop.give(reason);
  }

  /** The step that runs now although the build was stopped. */
  OptionalInt spared() {
    Spared now = spared;
    return now == null ? OptionalInt.empty() : OptionalInt.of(now.step());
  }

  /** A second stop: ends that step too. Those that follow still run. */
  void insist(String reason) {
    Spared now = spared;
    if (now != null) {
      now.signal().give(reason);
    }
  }

  /** Whether its last report has been made. */
  boolean over() {
    return over;
  }

  /** Whether no step is to come: what is left is to send what the steps have written. */
  boolean walked() {
    return ended.size() == held.plan().steps().size();
  }

  void run() throws InterruptedException {
    if (!over) {
      try {
        walk();
      } catch (RuntimeException | Error bug) {
        // whatever it is, a build whose end nobody reports would run for ever
        LOG.error("{} could not be walked to its end", held.key(), bug);
        breakOff(bug);
      }
      held.sweep();
      // an agent after this one knows by the last step's end that the folder was given back
      reports.awaitLast(count);
      held.releaseFolder();
      held.awaitStreams();
      report(new StepReport.BuildEnded(Instant.now()));
    }
  }

  private void walk() throws InterruptedException {
    if (!kept) {
      report(new StepReport.PlanKept(Instant.now()));
    }
    List<StepDefinition> steps = held.plan().steps();
    for (int i = 0; i < steps.size(); i++) {
      walk(i, steps.get(i));
    }
  }

  /** The first step that has not ended is the one that ended the walk; no other runs. */
  private void breakOff(Throwable bug) {
    StepOutcome outcome = StepRun.exception("The worker could not go on: " + bug, true);
    for (int i = 0; i < held.plan().steps().size(); i++) {
      if (!ended.containsKey(i)) {
        report(new StepReport.StepEnded(Instant.now(), i, outcome));
        held.endStreams(i);
        outcome = skipped();
      }
    }
  }

  private void walk(int index, StepDefinition step) throws InterruptedException {
    StepOutcome outcome = ended.get(index);
    if (outcome == null) {
      outcome = decide(index, step);
      report(new StepReport.StepEnded(Instant.now(), index, outcome));
    } else {
      finishStreams(index, outcome);
    }
    halted |=
        switch (outcome.result()) {
          case CANCELLED, RETRY, EXCEPTION -> true;
          case FAILURE -> step.onFailure() == OnFailure.STOP;
          case WARNINGS, SUCCESS, SKIPPED -> false;
        };
  }

  private StepOutcome decide(int index, StepDefinition step) throws InterruptedException {
    if (reports.closed()) {
      // the agent ends, or forgets the build: nothing may start any more
      throw new InterruptedException();
    }
    var scope =
        new Scope(
            held.plan(), held.key(), held.site().settings().name().value(), properties, revisions);
    boolean told = started.contains(index);
    // the report may have been lost with an agent although the command was started
    boolean found = told || Supervised.launched(spools.resolve(Integer.toString(index)));
    if (!found && ((halted || stopped) && !step.always() || !step.when().holds(scope))) {
      return skipped();
    }
    if (!told) {
      report(new StepReport.StepStarted(Instant.now(), index));
    }
    // a stop is for the step that runs when it comes; what runs afterwards runs because of it
    boolean spare = step.always() && (stopped && !found || runningAlways && index != insisted);
    StopSignal signal = spare ? new StopSignal() : stop;
    spared = spare ? new Spared(index, signal) : null;
    StepOutcome outcome =
        new StepRun(
                held,
                index,
                step,
                scope,
                spools.resolve(Integer.toString(index)),
                folder,
                signal,
                this::report)
            .run();
    held.endStreams(index);
    spared = null;
    LOG.info(
        "{} step {} {}: {}",
        held.key(),
        index,
        step.name(),
        outcome.problem().orElse(outcome.result().label()));
    return outcome;
  }

  private static StepOutcome skipped() {
    return new StepOutcome(
        Result.SKIPPED,
        OptionalInt.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        false,
        List.of(),
        Optional.empty(),
        0);
  }

  /** Streams of a step that ended under an earlier agent; those that are gone were stored. */
  private void finishStreams(int index, StepOutcome outcome) {
    Path spool = spools.resolve(Integer.toString(index));
    for (StepReport.Stream stream : outcome.streams()) {
      Path file =
          stream.artifact()
              ? ArtifactUpload.artifacts(spool).resolve(stream.name())
              : Supervised.stdio(spool);
      if (Files.exists(file)) {
        StreamKey key =
            held.key(
                index,
                stream.artifact() ? StreamKey.Kind.ARTIFACT : StreamKey.Kind.LOG,
                stream.name());
        held.openStream(key, file, stream.size());
        held.endStream(key, stream.size());
      }
    }
  }
}
