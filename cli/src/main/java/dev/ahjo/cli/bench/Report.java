package dev.ahjo.cli.bench;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.ahjo.cli.Client;
import dev.ahjo.cli.Console;
import java.lang.management.ManagementFactory;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/** What a measurement found, in the order it is printed. */
final class Report {
  private final Map<String, String> lines = new LinkedHashMap<>();

  void put(String what, String found) {
    lines.put(what, found);
  }

  /** The machine's load now, which says how far the figures can be trusted. */
  void load(String when) {
    var system = ManagementFactory.getOperatingSystemMXBean();
    put(
        "load " + when,
        String.format(
            Locale.ROOT,
            "%.2f on %d processors",
            system.getSystemLoadAverage(),
            system.getAvailableProcessors()));
  }

  /** So many in a second. */
  static String rate(double count, long nanos) {
    return String.format(Locale.ROOT, "%.1f", count / (nanos / 1e9));
  }

  static String seconds(long nanos) {
    return String.format(Locale.ROOT, "%.3f s", nanos / 1e9);
  }

  static String millisEach(double seconds, int count) {
    return String.format(Locale.ROOT, "%.2f ms", seconds * 1000 / count);
  }

  void print(Console console) {
    int widest = lines.keySet().stream().mapToInt(String::length).max().orElse(0);
    lines.forEach(
        (what, found) -> console.line(what + " ".repeat(widest - what.length()) + "  " + found));
  }

  ObjectNode json() {
    ObjectNode all = Client.JSON.createObjectNode();
    lines.forEach((what, found) -> all.put(what.replace(' ', '_'), found));
    return all;
  }
}
