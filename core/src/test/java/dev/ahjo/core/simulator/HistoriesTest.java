package dev.ahjo.core.simulator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.fail;

import dev.ahjo.core.Rules;
import dev.ahjo.core.kernel.EntityType;
import java.util.Arrays;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/**
 * Random histories on the house's own entities. Some seeds are always the same, the others are new
 * each time; {@code -Dahjo.sim.seed=N} repeats a run, {@code -Dahjo.sim.histories=N} makes it
 * longer.
 */
class HistoriesTest {
  private static final long FIXED = 750;
  private static final long HISTORIES = Long.getLong("ahjo.sim.histories", 1_500);
  private static final long FRESH =
      Long.getLong("ahjo.sim.seed", System.currentTimeMillis() / 1000 * 1_000_000);

  /** All facts but those that no random history is likely to make. */
  private static final Set<String> RARE = Set.of("build.RevisionFound", "build.PropertySet");

  @Test
  void nothingIsViolatedInAnyHistory() {
    System.out.printf(
        "%d histories, those after the fixed from seed %d on: repeat with -Dahjo.sim.seed=%d%n",
        HISTORIES, FRESH, FRESH);
    Set<String> facts = new TreeSet<>();
    long steps = 0;
    long start = System.nanoTime();
    for (long seed : seeds().toArray()) {
      History history = Histories.of(seed);
      Outcome outcome = Simulation.run(history);
      if (outcome.violation().isPresent()) {
        fail(story(history));
      }
      if (seed <= FIXED) {
        facts.addAll(outcome.facts());
      }
      steps += outcome.steps();
    }
    System.out.printf("%d messages heard in %.1f s%n", steps, (System.nanoTime() - start) / 1e9);
    assertThat(facts).as("facts that happened").containsAll(allFacts());
  }

  private static LongStream seeds() {
    return LongStream.concat(
        LongStream.rangeClosed(1, FIXED),
        LongStream.range(FRESH, FRESH + Math.max(0, HISTORIES - FIXED)));
  }

  /** The history, made small, and everything that happened in it. */
  private static String story(History history) {
    History small = Shrinker.shrink(history, Simulation::run);
    Outcome outcome = Simulation.run(small, Rules::of, true);
    return "seed %d in %s, %s%n%s%nWhat happened:%n%s"
        .formatted(
            history.seed(),
            small.weather(),
            small.world(),
            small.told(),
            String.join("\n", outcome.story()));
  }

  private static Set<String> allFacts() {
    return Arrays.stream(EntityType.values())
        .flatMap(type ->
            Arrays.stream(Rules.facts(type).getPermittedSubclasses())
                .map(fact -> type.label() + "." + fact.getSimpleName()))
        .filter(name -> !RARE.contains(name))
        .collect(Collectors.toSet());
  }

  @Test
  void theSameHistoryRunsTheSameWay() {
    for (long seed = 1; seed <= 20; seed++) {
      Outcome once = Simulation.run(Histories.of(seed));
      Outcome again = Simulation.run(Histories.of(seed), Rules::of, true);
      assertThat(again.digest()).as("seed " + seed).isEqualTo(once.digest());
      assertThat(again.badLuck()).isEqualTo(once.badLuck());
    }
  }
}
