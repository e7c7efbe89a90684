package dev.ahjo.persistence.status;

import java.util.Optional;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;

/** Waits for what Cassandra answers. */
final class Answers {
  private Answers() {}

  /**
   * @throws StatusUnavailable when it has none
   */
  static <T> T of(CompletionStage<T> answer) {
    try {
      return answer.toCompletableFuture().join();
    } catch (CompletionException failed) {
      Throwable why = Optional.ofNullable(failed.getCause()).orElse(failed);
      if (why instanceof StatusUnavailable told) {
        throw told;
      }
      throw new StatusUnavailable("The read tables can't be read or written", why);
    }
  }
}
