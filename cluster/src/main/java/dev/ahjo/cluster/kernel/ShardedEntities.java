package dev.ahjo.cluster.kernel;

import dev.ahjo.core.kernel.EntityRef;
import dev.ahjo.core.kernel.Message;
import dev.ahjo.core.port.Entities;
import java.time.Duration;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.javadsl.AskPattern;
import org.apache.pekko.cluster.sharding.typed.ShardingEnvelope;

/** The entities of the whole cluster, for those who are none: http, the gate, tests. */
public final class ShardedEntities implements Entities {
  private static final Duration PATIENCE = Duration.ofSeconds(10);

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
              case Mail.Broke(_, String problem) -> throw new IllegalStateException(problem);
            });
  }

  @Override
  public CompletionStage<Object> state(EntityRef of) {
    return this.<Mail.Shown>ask(of, Mail.Read::new).thenApply(Mail.Shown::state);
  }

  private <R> CompletionStage<R> ask(EntityRef of, Function<ActorRef<R>, Mail> mail) {
    return AskPattern.ask(
        shards.region(of.type()),
        asker -> new ShardingEnvelope<>(of.id(), mail.apply(asker)),
        PATIENCE,
        system.scheduler());
  }
}
