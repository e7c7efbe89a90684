package dev.ahjo.cli.farm;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * People who submit a build now and then, each at another node, and go to the next one when theirs
 * does not answer. What they were told is compared with what the builds themselves wrote down.
 */
final class Callers implements AutoCloseable {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Duration ANSWER = Duration.ofSeconds(15);

  /** Until a caller gives up, and the test fails. */
  private static final Duration PATIENCE = Duration.ofMinutes(3);

  private static final String PROJECT = "steady";

  private final List<NodeProcess> nodes;
  private final HttpClient http;
  private final Path record;
  private final List<Call> calls = new CopyOnWriteArrayList<>();
  private final List<Thread> waiting = new CopyOnWriteArrayList<>();
  private final AtomicBoolean over = new AtomicBoolean();
  private @Nullable Thread clock;

  /** One submission; instants are milliseconds of the wall's clock, which is one for all here. */
  static final class Call {
    final String mark;
    final String builder;
    final long begun = System.currentTimeMillis();
    volatile long accepted;
    volatile int tries;
    volatile String request = "";
    volatile String trouble = "";

    Call(int number, String builder) {
      this.mark = "m" + number;
      this.builder = builder;
    }

    @Override
    public String toString() {
      return "%s at %tT.%<tL".formatted(mark, begun);
    }
  }

  /** What became of a call. */
  record Done(
      Call call,
      long startedAfter,
      int runs,
      int attempts,
      String result,
      String build,
      String story) {
    long acceptedAfter() {
      return call.accepted - call.begun;
    }
  }

  Callers(Masters masters) {
    this.nodes = masters.nodes();
    this.http = masters.http();
    this.record = masters.folder().resolve("record");
  }

  /** Defines what they build: something short, and something that prints for five seconds. */
  void define() throws IOException, InterruptedException {
    String step =
        "echo $MARK begin $(date +%%s%%3N) $AHJO_BUILD $AHJO_WORKER >> %1$s; i=0; while [ $i -lt"
            + " %2$d ]; do i=$((i+1)); echo line $i of $AHJO_BUILD; sleep %3$s; done; echo $MARK"
            + " end $(date +%%s%%3N) $AHJO_BUILD $AHJO_WORKER >> %1$s";
    String file =
        """
        project: %s
        properties: {mark: none}
        defaults: {env: {MARK: "${properties.mark}"}, retry: {limit: 3, backoff: 1s..2s}}
        builders:
          short: {collapse: never, steps: [{run: '%s'}]}
          long: {collapse: never, steps: [{run: '%s'}]}
        """
            .formatted(
                PROJECT, step.formatted(record, 5, "0.05"), step.formatted(record, 50, "0.1"));
    var answer =
        http.send(
            HttpRequest.newBuilder(nodes.getFirst().url().resolve("/api/v1/projects/" + PROJECT))
                .header("content-type", "application/yaml")
                .PUT(BodyPublishers.ofString(file))
                .build(),
            BodyHandlers.ofString());
    if (answer.statusCode() / 100 != 2) {
      throw new AssertionError(answer.body());
    }
  }

  /** Begins to call, so many times a second. */
  void start(double perSecond) {
    long pause = (long) (1e9 / perSecond);
    clock =
        Thread.ofPlatform()
            .daemon()
            .name("callers")
            .start(() -> {
              long next = System.nanoTime();
              while (!over.get()) {
                call();
                next += pause;
                LockSupport.parkNanos(next - System.nanoTime());
              }
            });
  }

  /** One more call, whatever the clock says. */
  Call call() {
    int number = calls.size() + 1;
    var call = new Call(number, number % 10 == 0 ? "long" : "short");
    calls.add(call);
    waiting.add(Thread.ofVirtual().start(() -> submit(call, number)));
    return call;
  }

