package dev.ahjo.core.simulator;

import dev.ahjo.core.id.PoolName;
import dev.ahjo.core.id.WorkerName;
import java.util.List;
import java.util.Set;

/**
 * The machines of a history.
 *
 * @param troubles how often steps fail, in per mille
 */
public record World(List<Machine> machines, Troubles troubles) {
  public World {
    machines = List.copyOf(machines);
  }

  /** A machine with an agent, there from the beginning. */
  public record Machine(WorkerName name, PoolName pool, int slots, Set<String> labels) {
    public Machine {
      labels = Set.copyOf(labels);
    }
  }

  /** How steps end that no act decides, in per mille; the rest succeed. */
  public record Troubles(int failure, int retryRule, int agentFault, int warnings) {
    public static final Troubles NONE = new Troubles(0, 0, 0, 0);
  }
}
