package dev.ahjo.http;

import dev.ahjo.core.Rules;
import dev.ahjo.core.build.Build;
import dev.ahjo.core.id.Attempt;
import dev.ahjo.core.id.BuildKey;
import dev.ahjo.core.id.PoolName;
import dev.ahjo.core.id.SessionId;
import dev.ahjo.core.id.WorkerName;
import dev.ahjo.core.kernel.Decision;
import dev.ahjo.core.kernel.Duty;
import dev.ahjo.core.kernel.Entity;
import dev.ahjo.core.kernel.EntityRef;
import dev.ahjo.core.kernel.Fact;
import dev.ahjo.core.kernel.Message;
import dev.ahjo.core.port.Entities;
import dev.ahjo.core.port.Events;
import dev.ahjo.core.port.StreamStore.Subscription;
import dev.ahjo.core.status.MemoryStatus;
import dev.ahjo.core.status.Projection;
import dev.ahjo.core.status.StatusEvent;
import dev.ahjo.core.status.StatusStore;
import dev.ahjo.core.step.StepReport;
import dev.ahjo.core.worker.Protocol;
import dev.ahjo.core.worker.Worker;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.pcollections.PMap;

/**
 * The real rules in one thread at a time, without journal, mailbox or network: whatever is owed is
 * paid at once. Workers are played by the test.
 */
final class MemoryFarm implements Entities, Events {
  private record Owed(EntityRef by, String key) {}

  private static final class Living {
    final Entity<Message, Object, Fact> rules;
    Object state;
    PMap<String, Duty> duties;

    @SuppressWarnings("unchecked")
    Living(EntityRef ref) {
      rules = (Entity<Message, Object, Fact>) Rules.of(ref.type());
      state = rules.initial(ref.id());
      duties = rules.duties(state);
    }
  }

  private final Map<EntityRef, Living> entities = new HashMap<>();
  private final Map<Owed, Duty> unpaid =
      new TreeMap<>((a, b) -> a.toString().compareTo(b.toString()));
  private final List<StatusEvent> journal = new ArrayList<>();
  private final List<Consumer<List<StatusEvent>>> listeners = new CopyOnWriteArrayList<>();
  private final Deque<Protocol.ToAgent> delivered = new ArrayDeque<>();
  private final MemoryStatus status = new MemoryStatus();
  private final Projection projection = new Projection(status);
  private Instant now = Instant.parse("2026-11-01T10:00:00Z");
  private boolean silent;

  MemoryStatus status() {
    return status;
  }

  /** From now on nothing is answered. */
  synchronized void fallsSilent() {
    silent = true;
  }

  @Override
  public synchronized CompletionStage<Answer> tell(EntityRef to, Message message) {
    if (silent) {
      return CompletableFuture.failedFuture(
          new java.util.concurrent.TimeoutException("no answer from " + to));
    }
    Answer answer = say(to, message);
    settle();
    return CompletableFuture.completedFuture(answer);
  }

  @Override
  public synchronized CompletionStage<Object> state(EntityRef of) {
    return CompletableFuture.completedFuture(living(of).state);
  }

  private Living living(EntityRef ref) {
    return entities.computeIfAbsent(ref, Living::new);
  }

  private Answer say(EntityRef to, Message message) {
    Living it = living(to);
    return switch (it.rules.decide(it.state, it.rules.understand(message), now)) {
      case Decision.Refused<Fact> refused -> new Answer.Refused(refused.why());
      case Decision.Accepted<Fact> accepted -> {
        List<StatusEvent> batch = new ArrayList<>();
        for (Fact fact : accepted.facts()) {
          it.state = it.rules.evolve(it.state, fact);
          projection.apply(to, now, fact);
          batch.add(
              new StatusEvent(
                  journal.size() + batch.size() + 1,
                  0,
                  now,
                  kind(fact),
                  to,
                  status.projectOf(to),
                  fact));
        }
        journal.addAll(batch);
        status.progress(new StatusStore.Progress(journal.size(), journal.size()));
        if (!batch.isEmpty()) {
          listeners.forEach(l -> l.accept(batch));
        }
        PMap<String, Duty> before = it.duties;
        it.duties = it.rules.duties(it.state);
        for (String key : Entity.changed(before, it.duties)) {
          Duty duty = it.duties.get(key);
          if (duty == null) {
            unpaid.remove(new Owed(to, key));
          } else {
            unpaid.put(new Owed(to, key), duty);
          }
        }
        yield new Answer.Done(!accepted.facts().isEmpty());
      }
    };
  }

