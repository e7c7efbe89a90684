package dev.ahjo.persistence.farm;

import java.time.Duration;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.PostStop;
import org.apache.pekko.actor.typed.PreRestart;
import org.apache.pekko.actor.typed.SupervisorStrategy;
import org.apache.pekko.actor.typed.javadsl.Behaviors;

/**
 * Holds something as long as it lives, as the singleton of a {@link Post}. If it can't be had, it
 * is tried again and again: a singleton that fails for good would be begun anew only once its node
 * leaves.
 */
final class Keeper {
  private static final Duration FIRST_PAUSE = Duration.ofMillis(200);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(10);
  private static final double SPREAD = 0.2;

  private Keeper() {}

  /**
   * @param take makes what is held; may fail
   * @param holds told what is held now, or that nothing is
   */
  static <P extends AutoCloseable> Behavior<Signal> of(
      Supplier<P> take, Consumer<Optional<P>> holds) {
    Behavior<Signal> holding =
        Behaviors.setup(context -> {
          P taken = take.get();
          holds.accept(Optional.of(taken));
          context.getLog().info("This node writes the read tables of the farm now");
          return Behaviors.receive(Signal.class)
              .onSignal(PreRestart.class, restart -> given(taken, holds))
              .onSignal(PostStop.class, stop -> given(taken, holds))
              .build();
        });
    return Behaviors.supervise(holding)
        .onFailure(
            Exception.class,
            SupervisorStrategy.restartWithBackoff(FIRST_PAUSE, LONGEST_PAUSE, SPREAD));
  }

  private static <P extends AutoCloseable> Behavior<Signal> given(
      P taken, Consumer<Optional<P>> holds) throws Exception {
    holds.accept(Optional.empty());
    taken.close();
    return Behaviors.same();
  }
}
