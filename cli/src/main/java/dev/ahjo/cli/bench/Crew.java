package dev.ahjo.cli.bench;

import dev.ahjo.cli.bench.BenchFarm.Accepted;
import dev.ahjo.cli.bench.SimulatedAgents.Manner;
import dev.ahjo.core.id.PoolName;
import java.io.IOException;
import java.time.Duration;
import java.util.List;

/**
 * The simulated workers that run what is measured: how many there are, and where they join.
 *
 * @param door how they come in
 * @param workers none means the farm's own workers of {@code pool}
 * @param slots of each worker
 */
record Crew(BenchFarm farm, Door door, String pool, int workers, int slots) {
  /** How long all of it may take; longer has gone wrong. */
  static final Duration PATIENCE = Duration.ofMinutes(30);

  private static final Duration WELCOME = Duration.ofSeconds(30);

  boolean simulated() {
    return workers > 0;
  }

  Crew withSlots(int more) {
    return new Crew(farm, door, pool, workers, more);
  }

  Crew servingPool(String other) {
    return new Crew(farm, door, other, workers, slots);
  }

  /** Starts them, and returns when all are welcome. */
  SimulatedAgents join(Manner manner) throws IOException, InterruptedException {
    SimulatedAgents agents = start(manner);
    boolean welcome = false;
    try {
      agents.counter().awaitWelcome(WELCOME);
      welcome = true;
      return agents;
    } catch (IOException late) {
      throw explained(agents, late);
    } finally {
      if (!welcome) {
        agents.close();
      }
    }
  }

  /** Starts them; they join by themselves. */
  SimulatedAgents start(Manner manner) throws IOException {
    return SimulatedAgents.start(settings(pool + "-worker", workers, slots, manner, 1));
  }

  SimulatedAgents.Settings settings(
      String name, int agents, int slotsOfEach, Manner manner, int systems) {
    return new SimulatedAgents.Settings(
        door, name, agents, slotsOfEach, new PoolName(pool), manner, systems);
  }

  /** A gate hears only who calls it by the name that it gives itself, in the language it speaks. */
  private IOException explained(SimulatedAgents agents, IOException late) {
    if (agents.counter().present() > 0) {
      return late;
    }
    List<String> known = farm.gates();
    String name =
        known.isEmpty() || known.containsAll(door.gates())
            ? ""
            : ". They called the gate "
                + String.join(", ", door.gates())
                + ", but this node's calls itself "
                + String.join(", ", known)
                + " and hears no other name: leave --gate out, or name that one";
    String tls =
        door.tls().isPresent() ? "" : ". A gate may want TLS: --ca, --certificate and --key";
    return new IOException(late.getMessage() + name + tls, late);
  }

  /** Waits until all that was accepted has finished on {@code agents}. */
  static void awaitFinished(SimulatedAgents agents, List<Accepted> accepted)
      throws IOException, InterruptedException {
    if (!agents.counter().awaitFinished(accepted.size(), PATIENCE)) {
      throw new IOException(
          "Only " + agents.counter().ended() + " of " + accepted.size() + " builds have finished");
    }
  }

  @Override
  public String toString() {
    return simulated() ? workers + " simulated workers x " + slots + " slots" : "real workers";
  }
}
