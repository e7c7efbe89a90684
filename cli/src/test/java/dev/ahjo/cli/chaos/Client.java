package dev.ahjo.cli.chaos;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.PrintStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * Some users of a farm in a process of their own: they submit, cancel, look and read logs, and
 * write down what they were told. What was not answered they say again with the same key until it
 * is, so in the end there is nothing of which they do not know what became of it.
 *
 * <p>They submit until a file called {@code stop} is there, and then look until all has ended.
 */
final class Client {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Duration ANSWER = Duration.ofSeconds(5);

  private final String name;
  private final List<String> nodes;
  private final Random chance;
  private final int most;
  private final PrintStream record;
  private final HttpClient http =
      HttpClient.newBuilder()
          .connectTimeout(Duration.ofSeconds(3))
          .version(HttpClient.Version.HTTP_1_1)
          .build();
  private final List<Asked> open = new ArrayList<>();
  private int submitted;
  private int turn;

  /** A submission, and the request that it became. */
  private static final class Asked {
    final String key;
    final String builder;
    String request = "";
    boolean cancel;

    Asked(String key, String builder) {
      this.key = key;
      this.builder = builder;
    }
  }

  /**
   * @param most requests that it has open at once; who has many looks at each less often
   */
  private Client(String name, List<String> nodes, long seed, int most, PrintStream record) {
    this.most = most;
    this.name = name;
    this.nodes = nodes;
    this.chance = new Random(seed);
    this.turn = chance.nextInt(nodes.size());
    this.record = record;
  }

  /**
   * {@code RECORD STOP SEED USERS OPEN SECONDS URL...}; ends with 0 when all that it asked for
   * ended.
   */
  public static void main(String[] args) throws Exception {
    Path stop = Path.of(args[1]);
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(Long.parseLong(args[5]));
    List<Thread> users = new ArrayList<>();
    List<Boolean> done = java.util.Collections.synchronizedList(new ArrayList<>());
    try (var record = new PrintStream(Files.newOutputStream(Path.of(args[0])), true)) {
      for (int i = 1; i <= Integer.parseInt(args[3]); i++) {
        var user =
            new Client(
                "c" + i,
                List.of(args).subList(6, args.length),
                Long.parseLong(args[2]) * 31 + i,
                Integer.parseInt(args[4]),
                record);
        users.add(Thread.ofVirtual().start(() -> done.add(user.work(stop, deadline))));
      }
      for (Thread user : users) {
        user.join();
      }
    }
    System.exit(done.size() == users.size() && !done.contains(false) ? 0 : 1);
  }

  private boolean work(Path stop, long deadline) {
    while (System.nanoTime() < deadline && (!open.isEmpty() || Files.notExists(stop))) {
      if (open.size() < most && Files.notExists(stop)) {
        String builder = List.of("short", "short", "short", "long", "fails").get(chance.nextInt(5));
        var asked = new Asked(name + "-" + ++submitted, builder);
        asked.cancel = chance.nextInt(20) == 0;
        open.add(asked);
      }
      for (Asked asked : List.copyOf(open)) {
        if (asked.request.isEmpty()) {
          submit(asked);
        } else if (look(asked)) {
          open.remove(asked);
        }
      }
      pause();
    }
    return open.isEmpty();
  }

