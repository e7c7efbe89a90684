package dev.ahjo.worker;

import dev.ahjo.core.project.StepDefinition;
import dev.ahjo.worker.process.Supervised;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Starts a step's command, or finds it running, and watches it to its end within the limits. */
final class CommandRun {
  /** How often the output's size is looked at: the most that a live log lags for this reason. */
  private static final Duration LOOK = Duration.ofMillis(25);

  private final StepDefinition step;
  private final StopSignal stop;
  private final Duration stopGrace;
  private final Runnable grown;

  CommandRun(StepDefinition step, StopSignal stop, Duration stopGrace, Runnable grown) {
    this.step = step;
    this.stop = stop;
    this.stopGrace = stopGrace;
    this.grown = grown;
  }

  /**
   * How it went.
   *
   * @param size bytes of output that count
   */
  record Finish(OptionalInt exitCode, Optional<String> signal, Cause cause, long size) {}

  /** Why a command ended. */
  sealed interface Cause {
    /** By itself. */
    record Itself() implements Cause {}

    /** The build was stopped. */
    record Stopped(String reason) implements Cause {}

    /** It went beyond one of its limits. */
    record Exceeded(String problem) implements Cause {}

    /** No machine could start it. */
    record Unfit(String problem) implements Cause {}

    /** The machine or the agent lost it. */
    record Lost(String problem) implements Cause {}
  }

  Finish run(java.nio.file.Path spool, Supplier<Supervised.Command> command)
      throws InterruptedException, IOException {
    Supervised running;
    if (Supervised.find(spool) instanceof Supervised.Found.Launched(Supervised found)) {
      running = found;
    } else {
      if (stop.reason().isPresent()) {
        return new Finish(
            OptionalInt.empty(), Optional.empty(), new Cause.Stopped(stop.reason().get()), 0);
      }
      Supervised.Command wanted = command.get();
      try {
        running = Supervised.start(spool, wanted);
      } catch (Supervised.Unfit e) {
        return new Finish(
            OptionalInt.empty(),
            Optional.empty(),
            new Cause.Unfit(String.valueOf(e.getMessage())),
            0);
      } catch (IOException e) {
        return new Finish(
            OptionalInt.empty(),
            Optional.empty(),
            new Cause.Lost("Could not start the step: " + e.getMessage()),
            0);
      }
    }
    Cause cause = watch(running);
    long size = Math.min(running.kept(), step.maxOutput());
    return switch (running.exit()) {
      case Supervised.Exit.Code(int code) ->
          new Finish(OptionalInt.of(code), Supervised.signal(code), cause, size);
      case Supervised.Exit.Vanished() ->
          new Finish(
              OptionalInt.empty(),
              Optional.empty(),
              cause instanceof Cause.Itself
                  ? new Cause.Lost("The step's supervisor vanished (was the machine restarted?)")
                  : cause,
              size);
    };
  }

  private Cause watch(Supervised running) throws InterruptedException {
    long seen = -1;
    long watchedSince = System.nanoTime();
    long grownAt = watchedSince;
    Duration before = ranBefore(running);
    while (!running.awaitEnd(LOOK)) {
      long size = running.printed();
      long now = System.nanoTime();
      if (size != seen) {
        seen = size;
        grownAt = now;
        grown.run();
      }
      Cause over =
          overstep(size, Duration.ofNanos(now - grownAt), before.plusNanos(now - watchedSince));
      if (over != null) {
        running.stop(stopGrace);
        return over;
      }
    }
    // what it printed in its last moment counts too
    return running.printed() > step.maxOutput() ? tooMuch() : new Cause.Itself();
  }

  /**
   * How long it ran under earlier agents. Only this is taken from the clock on the wall, which
   * somebody may set: what is watched is counted by one that nobody can.
   */
  private static Duration ranBefore(Supervised running) {
    Duration by = Duration.between(running.started(), Instant.now());
    return by.isNegative() ? Duration.ZERO : by;
  }

  private @Nullable Cause overstep(long size, Duration silence, Duration ran) {
    if (stop.reason().isPresent()) {
      return new Cause.Stopped(stop.reason().get());
    }
    if (size > step.maxOutput()) {
      return tooMuch();
    }
    if (silence.compareTo(step.timeout()) > 0) {
      return new Cause.Exceeded(
          "Stopped after "
              + words(step.timeout())
              + " without output (timeout: "
              + words(step.timeout())
              + ")");
    }
    if (ran.compareTo(step.maxTime()) > 0) {
      return new Cause.Exceeded(
          "Stopped because it ran for longer than " + words(step.maxTime()) + " (max_time)");
    }
    return null;
  }

  private Cause tooMuch() {
    return new Cause.Exceeded(
        "Stopped because it printed more than " + step.maxOutput() + " bytes (max_output)");
  }

  private static String words(Duration duration) {
    return duration.toString().substring(2).toLowerCase(java.util.Locale.ROOT);
  }
}
