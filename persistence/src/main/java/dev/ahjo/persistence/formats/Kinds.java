package dev.ahjo.persistence.formats;

import dev.ahjo.core.build.Build;
import dev.ahjo.core.builder.Builder;
import dev.ahjo.core.buildset.Buildset;
import dev.ahjo.core.kernel.EntityType;
import dev.ahjo.core.kernel.Fact;
import dev.ahjo.core.lock.Lock;
import dev.ahjo.core.pool.Pool;
import dev.ahjo.core.project.Project;
import dev.ahjo.core.request.BuildRequest;
import dev.ahjo.core.worker.Worker;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;

/** The facts and the state of each kind of entity: all that the journal will ever make of bytes. */
public final class Kinds {
  /**
   * One kind of entity.
   *
   * @param facts the sealed interface of its facts
   * @param state the type of its state, sealed or a record
   */
  public record Kind(EntityType type, Class<? extends Fact> facts, Class<?> state) {
    /** Each record that is a fact of this kind. */
    public List<Class<?>> factTypes() {
      return leaves(facts).distinct().toList();
    }
  }

  private static final Map<EntityType, Kind> BY_TYPE = new EnumMap<>(EntityType.class);
  private static final Map<Class<?>, Kind> BY_FACT = new HashMap<>();

  static {
    for (EntityType type : EntityType.values()) {
      Kind kind = kind(type);
      BY_TYPE.put(type, kind);
      kind.factTypes().forEach(fact -> BY_FACT.put(fact, kind));
    }
  }

  private Kinds() {}

  private static Kind kind(EntityType type) {
    return switch (type) {
      case PROJECT -> new Kind(type, Project.Fact.class, Project.State.class);
      case BUILDSET -> new Kind(type, Buildset.Fact.class, Buildset.State.class);
      case REQUEST -> new Kind(type, BuildRequest.Fact.class, BuildRequest.State.class);
      case BUILDER -> new Kind(type, Builder.Fact.class, Builder.State.class);
      case LOCK -> new Kind(type, Lock.Fact.class, Lock.State.class);
      case POOL -> new Kind(type, Pool.Fact.class, Pool.State.class);
      case BUILD -> new Kind(type, Build.Fact.class, Build.State.class);
      case WORKER -> new Kind(type, Worker.Fact.class, Worker.State.class);
    };
  }

  public static List<Kind> all() {
    return List.copyOf(BY_TYPE.values());
  }

  /**
   * @throws IllegalArgumentException for a fact of no entity
   */
  static Kind of(Fact fact) {
    Kind kind = BY_FACT.get(fact.getClass());
    if (kind == null) {
      throw new IllegalArgumentException(fact.getClass().getName() + " is a fact of no entity");
    }
    return kind;
  }

  /**
   * @throws IllegalArgumentException for a label that no kind of entity has
   */
  static Kind of(String label) {
    try {
      return of(EntityType.valueOf(label.toUpperCase(Locale.ROOT)));
    } catch (IllegalArgumentException unknown) {
      throw new IllegalArgumentException("There is no kind of entity '" + label + "'", unknown);
    }
  }

  static Kind of(EntityType type) {
    Kind kind = BY_TYPE.get(type);
    if (kind == null) {
      throw new IllegalArgumentException(type + " has no formats");
    }
    return kind;
  }

  private static Stream<Class<?>> leaves(Class<?> type) {
    return type.isSealed()
        ? Arrays.stream(type.getPermittedSubclasses()).flatMap(Kinds::leaves)
        : Stream.of(type);
  }
}
