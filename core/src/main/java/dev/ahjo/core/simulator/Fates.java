package dev.ahjo.core.simulator;

import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Chance that stays put. What happens to a message depends on the seed and on which message it is
 * (the third of its kind from here to there), not on how many came before it. So when a history is
 * shrunk by leaving something out, the rest goes on as it did; and each stroke of bad luck has an
 * id by which it can be left out itself.
 */
final class Fates {
  private static final long GOLDEN = 0x9E3779B97F4A7C15L;

  private final long seed;
  private final @Nullable Set<Long> allowed;
  private final Map<Long, Integer> seen = new HashMap<>();
  private final Set<Long> struck = new LinkedHashSet<>();
  private boolean calm;

  /**
   * @param allowed the only strokes of bad luck that may happen; null allows all
   */
  Fates(long seed, @Nullable Set<Long> allowed) {
    this.seed = seed;
    this.allowed = allowed;
  }

  static long mix(long value) {
    long z = value + GOLDEN;
    z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return z ^ (z >>> 31);
  }

  static long key(String kind, long a, long b) {
    return mix(kind.hashCode() + mix(a + mix(b)));
  }

  /** From here on nothing goes wrong any more. */
  void calm() {
    calm = true;
  }

  /** A number from {@code from} to {@code to}, both possible. */
  long between(long key, long from, long to) {
    return from + Math.floorMod(next(key), to - from + 1);
  }

  /** Whether bad luck strikes, with a chance of {@code perMille}. */
  boolean strikes(long key, int perMille) {
    if (perMille == 0) {
      return false;
    }
    long fate = next(key);
    if (calm || Math.floorMod(fate, 1000) >= perMille) {
      return false;
    }
    if (allowed != null && !allowed.contains(fate)) {
      return false;
    }
    struck.add(fate);
    return true;
  }

  /** The strokes of bad luck so far. */
  Set<Long> struck() {
    return struck;
  }

  private long next(long key) {
    int nth = seen.merge(key, 1, Integer::sum);
    return mix(seed ^ mix(key + nth * GOLDEN));
  }
}
