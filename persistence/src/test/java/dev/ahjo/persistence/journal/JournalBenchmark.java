package dev.ahjo.persistence.journal;

import com.sun.management.OperatingSystemMXBean;
import dev.ahjo.persistence.DataFolder;
import dev.ahjo.persistence.PassingFolder;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Measures the writer alone, without Pekko: so many entities that each append a record of so many
 * bytes as soon as the last is on disk. Not a test: run its main.
 */
final class JournalBenchmark {
  private JournalBenchmark() {}

  public static void main(String[] args) throws Exception {
    if (args.length > 0) {
      measure(Path.of(args[0]), args.length > 1);
      return;
    }
    try (var passing = PassingFolder.make("journal-benchmark")) {
      measure(passing.path(), false);
    }
  }

  private static void measure(Path path, boolean growth) throws Exception {
    int bytes = 300;
    try (var folder = DataFolder.open(path);
        var journal = EmbeddedJournal.open(folder)) {
      if (growth) {
        for (int i = 0; i < 8; i++) {
          run(journal, "growth " + i, 10, 50_000, bytes);
          System.out.printf("%,d%n", Files.size(path.resolve("journal/journal.mv.db")));
        }
        return;
      }
      run(journal, "warm up", 200, 20_000, bytes);
      for (int entities : List.of(1, 10, 100, 1_000, 5_000)) {
        run(journal, entities + " entities", entities, entities == 1 ? 3_000 : 100_000, bytes);
      }
    }
    try (var files = Files.walk(path)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        System.out.printf("%s %,d bytes%n", file.getFileName(), Files.size(file));
      }
    }
  }

  private static void run(
      EmbeddedJournal journal, String name, int entities, int records, int bytes)
      throws InterruptedException {
    var machine = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    byte[] payload = "x".repeat(bytes).getBytes(StandardCharsets.UTF_8);
    var left = new AtomicInteger(records);
    var done = new CountDownLatch(entities);
    long[] latencies = new long[records];
    var measured = new AtomicInteger();
    long cpu = machine.getProcessCpuTime();
    long start = System.nanoTime();
    long forces = DurableFiles.forces();
    for (int e = 0; e < entities; e++) {
      append(journal, name + "|" + start + "." + e, 1, payload, left, done, latencies, measured);
    }
    done.await();
    double seconds = (System.nanoTime() - start) / 1e9;
    double cpuMicros = (machine.getProcessCpuTime() - cpu) / 1e3;
    int n = measured.get();
    Arrays.sort(latencies, 0, n);
    System.out.printf(
        "%-15s %,8.0f records/s, CPU %5.1f µs a record, %4.2f forces a record, p50 %.2f ms, p99 %.2f ms%n",
        name,
        n / seconds,
        cpuMicros / n,
        (DurableFiles.forces() - forces) / (double) n,
        latencies[n / 2] / 1e6,
        latencies[n * 99 / 100] / 1e6);
  }

  private static void append(
      EmbeddedJournal journal,
      String entity,
      long number,
      byte[] payload,
      AtomicInteger left,
      CountDownLatch done,
      long[] latencies,
      AtomicInteger measured) {
    if (left.getAndDecrement() <= 0) {
      done.countDown();
      return;
    }
    long start = System.nanoTime();
    var row =
        new Row(
            entity,
            number,
            "2b9c9f4e-3a0a-4d2e-9a55-0d3c1c2b3a4d",
            1_700_000_000_000L,
            "",
            4711,
            "request.1",
            payload);
    var unused =
        journal
            .writer()
            .append(List.of(row))
            .whenComplete((stored, failure) -> {
              if (failure != null) {
                failure.printStackTrace();
              }
              latencies[measured.getAndIncrement()] = System.nanoTime() - start;
              append(journal, entity, number + 1, payload, left, done, latencies, measured);
            });
  }
}
