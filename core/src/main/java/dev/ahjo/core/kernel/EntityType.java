package dev.ahjo.core.kernel;

import java.util.Locale;

/** The kinds of entity that have a journal of their own. */
public enum EntityType {
  PROJECT(true),
  BUILDSET(true),
  REQUEST(false),
  BUILDER(true),
  LOCK(true),
  POOL(true),
  BUILD(false),
  WORKER(true);

  private final boolean root;

  EntityType(boolean root) {
    this.root = root;
  }

  /**
   * Whether a node wakes these by itself after a restart. The others are woken by the root that
   * holds them: a buildset its requests, a request its build.
   */
  public boolean root() {
    return root;
  }

  /** As it stands in persistence ids, shard names and metrics: {@code request}. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }
}
