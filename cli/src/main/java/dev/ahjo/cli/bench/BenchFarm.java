package dev.ahjo.cli.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.ahjo.cli.Client;
import dev.ahjo.cli.CommandFailed;
import dev.ahjo.cli.Events;
import dev.ahjo.cli.Exit;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What a measurement asks of one node or several of a cluster, all through HTTP. */
final class BenchFarm {
  private static final Pattern CPU =
      Pattern.compile("(?m)^(?:ahjo_)?process_cpu_seconds_total(?:\\{[^}]*})? ([0-9.eE+-]+)");

  /** How addresses of gates begin. */
  static final String REMOTING = "pekko://";

  /** How far the read tables may be behind. */
  private static final Duration READ_TABLES = Duration.ofSeconds(10);

  /** Of one submission's requests, more than are looked for are looked through. */
  private static final int OTHERS = 1000;

  private final List<Client> nodes;
  private final String name;

  /**
   * @param nodes of one cluster, all of which are loaded; the first is asked what came of it
   * @param name the projects are called {@code name-0}, {@code name-1} and so on
   */
  BenchFarm(List<Client> nodes, String name) {
    this.nodes = List.copyOf(nodes);
    this.name = name;
  }

  Client client() {
    return nodes.getFirst();
  }

  int nodes() {
    return nodes.size();
  }

  /** Where workers join these nodes, as {@code HOST:PORT}; none of a node that has no gate. */
  List<String> gates() {
    return nodes.stream()
        .map(node -> node.get(Client.path("cluster")).path("gate"))
        .filter(JsonNode::isTextual)
        .map(told -> told.asText().replace(REMOTING, ""))
        .toList();
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
      client()
          .put(
              Client.path("projects", project(p)),
              "application/yaml",
              file.getBytes(StandardCharsets.UTF_8));
    }
  }

  /** What became of one submission: its requests, and how long its acceptance took. */
  record Accepted(List<String> requests, String buildset, long nanos) {}

  Accepted submit(String project, List<String> builders) {
    return submit(client(), project, builders);
  }

  private static Accepted submit(Client node, String project, List<String> builders) {
    ObjectNode body = Client.JSON.createObjectNode();
    body.put("project", project);
    builders.forEach(body.putArray("builders")::add);
    body.put("reason", "bench");
    long start = System.nanoTime();
    JsonNode answer = node.post(Client.path("buildsets"), body);
    long took = System.nanoTime() - start;
    List<String> requests = new ArrayList<>();
    answer.path("requests").forEach(request -> requests.add(request.path("id").asText()));
    return new Accepted(requests, answer.path("id").asText(), took);
  }

  /**
   * Submits {@code builds} single requests spread over nodes, projects and builders, so many at a
   * time.
   */
  List<Accepted> flood(int builds, int projects, int builders, int atOnce)
      throws InterruptedException {
    Semaphore room = new Semaphore(atOnce);
    List<Future<Accepted>> answers = new ArrayList<>(builds);
    try (ExecutorService each = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i = 0; i < builds; i++) {
        String project = project(i % projects);
        String builder = "b" + i / projects % builders;
        Client node = nodes.get(i % nodes.size());
        room.acquire();
        answers.add(
            each.submit(() -> {
              try {
                return submit(node, project, List.of(builder));
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

  /** What a request has become, once it has ended. */
  JsonNode awaitEnd(Events events, String request) throws IOException {
    long deadline = System.nanoTime() + Crew.PATIENCE.toNanos();
    while (System.nanoTime() < deadline) {
      long seen = events.count();
      JsonNode now = client().get(Client.path("requests", request));
      switch (now.path("state").asText()) {
        case "finished", "cancelled", "shelved" -> {
          return now;
        }
        default -> events.await(seen);
      }
    }
    throw new IOException("Request " + request + " does not end");
  }

  /** What was accepted as the first node shows it, when all of it has finished. */
  List<JsonNode> shown(List<Accepted> accepted, int projects) {
    Set<String> ours = new HashSet<>();
    accepted.forEach(one -> ours.addAll(one.requests()));
    List<JsonNode> shown = new ArrayList<>();
    long deadline = System.nanoTime() + READ_TABLES.toNanos();
    long finished;
    // An agent hears of the end before the read tables show the last of them.
    do {
      shown.clear();
      for (int p = 0; p < projects; p++) {
        String path = Client.path("requests") + "?project=" + project(p);
        for (JsonNode request : client().items(path, accepted.size() + OTHERS)) {
          if (ours.contains(request.path("id").asText())) {
            shown.add(request);
          }
        }
      }
      finished = shown.stream().filter(r -> r.path("finished_at").isTextual()).count();
    } while (finished < ours.size() && System.nanoTime() < deadline);
    return shown;
  }

  /** From the nodes' own times of their requests: they know best when they did what. */
  void tellLatencies(List<Accepted> accepted, int projects, Report report) {
    List<JsonNode> requests = shown(accepted, projects);
    report.put("submitted to started", spans(requests, "started_at"));
    report.put("submitted to finished", spans(requests, "finished_at"));
  }

  private static String spans(List<JsonNode> requests, String to) {
    long[] nanos =
        requests.stream()
            .filter(r -> r.path("submitted_at").isTextual() && r.path(to).isTextual())
            .mapToLong(r -> Duration.between(time(r, "submitted_at"), time(r, to)).toNanos())
            .toArray();
    return new Figures(nanos) + " (" + nanos.length + ")";
  }

  static Instant time(JsonNode item, String field) {
    return Instant.parse(item.path(field).asText());
  }

  /** The earliest of a field of all that have it, by the node's clock. */
  static Instant first(Iterable<JsonNode> items, String field) throws IOException {
    Instant first = Instant.MAX;
    for (JsonNode item : items) {
      if (item.path(field).isTextual()) {
        Instant at = time(item, field);
        first = at.isBefore(first) ? at : first;
      }
    }
    if (first.equals(Instant.MAX)) {
      throw new IOException("Expected a time " + field + " of anything, but the node tells none");
    }
    return first;
  }

  /** One of the first node's readings, by its name with its labels, if it tells it. */
  Optional<Double> reading(String metric) {
    return client()
        .text("/metrics")
        .lines()
        .filter(line -> line.startsWith(metric + " "))
        .map(line -> Double.parseDouble(line.substring(metric.length() + 1)))
        .findFirst();
  }

  /** The CPU seconds of all nodes so far; empty unless each tells them. */
  Optional<Double> cpuSeconds() {
    double all = 0;
    for (Client node : nodes) {
      Matcher found = CPU.matcher(node.text("/metrics"));
      if (!found.find()) {
        return Optional.empty();
      }
      all += Double.parseDouble(found.group(1));
    }
    return Optional.of(all);
  }
}
