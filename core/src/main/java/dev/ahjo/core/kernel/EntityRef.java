package dev.ahjo.core.kernel;

import dev.ahjo.core.id.BuildKey;
import dev.ahjo.core.id.BuilderKey;
import dev.ahjo.core.id.BuildsetId;
import dev.ahjo.core.id.LockKey;
import dev.ahjo.core.id.PoolName;
import dev.ahjo.core.id.ProjectName;
import dev.ahjo.core.id.RequestId;
import dev.ahjo.core.id.WorkerName;

/** Names one entity of the farm: its kind and its id, written {@code request:01j…}. */
public record EntityRef(EntityType type, String id) {
  public static EntityRef of(ProjectName name) {
    return new EntityRef(EntityType.PROJECT, name.value());
  }

  public static EntityRef of(BuildsetId id) {
    return new EntityRef(EntityType.BUILDSET, id.value());
  }

  public static EntityRef of(RequestId id) {
    return new EntityRef(EntityType.REQUEST, id.value());
  }

  public static EntityRef of(BuilderKey key) {
    return new EntityRef(EntityType.BUILDER, key.toString());
  }

  public static EntityRef of(LockKey key) {
    return new EntityRef(EntityType.LOCK, key.toString());
  }

  public static EntityRef of(PoolName name) {
    return new EntityRef(EntityType.POOL, name.value());
  }

  public static EntityRef of(BuildKey key) {
    return new EntityRef(EntityType.BUILD, key.toString());
  }

  public static EntityRef of(WorkerName name) {
    return new EntityRef(EntityType.WORKER, name.value());
  }

  /**
   * @throws IllegalArgumentException when {@code text} is not {@code kind:id}
   */
  public static EntityRef parse(String text) {
    int colon = text.indexOf(':');
    if (colon > 0) {
      String label = text.substring(0, colon);
      for (EntityType type : EntityType.values()) {
        if (type.label().equals(label)) {
          return new EntityRef(type, text.substring(colon + 1));
        }
      }
    }
    throw new IllegalArgumentException("Expected kind:id of an entity, but found '" + text + "'");
  }

  @Override
  public String toString() {
    return type.label() + ":" + id;
  }
}
