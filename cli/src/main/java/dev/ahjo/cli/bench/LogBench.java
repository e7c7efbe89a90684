package dev.ahjo.cli.bench;

import com.fasterxml.jackson.databind.JsonNode;
import dev.ahjo.cli.BuildName;
import dev.ahjo.cli.Client;
import dev.ahjo.cli.Events;
import dev.ahjo.cli.bench.BenchFarm.Accepted;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.time.Instant;
import java.util.List;

/** How fast the output of one step gets into the store and out of it, on a real worker. */
record LogBench(BenchFarm farm, String pool, Report report) {
  void run(int megabytes) throws IOException {
    // Lines of 100 bytes that differ, so that compression does not make a fairy tale of it.
    String printing =
        "awk \"BEGIN { for (i = 0; i < "
            + megabytes * 10_000L
            + "; i++) printf(\\\"%010d %088.0f\\\\n\\\", i, i * 2654435761 * 40503) }\"";
    farm.define(1, 1, pool, printing);
    try (Events events =
        new Events(farm.client(), Client.path("events") + "?project=" + farm.project(0))) {
      Accepted one = farm.submit(farm.project(0), List.of("b0"));
      JsonNode request = farm.awaitEnd(events, one.requests().getFirst());
      JsonNode attempts = request.path("attempts");
      BuildName build = BuildName.of(attempts.path(attempts.size() - 1).path("build"));
      JsonNode step = farm.client().get(build.path()).path("steps").path(0);
      Duration took =
          Duration.between(
              Instant.parse(step.path("started_at").asText()),
              Instant.parse(step.path("finished_at").asText()));
      long start = System.nanoTime();
      long bytes = readBack(build);
      long reading = System.nanoTime() - start;
      report.put(
          "log", bytes / 1_000_000 + " MB of " + build + ", " + request.path("result").asText());
      report.put("printed to stored", Report.rate(bytes / 1e6, took.toNanos()) + " MB/s");
      report.put("read back", Report.rate(bytes / 1e6, reading) + " MB/s");
    }
  }

  private long readBack(BuildName build) throws IOException {
    long bytes = 0;
    try (InputStream body =
        farm.client().stream(build.path("steps", "0", "logs", "stdio"), 0, "text/plain, */*;q=0.5")
            .orElse(InputStream.nullInputStream())) {
      byte[] buffer = new byte[128 * 1024];
      for (int read = body.read(buffer); read >= 0; read = body.read(buffer)) {
        bytes += read;
      }
    }
    return bytes;
  }
}
