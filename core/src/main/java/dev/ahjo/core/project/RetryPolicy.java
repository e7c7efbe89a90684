package dev.ahjo.core.project;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * How often, how soon and after which failures a request is tried again.
 *
 * @param limit attempts in all, at least 1; then the request is shelved
 * @param firstBackoff before the second attempt; doubles with each further one
 * @param maxBackoff the longest
 */
public record RetryPolicy(int limit, Duration firstBackoff, Duration maxBackoff, List<Rule> rules) {
  public static final RetryPolicy DEFAULT =
      new RetryPolicy(3, Duration.ofSeconds(10), Duration.ofMinutes(10), List.of(Rule.CHECKOUT));

  public RetryPolicy {
    rules = List.copyOf(rules);
    if (limit < 1) {
      throw new IllegalArgumentException("Expected a retry limit from 1, but found " + limit);
    }
  }

  /** The wait before attempt {@code spent + 1}, when {@code spent} attempts have been lost. */
  public Duration backoff(int spent) {
    Duration wait = firstBackoff;
    for (int i = 1; i < spent && wait.compareTo(maxBackoff) < 0; i++) {
      wait = wait.multipliedBy(2);
    }
    return wait.compareTo(maxBackoff) < 0 ? wait : maxBackoff;
  }

  /**
   * A failed step that meets every given criterion is transient.
   *
   * @param name stands in the ledger as the reason
   * @param steps names of steps it looks at; empty means all
   * @param exitCodes empty means any
   * @param signals names without SIG, such as KILL; empty means any
   * @param output a regular expression found in a line of the step's output (the last 64 KiB)
   */
  public record Rule(
      String name,
      Set<String> steps,
      Set<Integer> exitCodes,
      Set<String> signals,
      Optional<String> output) {
    /** What a checkout says when the network or the server, not the project, is at fault. */
    public static final Rule CHECKOUT =
        new Rule(
            "checkout-network",
            Set.of("git"),
            Set.of(),
            Set.of(),
            Optional.of(
                "(?i)could not resolve host|connection (timed out|refused|reset)|early EOF|remote end hung up"
                    + "|unable to access|RPC failed|network is unreachable|couldn't connect"));

    public Rule {
      steps = Set.copyOf(steps);
      exitCodes = Set.copyOf(exitCodes);
      signals = Set.copyOf(signals);
    }
  }
}
