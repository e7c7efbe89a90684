package dev.ahjo.persistence.log;

/**
 * What a round of pruning has removed.
 *
 * @param bytes as they were stored, compressed
 */
public record Pruned(int builds, long bytes) {
  public static final Pruned NOTHING = new Pruned(0, 0);
}
