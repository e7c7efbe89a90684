package dev.ahjo.core.id;

/** The name of a builder within its project. */
public record BuilderName(String value) implements Comparable<BuilderName> {
  public BuilderName {
    Names.require("builder name", value);
  }

  @Override
  public int compareTo(BuilderName other) {
    return value.compareTo(other.value);
  }

  @Override
  public String toString() {
    return value;
  }
}
