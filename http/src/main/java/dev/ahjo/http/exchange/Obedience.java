package dev.ahjo.http.exchange;

import dev.ahjo.core.kernel.Refusal;
import dev.ahjo.core.port.Entities.Answer;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.pekko.http.javadsl.model.HttpResponse;

/** Waits for what the farm answers to a write, and tells it. */
public final class Obedience {
  /** Longer than the farm itself waits for its entities. */
  private static final int SECONDS = 25;

  private Obedience() {}

  /** That a write was obeyed; {@code changed} is false when it was already so. */
  record Obeyed(String id, boolean changed) {}

  /**
   * @throws Problem when the farm refuses
   */
  public static HttpResponse obey(String what, String id, CompletionStage<Answer> answer)
      throws ExecutionException, InterruptedException, TimeoutException {
    return switch (await(answer)) {
      case Answer.Done done -> Reply.accepted(new Obeyed(id, done.changed()));
      // An entity that does not exist yet does not know what it would be called.
      case Answer.Refused(Refusal.NotFound _) -> throw Problem.notFound(what, id);
      case Answer.Refused refused -> throw Problem.of(refused.why());
    };
  }

  /** What the farm answers; held up until it does. */
  public static <T> T await(CompletionStage<T> answer)
      throws ExecutionException, InterruptedException, TimeoutException {
    return answer.toCompletableFuture().get(SECONDS, TimeUnit.SECONDS);
  }
}
