package dev.ahjo.cluster.kernel;

import dev.ahjo.core.kernel.EntityRef;
import dev.ahjo.core.kernel.Message;
import dev.ahjo.core.port.Entities;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import org.apache.pekko.actor.Cancellable;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.javadsl.AskPattern;
import org.apache.pekko.cluster.sharding.typed.ShardingEnvelope;

/** The entities of the whole cluster, for those who are none: http, the gate, tests. */
public final class ShardedEntities implements Entities {
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  /** How long to wait for an answer before it is asked whether mail may have been lost. */
  private static final Duration AGAIN = Duration.ofSeconds(1);

  private final ActorSystem<?> system;
  private final Shards shards;

  public ShardedEntities(ActorSystem<?> system, Shards shards) {
    this.system = system;
    this.shards = shards;
  }

  @Override
  public CompletionStage<Answer> tell(EntityRef to, Message message) {
    return this.<Mail.Response>ask(to, asker -> new Mail.Say(message, 0, asker))
        .thenApply(response ->
            switch (response) {
              case Mail.Answered(_, Answer answer) -> answer;
              case Mail.Broke(_, String problem) -> throw new Broken(problem);
            });
  }

  @Override
  public CompletionStage<Object> state(EntityRef of) {
    return this.<Mail.Shown>ask(of, Mail.Read::new).thenApply(Mail.Shown::state);
  }

  /** Fails at once with a {@link TimeoutException} while this node is not up among the others. */
  private <R> CompletionStage<R> ask(EntityRef of, Function<ActorRef<R>, Mail> mail) {
    if (shards.apart()) {
      return CompletableFuture.failedFuture(
          new TimeoutException("This node is not up in its cluster"));
    }
    CompletableFuture<R> answer = new CompletableFuture<>();
    post(of, mail, PATIENCE)
        .whenComplete((said, problem) -> {
          if (problem == null) {
            answer.complete(said);
          } else {
            answer.completeExceptionally(problem);
          }
        });
    again(of, mail, answer, PATIENCE.minus(AGAIN));
    return answer;
  }

  /**
   * Mail that was on its way to a node that died is lost. Whoever says a thing twice to an entity
   * does no harm; but only then is it said twice, lest a busy farm have more to do for being busy.
   */
  private <R> void again(
      EntityRef of,
      Function<ActorRef<R>, Mail> mail,
      CompletableFuture<R> answer,
      Duration remaining) {
    if (!remaining.isPositive()) {
      return;
    }
    Cancellable later =
        system
            .scheduler()
            .scheduleOnce(
                AGAIN,
                () -> {
                  if (!answer.isDone()) {
                    if (shards.unsettled()) {
                      post(of, mail, remaining).thenAccept(answer::complete);
                    }
                    again(of, mail, answer, remaining.minus(AGAIN));
                  }
                },
                system.executionContext());
    answer.whenComplete((_, _) -> later.cancel());
  }

  private <R> CompletionStage<R> post(
      EntityRef to, Function<ActorRef<R>, Mail> mail, Duration patience) {
    return AskPattern.ask(
        shards.region(to.type()),
        asker -> new ShardingEnvelope<>(to.id(), mail.apply(asker)),
        patience,
        system.scheduler());
  }
}