  private void pause() {
    LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(most * (12 + chance.nextInt(24))));
  }

  private void submit(Asked asked) {
    String at = node();
    tell(event("invoke", "submit", asked.key).at(at));
    var body =
        "{\"project\": \"chaos\", \"builders\": [\"%s\"], \"reason\": \"%s\"}"
            .formatted(asked.builder, asked.key);
    try {
      var answer =
          http.send(
              to(at, "/api/v1/buildsets")
                  .header("content-type", "application/json")
                  .header("idempotency-key", asked.key)
                  .POST(BodyPublishers.ofString(body))
                  .build(),
              BodyHandlers.ofString());
      if (answer.statusCode() == 202) {
        asked.request = JSON.readTree(answer.body()).at("/requests/0/id").asText();
        tell(event("ok", "submit", asked.request).at(at));
      } else {
        notDone("submit", asked.key, at, answer);
      }
    } catch (IOException unknown) {
      unanswered();
      tell(event("info", "submit", asked.key).at(at));
    } catch (InterruptedException stop) {
      Thread.currentThread().interrupt();
    }
  }

  /** Answers whether it has ended and all of it is read. */
  private boolean look(Asked asked) {
    if (asked.cancel) {
      cancel(asked);
    }
    String at = node();
    try {
      var answer =
          http.send(
              to(at, "/api/v1/requests/" + asked.request).GET().build(), BodyHandlers.ofString());
      if (answer.statusCode() != 200) {
        notDone("read", asked.request, at, answer);
        return false;
      }
      JsonNode seen = JSON.readTree(answer.body());
      String state = seen.path("state").asText();
      List<String> builds = new ArrayList<>();
      for (JsonNode attempt : seen.path("attempts")) {
        JsonNode build = attempt.path("build");
        builds.add(
            "%s/%s#%d %s %s"
                .formatted(
                    build.path("project").asText(),
                    build.path("builder").asText(),
                    build.path("number").asLong(),
                    attempt.path("worker").asText(),
                    text(attempt, "result")));
      }
      tell(event("ok", "read", asked.request).at(at).read(state, text(seen, "result"), builds));
      boolean over = List.of("finished", "cancelled", "shelved").contains(state);
      boolean toRead = state.equals("finished") && !builds.isEmpty();
      return over && (!toRead || readLog(builds.getLast().split(" ", -1)[0]));
    } catch (IOException unknown) {
      unanswered();
      tell(event("info", "read", asked.request).at(at));
      return false;
    } catch (InterruptedException stop) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  private static String text(JsonNode node, String field) {
    return node.path(field).isNull() ? "" : node.path(field).asText();
  }

  private boolean readLog(String build) throws IOException, InterruptedException {
    String at = node();
    var answer =
        http.send(
            to(at, "/api/v1/builds/" + build.replace("#", "/") + "/steps/0/logs/stdio")
                .GET()
                .build(),
            BodyHandlers.ofByteArray());
    if (answer.statusCode() != 200) {
      notDone("log", build, at, answer);
      return false;
    }
    tell(event("ok", "log", build).at(at).sha256(sha256(answer.body())));
    return true;
  }

  static String sha256(byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException impossible) {
      throw new IllegalStateException(impossible);
    }
  }

  private void cancel(Asked asked) {
    String at = node();
    tell(event("invoke", "cancel", asked.request).at(at));
    try {
      var answer =
          http.send(
              to(at, "/api/v1/requests/" + asked.request + "/cancel")
                  .header("content-type", "application/json")
                  .POST(BodyPublishers.ofString("{\"reason\": \"changed my mind\"}"))
                  .build(),
              BodyHandlers.ofString());
      if (answer.statusCode() == 202 || answer.statusCode() == 409) {
        asked.cancel = false;
        tell(event("ok", "cancel", asked.request).at(at).result("" + answer.statusCode()));
      } else {
        notDone("cancel", asked.request, at, answer);
      }
    } catch (IOException unknown) {
      unanswered();
      tell(event("info", "cancel", asked.request).at(at));
    } catch (InterruptedException stop) {
      Thread.currentThread().interrupt();
    }
  }

  private void notDone(String what, String id, String at, HttpResponse<?> answer) {
    if (answer.statusCode() >= 500) {
      unanswered();
    }
    tell(event("fail", what, id).at(at).result("" + answer.statusCode()));
  }

  /** As through a balancer: to the same node as long as it answers, else to the next. */
  private String node() {
    return nodes.get(turn % nodes.size());
  }

  private void unanswered() {
    turn++;
  }

  private static HttpRequest.Builder to(String node, String path) {
    return HttpRequest.newBuilder(URI.create(node + path))
        .timeout(ANSWER)
        .header("host", "localhost");
  }

  private Event event(String kind, String what, String id) {
    return Event.of(Moment.now(), name, kind, what, id);
  }

  private void tell(Event event) {
    record.println(event.line());
  }
}
