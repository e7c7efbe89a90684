package dev.ahjo.core.simulator;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * Makes a failing history small: leaves out acts, strokes of bad luck and machines, as many at once
 * as it can, as long as the same rule stays violated (delta debugging; Zeller and Hildebrandt,
 * "Simplifying and isolating failure-inducing input", 2002).
 */
public final class Shrinker {
  /** More runs are not worth waiting for. */
  private static final int MOST_RUNS = 3_000;

  private final Function<History, Outcome> run;
  private final String rule;
  private int runs;

  private Shrinker(Function<History, Outcome> run, String rule) {
    this.run = run;
    this.rule = rule;
  }

  /**
   * The smallest history found in which {@code run} violates the same rule as in {@code failing};
   * {@code failing} itself if it violates none.
   */
  public static History shrink(History failing, Function<History, Outcome> run) {
    Outcome first = run.apply(failing);
    return first.violation().isEmpty()
        ? failing
        : new Shrinker(run, first.violation().get().rule()).shrink(failing, first);
  }

  private History shrink(History failing, Outcome outcome) {
    History small = failing;
    int size = Integer.MAX_VALUE;
    while (size(small, outcome) < size && runs < MOST_RUNS) {
      size = size(small, outcome);
      History base = small;
      small = base.with(least(base.moments(), m -> fails(base.with(m))));
      History fewer = small;
      List<Long> luck = List.copyOf(new TreeSet<>(run.apply(fewer).badLuck()));
      small = fewer.with(new HashSet<>(least(luck, l -> fails(fewer.with(new HashSet<>(l))))));
      History lean = small;
      var machines =
          least(
              lean.world().machines(),
              m -> fails(lean.with(new World(m, lean.world().troubles()))));
      small = lean.with(new World(machines, lean.world().troubles()));
      outcome = run.apply(small);
    }
    return small;
  }

  private static int size(History history, Outcome outcome) {
    return history.moments().size() + history.world().machines().size() + outcome.badLuck().size();
  }

  private boolean fails(History history) {
    if (++runs > MOST_RUNS) {
      return false;
    }
    return run.apply(history).violation().filter(v -> v.rule().equals(rule)).isPresent();
  }

  /** A part of {@code all} that still fails, of which no single piece can be left out. */
  private static <T> List<T> least(List<T> all, Predicate<List<T>> fails) {
    List<T> kept = all;
    if (!kept.isEmpty() && fails.test(List.of())) {
      return List.of();
    }
    for (int chunk = Math.max(1, kept.size() / 2); chunk >= 1; chunk /= 2) {
      for (int from = 0; from < kept.size(); ) {
        List<T> without = new ArrayList<>(kept.subList(0, from));
        without.addAll(kept.subList(Math.min(kept.size(), from + chunk), kept.size()));
        if (fails.test(without)) {
          kept = without;
        } else {
          from += chunk;
        }
      }
    }
    return kept;
  }
}
