package dev.ahjo.core.simulator;

import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Everything that decides what will happen: the same history runs the same way each time.
 *
 * @param retouches whether answered duties are said again after a while; without it everything has
 *     to settle by what is owed alone
 * @param badLuck the only strokes of bad luck that may happen, by the ids that an {@link Outcome}
 *     names; empty means all that the weather brings
 */
public record History(
    long seed,
    World world,
    List<Moment> moments,
    Weather weather,
    boolean retouches,
    Optional<Set<Long>> badLuck) {
  public History {
    moments = moments.stream().sorted(Comparator.comparingLong(Moment::at)).toList();
  }

  /** An act and its time, in milliseconds from the start. */
  public record Moment(long at, Act act) {}

  History with(List<Moment> fewer) {
    return new History(seed, world, fewer, weather, retouches, badLuck);
  }

  History with(Set<Long> luck) {
    return new History(seed, world, moments, weather, retouches, Optional.of(Set.copyOf(luck)));
  }

  History with(World smaller) {
    return new History(seed, smaller, moments, weather, retouches, badLuck);
  }

  /** The acts, one a line. */
  public String told() {
    return moments.stream()
        .map(m -> "%8.3f  %s".formatted(m.at() / 1000.0, Telling.of(m.act())))
        .collect(Collectors.joining("\n"));
  }
}