  private void submit(Call call, int first) {
    var body =
        "{\"project\": \"%s\", \"builders\": [\"%s\"], \"reason\": \"%s\", \"properties\": {\"mark\": \"%s\"}}"
            .formatted(PROJECT, call.builder, call.mark, call.mark);
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (System.nanoTime() < deadline) {
      URI node = nodes.get((first + call.tries) % nodes.size()).url();
      call.tries++;
      try {
        var answer =
            http.send(
                HttpRequest.newBuilder(node.resolve("/api/v1/buildsets"))
                    .timeout(ANSWER)
                    .header("content-type", "application/json")
                    .header("idempotency-key", call.mark)
                    .POST(BodyPublishers.ofString(body))
                    .build(),
                BodyHandlers.ofString());
        if (answer.statusCode() == 202) {
          call.accepted = System.currentTimeMillis();
          call.request = JSON.readTree(answer.body()).at("/requests/0/id").asText();
          return;
        }
        call.trouble = answer.statusCode() + " " + answer.body();
      } catch (IOException elsewhere) {
        call.trouble = elsewhere.toString();
      } catch (InterruptedException stop) {
        return;
      }
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(50));
    }
  }

  /** So many have been accepted by now. */
  long accepted() {
    return calls.stream().filter(call -> call.accepted > 0).count();
  }

  /** So many builds have ended by now, as they say themselves. */
  long ended() {
    try {
      return Files.notExists(record)
          ? 0
          : Files.readAllLines(record).stream().filter(line -> line.contains(" end ")).count();
    } catch (IOException unreadable) {
      throw new java.io.UncheckedIOException(unreadable);
    }
  }

  /** Ends the calls, waits until all that was accepted has ended, and tells what became of it. */
  List<Done> end() throws IOException, InterruptedException {
    over.set(true);
    if (clock != null) {
      clock.join();
    }
    for (Thread caller : waiting) {
      caller.join();
    }
    Map<String, List<String>> begun = new HashMap<>();
    List<Done> done = new ArrayList<>();
    Map<Call, JsonNode> ends = new HashMap<>();
    for (Call call : calls) {
      if (call.accepted == 0) {
        throw new AssertionError(call.mark + " was never accepted: " + call.trouble);
      }
      Masters.await(
          "the end of " + call.request,
          () -> {
            look("requests/" + call.request)
                .filter(seen ->
                    List.of("finished", "cancelled", "shelved")
                        .contains(seen.path("state").asText()))
                .ifPresent(seen -> ends.put(call, seen));
            return ends.containsKey(call);
          });
    }
    for (String line : Files.readAllLines(record)) {
      String[] words = line.split(" ", -1);
      if (words[1].equals("begin")) {
        begun.computeIfAbsent(words[0], _ -> new ArrayList<>()).add(words[2]);
      }
    }
    for (Call call : calls) {
      JsonNode end = Objects.requireNonNull(ends.get(call));
      List<String> starts = begun.getOrDefault(call.mark, List.of());
      JsonNode attempts = end.path("attempts");
      JsonNode build = attempts.path(attempts.size() - 1).path("build");
      done.add(
          new Done(
              call,
              starts.isEmpty() ? Long.MAX_VALUE : Long.parseLong(starts.getFirst()) - call.begun,
              starts.size(),
              attempts.size(),
              end.path("result").asText(),
              build.path("builder").asText() + "/" + build.path("number").asLong(),
              story(call, end, build)));
    }
    return done;
  }

  /** When what was known of it, in milliseconds after the call. */
  private String story(Call call, JsonNode request, JsonNode build) {
    var told = new StringBuilder();
    BiConsumer<String, String> at =
        (what, instant) -> {
          if (!instant.isEmpty() && !instant.equals("null")) {
            long millis = Instant.parse(instant).toEpochMilli() - call.begun;
            told.append(" %s %d,".formatted(what, millis));
          }
        };
    at.accept("submitted", request.path("submitted_at").asText());
    for (JsonNode wait : request.path("waits")) {
      at.accept("waits for " + wait.path("code").asText(), wait.path("since").asText());
    }
    at.accept("attempt", request.path("started_at").asText());
    look("builds/"
            + PROJECT
            + "/"
            + build.path("builder").asText()
            + "/"
            + build.path("number").asLong())
        .ifPresent(seen -> {
          at.accept("build", seen.path("started_at").asText());
          at.accept("step", seen.path("steps").path(0).path("started_at").asText());
          at.accept("finished", seen.path("finished_at").asText());
        });
    return told.toString();
  }

  private Optional<JsonNode> look(String path) {
    for (NodeProcess node : nodes) {
      try {
        var answer =
            http.send(
                HttpRequest.newBuilder(node.url().resolve("/api/v1/" + path))
                    .timeout(ANSWER)
                    .build(),
                BodyHandlers.ofString());
        if (answer.statusCode() == 200) {
          return Optional.of(JSON.readTree(answer.body()));
        }
      } catch (IOException elsewhere) {
        continue;
      } catch (InterruptedException stop) {
        Thread.currentThread().interrupt();
        return Optional.empty();
      }
    }
    return Optional.empty();
  }

  /** What a build printed, as the farm keeps it. */
  String log(Done done) throws IOException, InterruptedException {
    for (NodeProcess node : nodes) {
      var answer =
          http.send(
              HttpRequest.newBuilder(
                      node.url()
                          .resolve(
                              "/api/v1/builds/"
                                  + PROJECT
                                  + "/"
                                  + done.build()
                                  + "/steps/0/logs/stdio"))
                  .timeout(ANSWER)
                  .build(),
              BodyHandlers.ofString());
      if (answer.statusCode() == 200) {
        return answer.body();
      }
    }
    return "";
  }

  /** What it should have printed. */
  static String printed(Done done) {
    var text = new StringBuilder();
    int lines = done.call().builder.equals("long") ? 50 : 5;
    for (int i = 1; i <= lines; i++) {
      text.append("line %d of %s/%s%n".formatted(i, PROJECT, done.build().replace('/', '#')));
    }
    return text.toString();
  }

  @Override
  public void close() {
    over.set(true);
    waiting.forEach(Thread::interrupt);
  }
}
