package dev.ahjo.cli.submit;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.ahjo.cli.Client;
import dev.ahjo.cli.Console;
import dev.ahjo.cli.Console.Tone;
import dev.ahjo.cli.Events;
import dev.ahjo.cli.NodeOptions;
import dev.ahjo.cli.Patience;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/**
 * {@code ahjo submit PROJECT[/BUILDER]}: asks for builds; waits for them or follows them if told.
 */
@Command(
    name = "submit",
    description = {
      "Ask for builds of a project, or of one of its builders.",
      "With --wait or --follow the exit code tells how they ended: 0 success, 1 failed, 3 cancelled"
          + " or shelved."
    })
public final class Submit implements Callable<Integer> {
  private final Console console;

  @Mixin NodeOptions node = new NodeOptions();

  @Parameters(
      paramLabel = "PROJECT[/BUILDER]",
      description = "What to build; all builders if none.")
  String what = "";

  @Option(names = "--branch", paramLabel = "B", description = "Default: each repository's own.")
  @Nullable String branch;

  @Option(
      names = "--revision",
      paramLabel = "R",
      description = "A commit; default: the branch's newest at the time of the checkout.")
  @Nullable String revision;

  @Option(names = "--property", paramLabel = "K=V", description = "A property; repeatable.")
  Map<String, String> properties = new LinkedHashMap<>();

  @Option(names = "--priority", paramLabel = "N", description = "Higher goes first; default 0.")
  @Nullable Integer priority;

  @Option(names = "--reason", paramLabel = "TEXT", description = "Stands in the history.")
  @Nullable String reason;

  @Option(names = "--wait", description = "Wait until all have ended.")
  boolean wait;

  @Option(
      names = {"-f", "--follow"},
      description = "Print what their steps print until all have ended.")
  boolean follow;

  public Submit(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() {
    int slash = what.indexOf('/');
    String project = slash < 0 ? what : what.substring(0, slash);
    try (Client client = node.client(console)) {
      // The key makes the request one request, however often a restarting node makes us say it.
      String key = UUID.randomUUID().toString();
      ObjectNode body = body(project, slash < 0 ? null : what.substring(slash + 1));
      String path = Client.path("buildsets");
      JsonNode answer =
          wait || follow ? firstAnswer(client, path, body, key) : client.post(path, body);
      if (!wait && !follow) {
        if (node.json()) {
          NodeOptions.print(console, answer);
        } else {
          told(answer, true);
        }
        return 0;
      }
      if (!node.json()) {
        told(answer, false);
      }
      try (Events events =
          new Events(client, Client.path("events") + "?project=" + Client.encode(project))) {
        Follower follower =
            new Follower(
                client,
                console,
                new Patience(console, Patience.LIMIT),
                events,
                follow && !node.json());
        ArrayNode ended = follower.follow(answer.path("requests"));
        if (node.json()) {
          NodeOptions.print(console, ended);
        }
        return Follower.exit(ended).code();
      }
    }
  }

  /** The connection must stand once; whatever breaks after that is waited out. */
  private JsonNode firstAnswer(Client client, String path, ObjectNode body, String key) {
    client.get(Client.path("projects", body.path("project").asText()));
    return new Patience(console, Patience.LIMIT).insist(() -> client.post(path, body, key));
  }

  private ObjectNode body(String project, @Nullable String builder) {
    ObjectNode body = Client.JSON.createObjectNode();
    body.put("project", project);
    if (builder != null) {
      body.putArray("builders").add(builder);
    }
    if (branch != null) {
      body.put("branch", branch);
    }
    if (revision != null) {
      body.put("revision", revision);
    }
    if (!properties.isEmpty()) {
      ObjectNode given = body.putObject("properties");
      properties.forEach(given::put);
    }
    if (priority != null) {
      body.put("priority", priority);
    }
    String user = console.variable("USER").orElse("someone");
    body.put("reason", reason != null ? reason : "submitted by " + user);
    return body;
  }

  private void told(JsonNode answer, boolean hint) {
    console.line("Buildset " + console.paint(answer.path("id").asText(), Tone.STRONG));
    for (JsonNode request : answer.path("requests")) {
      console.line(
          "  "
              + request.path("id").asText()
              + "  "
              + request.path("project").asText()
              + "/"
              + request.path("builder").asText());
    }
    if (hint && console.terminal()) {
      console.note("`ahjo requests` tells how it goes; --follow shows it here");
    }
  }
}
