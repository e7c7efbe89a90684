package dev.ahjo.cluster.worker;

import dev.ahjo.core.id.WorkerName;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Map;
import java.util.Optional;

/** Says whether a token proves a worker's name. Never blocks; safe for use by many threads. */
@FunctionalInterface
public interface WorkerTokens {
  boolean check(WorkerName name, String token);

  /**
   * Tokens known beforehand.
   *
   * @param own of workers that have one of their own; the shared one does not serve for these
   * @param shared of all others; without it they are turned away
   */
  static WorkerTokens of(Map<WorkerName, String> own, Optional<String> shared) {
    Map<WorkerName, String> known = Map.copyOf(own);
    return (name, token) -> {
      String expected = known.getOrDefault(name, shared.orElse(""));
      return !expected.isEmpty()
          && MessageDigest.isEqual(
              expected.getBytes(StandardCharsets.UTF_8), token.getBytes(StandardCharsets.UTF_8));
    };
  }
}
