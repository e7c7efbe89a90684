package dev.ahjo.core;

import static dev.ahjo.core.Samples.NOON;
import static dev.ahjo.core.Samples.attempt;
import static dev.ahjo.core.Samples.rank;

import dev.ahjo.core.builder.Builder;
import dev.ahjo.core.id.WorkerName;
import dev.ahjo.core.kernel.Decision;
import dev.ahjo.core.kernel.Entity;
import dev.ahjo.core.kernel.Fact;
import dev.ahjo.core.kernel.Message;
import dev.ahjo.core.pool.Pool;
import dev.ahjo.core.project.BuilderDefinition.Collapse;
import dev.ahjo.core.request.BuildRequest;
import dev.ahjo.core.simulator.Histories;
import dev.ahjo.core.simulator.Outcome;
import dev.ahjo.core.simulator.Simulation;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.infra.Blackhole;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.CommandLineOptionException;
import org.openjdk.jmh.runner.options.CommandLineOptions;

/**
 * What the rules cost, without actors, journal or threads. What matters is that a decision costs
 * about the same whether a hundred or 25,000 requests wait. Not a test: run its main, which takes
 * JMH's own arguments.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
public class RulesBenchmark {

  public static void main(String[] args) throws RunnerException, CommandLineOptionException {
    new Runner(new CommandLineOptions(args)).run();
  }

  /** A pool whose slots are all taken and that has a queue. */
  @State(Scope.Thread)
  public static class BusyPool {
    @Param({"100", "25000"})
    public int waiting;

    @Param({"10", "1000"})
    public int workers;

    private final Pool rules = new Pool();
    private Pool.State state = rules.initial("default");
    private int oldest = 1;
    private int newest;

    @Setup(Level.Trial)
    public void fill(Blackhole owed) {
      for (int w = 0; w < workers; w++) {
        state =
            said(
                rules,
                state,
                new Pool.Command.KnowWorker(
                    new Pool.Station(worker(w), 1, 1, Set.of("linux"), Pool.Standing.AVAILABLE)),
                owed);
      }
      for (int i = 0; i < workers + waiting; i++) {
        state = said(rules, state, offer(++newest), owed);
      }
    }

    private static WorkerName worker(int n) {
      return new WorkerName("w" + n);
    }

    private static Message offer(int n) {
      return new Builder.HandsOn.Offer(
          attempt(n, 1), Samples.DEBIAN, Set.of("linux"), Set.of(), rank(n, 0));
    }
  }

  /** A build ends, its slot goes to the next in the queue, and a new request joins the queue. */
  @Benchmark
  public Object aSlotChangesHands(BusyPool pool, Blackhole owed) {
    var ended = Objects.requireNonNull(pool.state.assigned().get(attempt(pool.oldest, 1)));
    pool.state =
        said(
            pool.rules,
            pool.state,
            new Pool.Command.FreeSlot(attempt(pool.oldest, 1), ended.worker()),
            owed);
    pool.oldest++;
    pool.state = said(pool.rules, pool.state, BusyPool.offer(++pool.newest), owed);
    return pool.state;
  }

  /** A builder with a queue. */
  @State(Scope.Thread)
  public static class LongQueue {
    @Param({"100", "25000"})
    public int queued;

    private final Builder rules = new Builder();
    private Builder.State state = rules.initial(Samples.DEBIAN.toString());
    private int newest;

    @Setup(Level.Trial)
    public void fill(Blackhole owed) {
      for (int i = 0; i < queued; i++) {
        state = said(rules, state, enqueue(++newest), owed);
      }
    }

    private static Message enqueue(int n) {
      return new BuildRequest.HandsOn.Enqueue(
          attempt(n, 1),
          Samples.spec(Samples.rules(1, 0, Collapse.NEVER), "master"),
          rank(n, 0),
          Set.of());
    }
  }

  /** A request joins a builder's queue, and is withdrawn from it. */
  @Benchmark
  public Object aRequestJoinsAndLeavesAQueue(LongQueue queue, Blackhole owed) {
    int n = ++queue.newest;
    queue.state = said(queue.rules, queue.state, LongQueue.enqueue(n), owed);
    queue.state =
        said(
            queue.rules,
            queue.state,
            new BuildRequest.HandsOn.Release(attempt(n, 1), Optional.empty()),
            owed);
    return queue.state;
  }

  /** A whole random history of the simulator, with faults, and every invariant checked. */
  @Benchmark
  @OutputTimeUnit(TimeUnit.MILLISECONDS)
  public void aHistory(Seeds seeds, Blackhole steps) {
    Outcome outcome = Simulation.run(Histories.of(seeds.next++ % 500));
    steps.consume(outcome.steps());
  }

  /** The same histories in the same order, in every run. */
  @State(Scope.Thread)
  public static class Seeds {
    private long next;
  }

  /** The state after {@code message}; what is newly owed is computed, as an actor would. */
  private static <C extends Message, S, E extends Fact> S said(
      Entity<C, S, E> rules, S before, Message message, Blackhole owed) {
    var decision = rules.decide(before, rules.understand(message), NOON);
    if (!(decision instanceof Decision.Accepted<E>(var facts))) {
      throw new IllegalStateException(message + " is refused: " + decision);
    }
    S state = before;
    for (E fact : facts) {
      S after = rules.evolve(state, fact);
      for (String key : rules.touched(state, after, fact)) {
        owed.consume(rules.duty(after, key));
      }
      state = after;
    }
    return state;
  }
}
