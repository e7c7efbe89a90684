package dev.ahjo.core.project;

/** A lock that a builder's builds hold while they run: one place of its count, or all of them. */
public record LockUse(String name, Mode mode) {
  public enum Mode {
    /** Takes one of the lock's places. */
    COUNTING,
    /** Takes all of them. */
    EXCLUSIVE
  }
}
