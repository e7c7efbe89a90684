package dev.ahjo.http.exchange;

import java.util.Comparator;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;

/** Counts answers by route and status; there are as many counters as routes have statuses. */
public final class Traffic {
  /** One counter's key. */
  public record Line(String method, String route, int status) {}

  /** What was counted: answers, and the nanoseconds they took to begin. */
  public record Count(Line line, long answers, long nanos) {}

  private record Sums(LongAdder answers, LongAdder nanos) {}

  private final ConcurrentHashMap<Line, Sums> sums = new ConcurrentHashMap<>();

  void count(String method, String route, int status, long nanos) {
    var line = new Line(known(method), route, status);
    var sum = sums.computeIfAbsent(line, _ -> new Sums(new LongAdder(), new LongAdder()));
    sum.answers().increment();
    sum.nanos().add(nanos);
  }

  /** A stranger's invented methods must not make counters without end. */
  private static String known(String method) {
    return switch (method) {
      case "GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH" -> method;
      default -> "OTHER";
    };
  }

  public List<Count> counts() {
    return sums.entrySet().stream()
        .map(e -> new Count(e.getKey(), e.getValue().answers().sum(), e.getValue().nanos().sum()))
        .sorted(
            Comparator.comparing((Count c) -> c.line().route())
                .thenComparing(c -> c.line().method())
                .thenComparing(c -> c.line().status()))
        .toList();
  }
}
