package dev.ahjo.core.simulator;

import dev.ahjo.core.build.Build;
import dev.ahjo.core.builder.Builder;
import dev.ahjo.core.buildset.Buildset;
import dev.ahjo.core.id.BuildKey;
import dev.ahjo.core.id.BuilderKey;
import dev.ahjo.core.kernel.EntityRef;
import dev.ahjo.core.lock.Lock;
import dev.ahjo.core.pool.Pool;
import dev.ahjo.core.request.BuildRequest;
import dev.ahjo.core.worker.Worker;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What must hold in the end: once faults have stopped, every request comes to its end, and nothing
 * of it is left anywhere.
 */
final class Settlement {
  /** Looking at everybody after every message would cost more than the messages. */
  private static final int LOOKS_EVERY = 64;

  private final Simulation farm;
  private long asked;

  Settlement(Simulation farm) {
    this.farm = farm;
  }

  boolean atRest() {
    return ++asked % LOOKS_EVERY == 0 && unrest().isEmpty();
  }

  void check() {
    var unrest = unrest();
    if (!unrest.isEmpty()) {
      throw new Violation(
          "everything settles when faults stop",
          String.join("; ", unrest.subList(0, Math.min(12, unrest.size()))));
    }
  }

  private List<String> unrest() {
    List<String> found = new ArrayList<>();
    for (var set : farm.users().submitted()) {
      if (!farm.known(EntityRef.of(set))
          || farm.state(EntityRef.of(set)) instanceof Buildset.State.Absent) {
        found.add(set + " is not open");
      }
    }
    for (var who : farm.residents()) {
      left(who.state()).ifPresent(what -> found.add(who.me() + " " + what));
      if (!who.unpaid().isEmpty()) {
        found.add(who.me() + " owes " + who.unpaid());
      }
    }
    gaps(found);
    for (Agent agent : farm.gate().agents()) {
      if (!agent.holdsNothing()) {
        found.add(agent.toString());
      }
      if (!agent.connected()) {
        found.add(agent.name() + " has no session");
      } else if (!(farm.state(EntityRef.of(agent.name())) instanceof Worker.State s)
          || !agent.speaksOn(s.presence())) {
        found.add(agent.name() + " is connected, but its worker is not here");
      }
    }
    return found;
  }

  /** Each build number has a build that began, or a fact that says that it never did. */
  private void gaps(List<String> found) {
    for (var who : farm.residents()) {
      if (who.state() instanceof Builder.State s) {
        var voided =
            who.journal().stream()
                .flatMap(f ->
                    f instanceof Builder.Fact.BuildVoided v
                        ? Stream.of(v.build().number())
                        : Stream.empty())
                .collect(Collectors.toSet());
        for (long n = 1; n <= s.lastNumber(); n++) {
          var build = EntityRef.of(new BuildKey(BuilderKey.parse(who.me().id()), n));
          boolean begun = farm.known(build) && !(farm.state(build) instanceof Build.State.Absent);
          if (begun == voided.contains(n)) {
            found.add(build + (begun ? " began though it was void" : " never began"));
          }
        }
      }
    }
  }

  private Optional<String> left(Object state) {
    return switch (state) {
      case Buildset.State.Open s when !waitsForAPerson(s) -> Optional.of("has not finished");
      case BuildRequest.State.Ended _, BuildRequest.State.Shelved _, BuildRequest.State.Absent _ ->
          Optional.empty();
      case BuildRequest.State s -> Optional.of("is " + BuildRequest.label(s));
      case Builder.State s
          when !s.waiting().isEmpty()
              || !s.places().isEmpty()
              || !s.active().isEmpty()
              || s.offered() != 0
              || !s.cleanups().isEmpty() ->
          Optional.of(
              "keeps waiting %s, active %s, cleanups %s"
                  .formatted(s.places().keySet(), s.active().values(), s.cleanups().keySet()));
      case Lock.State s when !s.waiting().isEmpty() || !s.holders().isEmpty() ->
          Optional.of("is held by " + s.holders().keySet() + ", wanted by " + s.waiting().values());
      case Pool.State s
          when !s.waiting().isEmpty()
              || !s.assigned().isEmpty()
              || !s.lines().byLabels().isEmpty()
              || !s.lines().avoiding().isEmpty()
              || !s.seats().used().isEmpty()
              || !s.seats().running().isEmpty() ->
          Optional.of(
              "keeps waiting " + s.waiting().keySet() + ", assigned " + s.assigned().keySet());
      case Build.State.Leased _ -> Optional.of("is leased");
      case Build.State.Running _ -> Optional.of("is running");
      case Worker.State s when !s.leases().isEmpty() ->
          Optional.of("leases " + s.leases().keySet());
      default -> Optional.empty();
    };
  }

  /** Whether one of its requests is shelved: a buildset waits for it. */
  private boolean waitsForAPerson(Buildset.State.Open set) {
    return set.nodes().keySet().stream()
        .anyMatch(r ->
            farm.known(EntityRef.of(r))
                && farm.state(EntityRef.of(r)) instanceof BuildRequest.State.Shelved);
  }
}
