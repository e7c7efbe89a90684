package dev.ahjo.persistence.formats;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.ahjo.core.kernel.EntityType;
import java.util.HashMap;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * How facts that were written long ago are read as today's. A fact's first version is written under
 * its simple name, {@code RequestTaken}; each later one with its number, {@code RequestTaken.2}.
 * For every version but the newest stands here how it becomes the next; what was written is never
 * changed. {@code docs/howto/add-a-fact.md} walks through one.
 */
public final class Upcasters {
  /** Today's. */
  public static final Upcasters CURRENT = new Upcasters(Map.of());

  private final Map<Version, UnaryOperator<ObjectNode>> steps;

  /** A version of a fact that is no longer written. */
  private record Version(EntityType entity, String fact, int number) {}

  private Upcasters(Map<Version, UnaryOperator<ObjectNode>> steps) {
    this.steps = Map.copyOf(steps);
  }

  static Upcasters none() {
    return new Upcasters(Map.of());
  }

  /**
   * These, and one that makes version {@code from + 1} of version {@code from} of a fact.
   *
   * @param step takes and answers the fact's JSON object; its {@code type} is seen to
   * @throws IllegalArgumentException if there is such a step, or none from the version before
   */
  public Upcasters with(EntityType entity, String fact, int from, UnaryOperator<ObjectNode> step) {
    if (newest(entity, fact) != from) {
      throw new IllegalArgumentException(
          "Expected the step from version %d of %s, but found the one from version %d"
              .formatted(newest(entity, fact), fact, from));
    }
    var more = new HashMap<>(steps);
    more.put(new Version(entity, fact, from), step);
    return new Upcasters(more);
  }

  /** Whether all facts of an entity are in their first versions. */
  boolean none(EntityType entity) {
    return steps.keySet().stream().noneMatch(v -> v.entity() == entity);
  }

  /** The version of a fact that is written. */
  int newest(EntityType entity, String fact) {
    int number = 1;
    while (steps.containsKey(new Version(entity, fact, number))) {
      number++;
    }
    return number;
  }

  /** What stands in {@code type} when a fact of this simple name is written. */
  String written(EntityType entity, String fact) {
    int newest = newest(entity, fact);
    return newest == 1 ? fact : fact + "." + newest;
  }

  /** The fact as its newest version, under its simple name. */
  ObjectNode upcast(EntityType entity, ObjectNode fact) {
    String type = fact.path("type").asText();
    int dot = type.lastIndexOf('.');
    String name = dot < 0 ? type : type.substring(0, dot);
    int number = dot < 0 ? 1 : number(type, dot);
    ObjectNode newer = fact;
    while (true) {
      @Nullable UnaryOperator<ObjectNode> step = steps.get(new Version(entity, name, number));
      if (step == null) {
        break;
      }
      newer = step.apply(newer);
      number++;
    }
    if (number > newest(entity, name)) {
      throw new IllegalArgumentException(
          "The fact %s was written by a newer version; this one knows %s up to %d"
              .formatted(type, name, newest(entity, name)));
    }
    return newer.put("type", name);
  }

  private static int number(String type, int dot) {
    try {
      return Integer.parseInt(type.substring(dot + 1));
    } catch (NumberFormatException wrong) {
      throw new IllegalArgumentException(
          "Expected Name or Name.2, but found '" + type + "'", wrong);
    }
  }
}
