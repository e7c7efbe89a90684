package dev.ahjo.core.request;

import dev.ahjo.core.project.Result;

/** How an attempt ended, as far as its request's future is concerned. */
public sealed interface Ending {
  /** The build's own doing, good or bad: never tried again by itself. */
  record Completed(Result result) implements Ending {}

  /**
   * Not the build's doing: tried again.
   *
   * @param step the name of the step it happened in, or empty before the first
   * @param rule what classified it, such as the name of a retry rule
   */
  record Transient(Cause cause, String step, String rule, String detail) implements Ending {
    /** Whether the worker did not take the build at all: its lease was refused, or given back. */
    public boolean neverBegan() {
      return cause == Cause.LEASE_REFUSED || (cause == Cause.AGENT_FAULT && step.isEmpty());
    }
  }

  /** Stopped by somebody. */
  record Stopped(String by, String reason) implements Ending {}

  enum Cause {
    /** The worker stayed away past the lease's grace, or no longer knew of the build. */
    WORKER_LOST,
    /** The agent's own fault, or its machine's: a full disk, a supervisor that vanished. */
    AGENT_FAULT,
    /** The worker refused the lease. */
    LEASE_REFUSED,
    /** A step's end matched one of the project's retry rules. */
    RETRY_RULE
  }
}
