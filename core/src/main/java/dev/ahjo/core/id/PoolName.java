package dev.ahjo.core.id;

/** The name of a worker pool, unique on a farm. */
public record PoolName(String value) implements Comparable<PoolName> {
  public PoolName {
    Names.require("pool name", value);
  }

  @Override
  public int compareTo(PoolName other) {
    return value.compareTo(other.value);
  }

  @Override
  public String toString() {
    return value;
  }
}
