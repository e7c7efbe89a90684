package dev.ahjo.core.request;

import java.util.HashSet;
import java.util.Optional;
import java.util.Set;

/**
 * Tells a bad build from a bad worker. The same step losing different workers accuses the build: it
 * is shelved early, to spare the farm. (One worker losing different builds accuses the worker; it
 * keeps that count itself.)
 */
final class Evidence {
  /** So many different workers lost in one step are enough. */
  static final int WORKERS = 2;

  private Evidence() {}

  /** The verdict against the build, from the attempts that still count. */
  static Optional<String> accusesBuild(BuildRequest.Body body) {
    String step = null;
    Set<String> workers = new HashSet<>();
    for (var tried : body.ledger()) {
      if (tried.attempt() <= body.forgiven()) {
        continue;
      }
      if (tried.ending() instanceof Ending.Transient refused && refused.neverBegan()) {
        continue; // it says nothing of the build
      }
      if (!(tried.ending() instanceof Ending.Transient lost)
          || lost.cause() != Ending.Cause.WORKER_LOST
          || lost.step().isEmpty()) {
        return Optional.empty();
      }
      if (step != null && !step.equals(lost.step())) {
        return Optional.empty();
      }
      step = lost.step();
      workers.add(tried.worker().value());
    }
    return workers.size() >= WORKERS
        ? Optional.of(
            "step '"
                + step
                + "' lost "
                + workers.size()
                + " different workers: "
                + String.join(", ", workers.stream().sorted().toList()))
        : Optional.empty();
  }
}
