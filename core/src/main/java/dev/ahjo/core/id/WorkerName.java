package dev.ahjo.core.id;

/** The name of a worker, unique on a farm; its token vouches for it. */
public record WorkerName(String value) implements Comparable<WorkerName> {
  public WorkerName {
    Names.require("worker name", value);
  }

  @Override
  public int compareTo(WorkerName other) {
    return value.compareTo(other.value);
  }

  @Override
  public String toString() {
    return value;
  }
}
