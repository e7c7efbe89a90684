package dev.ahjo.core.kernel;

import java.time.Instant;
import java.util.HashSet;
import java.util.Objects;
import java.util.Set;
import org.pcollections.PMap;

/**
 * An event-sourced entity: four pure functions. They know neither mailbox, journal nor clock; the
 * actor in the cluster and the simulator drive the very same ones.
 *
 * @param <C> the commands it understands
 * @param <S> its state, immutable
 * @param <E> the facts of its journal
 */
public interface Entity<C extends Message, S, E extends Fact> {

  EntityType type();

  /** The state before the first fact of the entity called {@code id}. */
  S initial(String id);

  /**
   * The command that {@code message} means here. Earlier stages of the path hand on messages of
   * their own, since they may not import the later ones; each receiver translates what it is
   * handed.
   *
   * @throws IllegalArgumentException for a message that no one should send here: a bug
   */
  C understand(Message message);

  /**
   * Accepted with facts, or refused with the reason; never an exception. The same command said
   * twice is already so the second time: whatever is not answered in time is said again.
   */
  Decision<E> decide(S state, C command, Instant now);

  /** The state after {@code fact}. Never decides again, never fails. */
  S evolve(S state, E fact);

  /** Everything this state owes, by a key that stays the same while the duty does. */
  PMap<String, Duty> duties(S state);

  /**
   * The keys of the duties that differ between the two states. Entities that hold thousands name
   * the few that {@code fact} touched; the simulator checks them against this full comparison.
   */
  default Set<String> touched(S before, S after, E fact) {
    return changed(duties(before), duties(after));
  }

  /** One duty of {@code state} by its key, or null. Overridden where the whole map is costly. */
  default @org.jspecify.annotations.Nullable Duty duty(S state, String key) {
    return duties(state).get(key);
  }

  /** Whether nothing will ever happen here by itself again once the duties are answered. */
  boolean settled(S state);

  /** The keys whose duty differs between two maps of duties. */
  static Set<String> changed(PMap<String, Duty> before, PMap<String, Duty> after) {
    Set<String> keys = new HashSet<>();
    before.forEach((key, duty) -> {
      if (!Objects.equals(after.get(key), duty)) {
        keys.add(key);
      }
    });
    after.keySet().stream().filter(key -> !before.containsKey(key)).forEach(keys::add);
    return keys;
  }
}
