package dev.ahjo.core.id;

/** One connection of a worker, from its Hello to its end; never reused. */
public record SessionId(String value) implements Comparable<SessionId> {
  public SessionId {
    Names.require("session id", value);
  }

  @Override
  public int compareTo(SessionId other) {
    return value.compareTo(other.value);
  }

  @Override
  public String toString() {
    return value;
  }
}
