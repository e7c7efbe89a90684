package dev.ahjo.cli.bench;

import java.util.Arrays;
import java.util.Locale;

/** Times in nanoseconds, and what stands in a table of them. */
final class Figures {
  private final long[] sorted;

  Figures(long[] nanos) {
    sorted = nanos.clone();
    Arrays.sort(sorted);
  }

  int count() {
    return sorted.length;
  }

  /** The time that a share of all did not exceed, in milliseconds; NaN of none. */
  double millis(double share) {
    if (sorted.length == 0) {
      return Double.NaN;
    }
    int index = (int) Math.ceil(share * sorted.length) - 1;
    return sorted[Math.clamp(index, 0, sorted.length - 1)] / 1e6;
  }

  /** {@code p50 3.1 ms, p99 12.0 ms, max 15.2 ms}. */
  @Override
  public String toString() {
    return sorted.length == 0
        ? "none"
        : String.format(
            Locale.ROOT,
            "p50 %.1f ms, p99 %.1f ms, max %.1f ms",
            millis(0.50),
            millis(0.99),
            millis(1.0));
  }
}
