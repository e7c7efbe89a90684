package dev.ahjo.cluster.worker;

import dev.ahjo.core.build.Build;
import dev.ahjo.core.kernel.Decision;
import dev.ahjo.core.kernel.Entity;
import dev.ahjo.core.kernel.EntityRef;
import dev.ahjo.core.kernel.EntityType;
import dev.ahjo.core.kernel.Fact;
import dev.ahjo.core.kernel.Message;
import dev.ahjo.core.port.Entities;
import dev.ahjo.core.worker.Worker;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Predicate;

/** The real workers and builds, without journal, cluster or duties. */
final class HandEntities implements Entities {
  record Told(EntityRef to, Message message) {}

  final List<Told> told = new CopyOnWriteArrayList<>();
  volatile Predicate<Told> unreachable = _ -> false;

  /** Those that are answered only by {@link #answersAll}. */
  volatile Predicate<Told> slow = _ -> false;

  private final List<Runnable> unanswered = new CopyOnWriteArrayList<>();

  private final Map<EntityRef, Object> states = new HashMap<>();

  @Override
  public CompletionStage<Answer> tell(EntityRef to, Message message) {
    Told said = new Told(to, message);
    told.add(said);
    if (unreachable.test(said)) {
      return CompletableFuture.failedFuture(
          new java.util.concurrent.TimeoutException(to + " does not answer"));
    }
    if (slow.test(said)) {
      CompletableFuture<Answer> answer = new CompletableFuture<>();
      unanswered.add(() -> answer.complete(decide(rules(to), to, message)));
      return answer;
    }
    return CompletableFuture.completedFuture(decide(rules(to), to, message));
  }

  @SuppressWarnings({"unchecked", "NullAway"}) // each type's states and facts are its own
  private synchronized <C extends Message, S, E extends Fact> Answer decide(
      Entity<?, ?, ?> any, EntityRef to, Message message) {
    Entity<C, S, E> entity = (Entity<C, S, E>) any;
    S state = (S) state(entity, to);
    return switch (entity.decide(state, entity.understand(message), Instant.EPOCH)) {
      case Decision.Accepted<E>(var facts) -> {
        for (E fact : facts) {
          state = entity.evolve(state, fact);
        }
        states.put(to, state);
        yield new Answer.Done(!facts.isEmpty());
      }
      case Decision.Refused<E>(var why) -> new Answer.Refused(why);
    };
  }

  void answersAll() {
    slow = _ -> false;
    unanswered.forEach(Runnable::run);
    unanswered.clear();
  }

  private static Entity<?, ?, ?> rules(EntityRef of) {
    return of.type() == EntityType.WORKER ? new Worker() : new Build();
  }

  private Object state(Entity<?, ?, ?> entity, EntityRef of) {
    Object known = states.get(of);
    return known == null ? entity.initial(of.id()) : known;
  }

  @Override
  public synchronized CompletionStage<Object> state(EntityRef of) {
    return CompletableFuture.completedFuture(state(rules(of), of));
  }
}
