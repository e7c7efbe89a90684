package dev.ahjo.persistence.formats;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.ahjo.core.kernel.EntityType;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * How facts that were written long ago are read as today's. A fact's first version is written under
 * its simple name, {@code RequestTaken}; each later one with its number, {@code RequestTaken.2}.
 * For every version but the newest stands here how it becomes the next; what was written is never
 * changed. {@code docs/howto/add-a-fact.md} walks through one.
 */
public final class Upcasters {
  /** Today's. */
  public static final Upcasters CURRENT =
      new Upcasters(Map.of())
          // Nobody's ask was kept; who asks now is another.
          .with(EntityType.BUILD, "BuildStopWanted", 1, wanted -> wanted)
          .with(EntityType.BUILDER, "RequestQueued", 1, Upcasters::withoutLikeness)
          .with(EntityType.BUILDSET, "BuildsetOpened", 1, Upcasters::withNeeded)
          .with(EntityType.REQUEST, "RequestOpened", 1, Upcasters::notNeeded)
          .with(EntityType.WORKER, "LeaseEnded", 1, Upcasters::withProof);

  private final Map<Version, UnaryOperator<ObjectNode>> steps;

  /** A version of a fact that is no longer written. */
  private record Version(EntityType entity, String fact, int number) {}

  private Upcasters(Map<Version, UnaryOperator<ObjectNode>> steps) {
    this.steps = Map.copyOf(steps);
  }

  /** It was merged by its branch alone; now it is left in peace. */
  private static ObjectNode withoutLikeness(ObjectNode queued) {
    if (queued.get("ticket") instanceof ObjectNode ticket) {
      ticket.remove("branch");
      ticket.put("like", "");
    }
    return queued;
  }

  private static ObjectNode withNeeded(ObjectNode opened) {
    Set<String> needed = new HashSet<>();
    opened.path("nodes").forEach(node -> node.path("needs").forEach(n -> needed.add(n.asText())));
    for (JsonNode node : opened.path("nodes")) {
      if (node.get("spec") instanceof ObjectNode spec) {
        spec.put("needed", needed.contains(node.path("request").asText()));
      }
    }
    return opened;
  }

  /** Nobody knew; what is queued already has been merged or not. */
  private static ObjectNode notNeeded(ObjectNode opened) {
    if (opened.get("spec") instanceof ObjectNode spec) {
      spec.put("needed", false);
    }
    return opened;
  }

  /** Every end that was not the worker's fault counted for it. */
  private static ObjectNode withProof(ObjectNode ended) {
    boolean fault = ended.path("workerFault").asBoolean();
    ended.remove("workerFault");
    return ended.put("proof", fault ? "FAULT" : "GOOD");
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

  /** The facts of an entity that are not in their first versions. */
  Set<String> changed(EntityType entity) {
    return steps.keySet().stream()
        .filter(v -> v.entity() == entity)
        .map(Version::fact)
        .collect(Collectors.toSet());
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

  /**
   * The fact as its newest version, under its simple name.
   *
   * @throws NewerVersion when its version is newer than the newest
   */
  ObjectNode upcast(EntityType entity, ObjectNode fact) throws NewerVersion {
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
      throw new NewerVersion(
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
