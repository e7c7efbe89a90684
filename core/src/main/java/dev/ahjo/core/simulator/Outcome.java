package dev.ahjo.core.simulator;

import dev.ahjo.core.kernel.EntityRef;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * How a history went.
 *
 * @param steps messages heard, by entities and agents
 * @param virtualMillis how long it took on its own clock
 * @param badLuck the ids of the strokes of bad luck that happened
 * @param facts the names of the facts that happened, as {@code builder.RequestTaken}
 * @param digest equal for two runs exactly when the same facts happened at the same times
 * @param states the state of every entity in the end
 * @param story what happened, line by line; empty unless it was asked for
 */
public record Outcome(
    Optional<Violation> violation,
    long steps,
    long virtualMillis,
    Set<Long> badLuck,
    Set<String> facts,
    long digest,
    Map<EntityRef, Object> states,
    List<String> story) {
  public Outcome {
    badLuck = Set.copyOf(badLuck);
    facts = Set.copyOf(facts);
    states = Map.copyOf(states);
    story = List.copyOf(story);
  }
}
