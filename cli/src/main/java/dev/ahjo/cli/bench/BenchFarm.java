package dev.ahjo.cli.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.ahjo.cli.Client;
import dev.ahjo.cli.CommandFailed;
import dev.ahjo.cli.Exit;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What a measurement asks of a node, all through its HTTP interface. */
final class BenchFarm {
  private static final Pattern CPU =
      Pattern.compile("(?m)^(?:ahjo_)?process_cpu_seconds_total(?:\\{[^}]*})? ([0-9.eE+-]+)");

  /** How addresses of gates begin. */
  static final String REMOTING = "pekko://";

  private final Client client;
  private final String name;

  /**
   * @param name the projects are called {@code name-0}, {@code name-1} and so on
   */
  BenchFarm(Client client, String name) {
    this.client = client;
    this.name = name;
  }

  Client client() {
    return client;
  }

  /** Where workers join the node, as {@code HOST:PORT}; empty where they can't. */
  Optional<String> gate() {
    JsonNode told = client.get(Client.path("cluster")).path("gate");
    return told.isTextual() ? Optional.of(told.asText().replace(REMOTING, "")) : Optional.empty();
  }

  String project(int index) {
    return name + "-" + index;
  }

  /**
   * Defines projects whose builders {@code b0}, {@code b1} … have one step that runs {@code run}.
   */
  void define(int projects, int builders, String pool, String run) {
    StringBuilder steps = new StringBuilder();
    for (int b = 0; b < builders; b++) {
      steps
          .append("  b")
          .append(b)
          .append(": {collapse: never, steps: [{name: work, run: '")
          .append(run.replace("'", "''"))
          .append("'}]}\n");
    }
    for (int p = 0; p < projects; p++) {
      String file =
          "project: " + project(p) + "\ndefaults: {pool: " + pool + "}\nbuilders:\n" + steps;
      client.put(
          Client.path("projects", project(p)),
          "application/yaml",
          file.getBytes(StandardCharsets.UTF_8));
    }
  }

  /** What became of one submission: its requests, and how long its acceptance took. */
  record Accepted(List<String> requests, String buildset, long nanos) {}

  Accepted submit(String project, List<String> builders) {
    ObjectNode body = Client.JSON.createObjectNode();
    body.put("project", project);
    builders.forEach(body.putArray("builders")::add);
    body.put("reason", "bench");
    long start = System.nanoTime();
    JsonNode answer = client.post(Client.path("buildsets"), body);
    long took = System.nanoTime() - start;
    List<String> requests = new ArrayList<>();
    answer.path("requests").forEach(request -> requests.add(request.path("id").asText()));
    return new Accepted(requests, answer.path("id").asText(), took);
  }

  /**
   * Submits {@code builds} single requests spread over projects and builders, so many at a time.
   */
  List<Accepted> flood(int builds, int projects, int builders, int atOnce)
      throws InterruptedException {
    Semaphore room = new Semaphore(atOnce);
    List<Future<Accepted>> answers = new ArrayList<>(builds);
    try (ExecutorService each = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i = 0; i < builds; i++) {
        String project = project(i % projects);
        String builder = "b" + i / projects % builders;
        room.acquire();
        answers.add(
            each.submit(() -> {
              try {
                return submit(project, List.of(builder));
              } finally {
                room.release();
              }
            }));
      }
    }
    List<Accepted> all = new ArrayList<>(builds);
    for (Future<Accepted> answer : answers) {
      try {
        all.add(answer.get());
      } catch (ExecutionException failed) {
        if (failed.getCause() instanceof CommandFailed told) {
          throw told;
        }
        throw new CommandFailed(Exit.UNREACHABLE, "A submission failed", failed);
      }
    }
    return all;
  }

  /** One of the node's readings, by its name with its labels, if it tells it. */
  Optional<Double> reading(String metric) {
    return client
        .text("/metrics")
        .lines()
        .filter(line -> line.startsWith(metric + " "))
        .map(line -> Double.parseDouble(line.substring(metric.length() + 1)))
        .findFirst();
  }

  /** The node's own CPU seconds so far, if it tells them. */
  Optional<Double> cpuSeconds() {
    Matcher found = CPU.matcher(client.text("/metrics"));
    return found.find() ? Optional.of(Double.parseDouble(found.group(1))) : Optional.empty();
  }
}
