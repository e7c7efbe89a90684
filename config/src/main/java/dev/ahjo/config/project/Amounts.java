package dev.ahjo.config.project;

import dev.ahjo.config.yaml.Value;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Times and sizes as people write them: {@code 20m}, {@code 10s..10m}, {@code 200MB}. */
public final class Amounts {
  /** A duration longer than this is a slip of the hand, and would overflow somebody's timer. */
  static final Duration LONGEST = Duration.ofDays(3650);

  private static final Pattern DURATION = Pattern.compile("([0-9]{1,9})(ms|s|m|h|d)");
  private static final Pattern SIZE =
      Pattern.compile("([0-9]{1,12}) ?(B|kB|KB|MB|GB|TB|KiB|MiB|GiB|TiB)?");
  private static final Map<String, Long> BYTES =
      Map.of(
          "B", 1L,
          "kB", 1_000L,
          "KB", 1_000L,
          "MB", 1_000_000L,
          "GB", 1_000_000_000L,
          "TB", 1_000_000_000_000L,
          "KiB", 1L << 10,
          "MiB", 1L << 20,
          "GiB", 1L << 30,
          "TiB", 1L << 40);

  private Amounts() {}

  /** A first and a last duration. */
  record Range(Duration first, Duration last) {}

  /** A duration of at least a millisecond. */
  public static Optional<Duration> duration(Value value) {
    return value.parsed(
        "a duration such as 30s, 20m, 4h or 2d", t -> duration(t).filter(d -> !d.isZero()));
  }

  /** A duration that may be nought. */
  static Optional<Duration> durationOrNone(Value value) {
    return value.parsed("a duration such as 0s, 30s or 20m", Amounts::duration);
  }

  /** {@code 10s..10m}, the first not longer than the last. */
  static Optional<Range> range(Value value) {
    return value.parsed("a range of durations such as 10s..10m", Amounts::range);
  }

  private static Optional<Range> range(String text) {
    int dots = text.indexOf("..");
    if (dots < 0) {
      return Optional.empty();
    }
    Optional<Duration> first = duration(text.substring(0, dots).strip()).filter(d -> !d.isZero());
    Optional<Duration> last = duration(text.substring(dots + 2).strip());
    return first
        .flatMap(f -> last.map(l -> new Range(f, l)))
        .filter(r -> r.first.compareTo(r.last) <= 0);
  }

  private static Optional<Duration> duration(String text) {
    Matcher m = DURATION.matcher(text);
    if (!m.matches()) {
      return Optional.empty();
    }
    long n = Long.parseLong(m.group(1));
    Duration duration =
        switch (m.group(2)) {
          case "ms" -> Duration.ofMillis(n);
          case "s" -> Duration.ofSeconds(n);
          case "m" -> Duration.ofMinutes(n);
          case "h" -> Duration.ofHours(n);
          default -> Duration.ofDays(n);
        };
    return Optional.of(duration).filter(d -> d.compareTo(LONGEST) <= 0);
  }

  /** Bytes, from 1 to {@code most}. */
  public static Optional<Long> size(Value value, long most) {
    return value.parsed(
        "a size such as 64KiB, 200MB or 2GB (at most " + most + " bytes)",
        t -> size(t).filter(n -> n >= 1 && n <= most));
  }

  private static Optional<Long> size(String text) {
    Matcher m = SIZE.matcher(text);
    if (!m.matches()) {
      return Optional.empty();
    }
    long unit = m.group(2) == null ? 1L : BYTES.getOrDefault(m.group(2), 1L);
    try {
      return Optional.of(Math.multiplyExact(Long.parseLong(m.group(1)), unit));
    } catch (ArithmeticException tooLarge) {
      return Optional.empty();
    }
  }
}
