package dev.ahjo.core.id;

/** A buildset's id: opaque, sortable by time, safe in URLs. */
public record BuildsetId(String value) implements Comparable<BuildsetId> {
  public BuildsetId {
    Names.require("buildset id", value);
  }

  @Override
  public int compareTo(BuildsetId other) {
    return value.compareTo(other.value);
  }

  @Override
  public String toString() {
    return value;
  }
}
