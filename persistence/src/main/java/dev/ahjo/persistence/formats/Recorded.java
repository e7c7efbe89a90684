package dev.ahjo.persistence.formats;

import dev.ahjo.core.kernel.Fact;
import java.time.Instant;
import java.util.List;

/**
 * One row of the journal: what an entity has decided at once, stored together or not at all.
 *
 * @param facts of one entity, at least one, in order
 */
public record Recorded(Instant at, List<Fact> facts) {
  public Recorded {
    facts = List.copyOf(facts);
  }
}
