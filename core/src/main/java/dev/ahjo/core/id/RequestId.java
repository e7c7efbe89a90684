package dev.ahjo.core.id;

/** A build request's id: opaque, sortable by time, safe in URLs. */
public record RequestId(String value) implements Comparable<RequestId> {
  public RequestId {
    Names.require("request id", value);
  }

  @Override
  public int compareTo(RequestId other) {
    return value.compareTo(other.value);
  }

  @Override
  public String toString() {
    return value;
  }
}
