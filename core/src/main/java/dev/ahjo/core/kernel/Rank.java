package dev.ahjo.core.kernel;

import dev.ahjo.core.id.RequestId;
import java.time.Instant;
import java.util.Comparator;

/** A place in a queue: higher priority first, then older, then by id so that no two are equal. */
public record Rank(int priority, Instant since, RequestId request) implements Comparable<Rank> {
  private static final Comparator<Rank> ORDER =
      Comparator.comparingInt(Rank::priority)
          .reversed()
          .thenComparing(Rank::since)
          .thenComparing(Rank::request);

  @Override
  public int compareTo(Rank other) {
    return ORDER.compare(this, other);
  }
}
