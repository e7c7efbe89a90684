package dev.ahjo.cli.farm;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** What was done to a farm and when, to tell how its callers fared meanwhile. */
final class Phases {
  private final PrintStream told;
  private final List<Phase> phases = new ArrayList<>();

  private record Phase(String name, long begun, String load) {}

  Phases(PrintStream told) {
    this.told = told;
  }

  /** From now on it is this that happens. */
  void begin(String name) throws IOException {
    phases.add(new Phase(name, System.currentTimeMillis(), load()));
    told.printf("farm: %s (load %s)%n", name, phases.getLast().load());
  }

  private static String load() throws IOException {
    return Files.readString(Path.of("/proc/loadavg")).split(" ", 2)[0];
  }

  /**
   * A line for each phase, by the calls that waited in it: a call that was begun just before a node
   * is killed waits for that, too.
   */
  void tell(List<Callers.Done> done) {
    for (int i = 0; i < phases.size(); i++) {
      Phase phase = phases.get(i);
      long end = i + 1 < phases.size() ? phases.get(i + 1).begun() : Long.MAX_VALUE;
      List<Callers.Done> of =
          done.stream()
              .filter(
                  d -> d.call().begun < end && phase.begun() - d.call().begun <= d.startedAfter())
              .toList();
      told.printf(
          Locale.ROOT,
          "farm: %-28s %4d calls, accepted after %s ms, started after %s ms (median, 99 %%,"
              + " longest), load %s%n",
          phase.name(),
          of.size(),
          spread(of.stream().mapToLong(Callers.Done::acceptedAfter).sorted().toArray()),
          spread(of.stream().mapToLong(Callers.Done::startedAfter).sorted().toArray()),
          phase.load());
    }
    done.stream()
        .filter(d -> phases.size() < 2 || d.call().begun >= phases.get(1).begun())
        .sorted((a, b) -> Long.compare(b.startedAfter(), a.startedAfter()))
        .limit(12)
        .forEach(d ->
            told.printf(
                "farm: among the slowest: %s begun at %tT.%<tL, accepted after %d ms at the %d."
                    + " try, started after %d ms:%s%n",
                d.build(),
                d.call().begun,
                d.acceptedAfter(),
                d.call().tries,
                d.startedAfter(),
                d.story()));
  }

  private static String spread(long[] sorted) {
    return sorted.length == 0
        ? "-"
        : sorted[sorted.length / 2]
            + ", "
            + sorted[(int) (sorted.length * 0.99)]
            + ", "
            + sorted[sorted.length - 1];
  }
}