  private static String kind(Fact fact) {
    return fact.getClass()
        .getSimpleName()
        .replaceAll("(?<!^)([A-Z])", "_$1")
        .toLowerCase(Locale.ROOT);
  }

  /** Pays what is owed and due, until nothing is. */
  private void settle() {
    boolean moved = true;
    while (moved) {
      moved = false;
      for (var owed : new LinkedHashMap<>(unpaid).entrySet()) {
        if (unpaid.get(owed.getKey()) == owed.getValue() && due(owed.getKey(), owed.getValue())) {
          unpaid.remove(owed.getKey());
          pay(owed.getKey().by(), owed.getValue());
          moved = true;
        }
      }
    }
  }

  private boolean due(Owed owed, Duty duty) {
    Optional<String> after =
        switch (duty) {
          case Duty.Tell t -> t.after();
          case Duty.Deliver d -> d.after();
          case Duty.Wake _, Duty.Watch _ -> Optional.empty();
        };
    if (after.filter(key -> unpaid.containsKey(new Owed(owed.by(), key))).isPresent()) {
      return false;
    }
    return switch (duty) {
      case Duty.Wake w -> !now.isBefore(w.at());
      case Duty.Watch _ -> false;
      case Duty.Tell _, Duty.Deliver _ -> true;
    };
  }

  private void pay(EntityRef by, Duty duty) {
    switch (duty) {
      case Duty.Tell t -> {
        switch (say(t.to(), t.message())) {
          case Answer.Done _ -> t.onAnswer().ifPresent(m -> say(by, m));
          case Answer.Refused _ -> t.onRefusal().ifPresent(m -> say(by, m));
        }
      }
      case Duty.Wake w -> say(by, w.command());
      case Duty.Deliver d -> delivered.add(d.message());
      case Duty.Watch _ -> throw new IllegalStateException("a watch is never due");
    }
  }

  /** A worker joins with so many slots. */
  synchronized SessionId joins(String worker, int slots) {
    var session = new SessionId("s-" + worker);
    var name = new WorkerName(worker);
    tell(
        EntityRef.of(name),
        new Worker.Command.Join(
            session,
            new Worker.Registration(
                name,
                worker + "-1",
                slots,
                Set.of("linux"),
                new PoolName("default"),
                Map.of("os", "Linux")),
            List.of()));
    return session;
  }

  /** The next plan that was handed to a worker. */
  synchronized Protocol.RunBuild nextPlan() {
    while (true) {
      Protocol.ToAgent message = delivered.pollFirst();
      if (message == null) {
        throw new AssertionError("no build was handed to a worker");
      }
      if (message instanceof Protocol.RunBuild run) {
        return run;
      }
    }
  }

  synchronized void reports(
      String worker, BuildKey build, Attempt attempt, long first, StepReport... reports) {
    var answer =
        tell(
                EntityRef.of(build),
                new Build.Command.Report(
                    new WorkerName(worker),
                    new SessionId("s-" + worker),
                    attempt,
                    first,
                    List.of(reports)))
            .toCompletableFuture()
            .join();
    if (!(answer instanceof Answer.Done)) {
      throw new AssertionError("the report was refused: " + answer);
    }
  }

  synchronized Instant now() {
    return now;
  }

  @Override
  public synchronized Subscription listen(Consumer<List<StatusEvent>> listener) {
    listeners.add(listener);
    return () -> listeners.remove(listener);
  }

  @Override
  public synchronized List<StatusEvent> since(long offset, int index, int limit) {
    return journal.stream().filter(e -> e.offset() > offset).limit(limit).toList();
  }

  synchronized int listeners() {
    return listeners.size();
  }
}
