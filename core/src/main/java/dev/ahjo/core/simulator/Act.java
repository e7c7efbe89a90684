package dev.ahjo.core.simulator;

import dev.ahjo.core.id.BuilderName;
import dev.ahjo.core.id.PoolName;
import dev.ahjo.core.id.ProjectName;
import dev.ahjo.core.id.WorkerName;
import dev.ahjo.core.project.ProjectDefinition;
import dev.ahjo.core.project.Result;
import java.util.List;

/**
 * What people do, and what befalls machines. Buildsets are counted from 0 in the order of their
 * submission, requests from 0 within theirs; what names something that does not exist (yet) has no
 * effect.
 */
public sealed interface Act {
  record Define(ProjectDefinition project) implements Act {}

  record Remove(ProjectName project) implements Act {}

  /**
   * @param set the number by which later acts name the buildset
   */
  record Submit(
      int set, ProjectName project, List<BuilderName> builders, String branch, int priority)
      implements Act {
    public Submit {
      builders = List.copyOf(builders);
    }
  }

  record CancelBuildset(int set) implements Act {}

  record CancelRequest(int set, int request) implements Act {}

  record StopBuild(int set, int request) implements Act {}

  record Unshelve(int set, int request) implements Act {}

  record Prioritise(int set, int request, int priority) implements Act {}

  record Pause(WorkerName worker) implements Act {}

  record Drain(WorkerName worker) implements Act {}

  record Resume(WorkerName worker) implements Act {}

  /** The connection is cut; the agent can't connect again before {@code millis} have passed. */
  record Cut(WorkerName worker, long millis) implements Act {}

  /** The agent's process dies; its steps go on, and it starts again after {@code millis}. */
  record AgentDies(WorkerName worker, long millis) implements Act {}

  /** The machine dies with all that runs on it; its disk is there when it starts again. */
  record MachineReboots(WorkerName worker, long millis) implements Act {}

  /** The machine is replaced by an empty one. */
  record DiskLost(WorkerName worker, long millis) implements Act {}

  /** The agent comes back with another number of slots. */
  record Resize(WorkerName worker, int slots) implements Act {}

  /** The agent comes back as a worker of another pool. */
  record MovePool(WorkerName worker, PoolName pool) implements Act {}

  /** The node dies: every entity, every session. It starts again after {@code millis}. */
  record NodeDies(long millis) implements Act {}

  /** From now on the steps of that name end so, wherever they run. */
  record StepEnds(String step, Result result) implements Act {}

  /** From now on the steps of that name take so long. */
  record StepTakes(String step, long millis) implements Act {}

  /** Nobody does anything; until then the history goes on as it is. */
  record Wait() implements Act {}
}
