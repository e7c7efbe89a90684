package dev.ahjo.cli.status;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import dev.ahjo.cli.Client;
import dev.ahjo.cli.Console;
import dev.ahjo.cli.Console.Cell;
import dev.ahjo.cli.Console.Tone;
import dev.ahjo.cli.NodeOptions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code ahjo projects | builders | builds | workers | requests}: what there is, in tables. */
public abstract sealed class Tables implements Callable<Integer> {
  private final Console console;
  private final List<String> heading;
  private final String empty;

  @Mixin NodeOptions node = new NodeOptions();

  @Option(
      names = {"-n", "--limit"},
      paramLabel = "N",
      defaultValue = "50",
      description = "At most this many (default ${DEFAULT-VALUE}).")
  int limit = 50;

  private Tables(Console console, String empty, String... heading) {
    this.console = console;
    this.empty = empty;
    this.heading = List.of(heading);
  }

  /** All verbs of this file. */
  public static List<Tables> verbs(Console console) {
    return List.of(
        new Projects(console),
        new Builders(console),
        new Builds(console),
        new Requests(console),
        new Workers(console));
  }

  /** The list's path with its filters. */
  abstract String path();

  /** One item as a row of the table. */
  abstract List<Cell> row(JsonNode item);

  @Override
  public final Integer call() {
    try (Client client = node.client(console)) {
      ArrayNode items = client.items(path(), limit);
      if (node.json()) {
        NodeOptions.print(console, items);
        return 0;
      }
      List<List<Cell>> rows = new ArrayList<>();
      items.forEach(item -> rows.add(row(item)));
      console.table(heading, rows, empty);
      return 0;
    }
  }

  Console console() {
    return console;
  }

  @Command(name = "projects", description = "List the projects.")
  static final class Projects extends Tables {
    Projects(Console console) {
      super(
          console,
          "No projects yet: `ahjo up DIR` makes a checkout with an ahjo.yaml one",
          "PROJECT",
          "BUILDERS",
          "TAGS");
    }

    @Override
    String path() {
      return Client.path("projects");
    }

    @Override
    List<Cell> row(JsonNode item) {
      return List.of(
          new Cell(item.path("name").asText(), Tone.STRONG),
          Cell.of(joined(item.path("builders"))),
          Cell.of(joined(item.path("tags"))));
    }
  }

  @Command(name = "builders", description = "List the builders, with their queues.")
  static final class Builders extends Tables {
    @Option(names = "--project", paramLabel = "PROJECT", description = "Only of this project.")
    @Nullable String project;

    Builders(Console console) {
      super(console, "No builders", "BUILDER", "POOL", "QUEUED", "RUNNING", "LAST", "RESULT");
    }

    @Override
    String path() {
      return Client.path("builders") + query("project", project);
    }

    @Override
    List<Cell> row(JsonNode item) {
      JsonNode last = item.path("last_build");
      return List.of(
          new Cell(item.path("project").asText() + "/" + item.path("name").asText(), Tone.STRONG),
          Cell.of(dash(item.path("pool"))),
          Cell.of(dash(item.path("queued"))),
          Cell.of(dash(item.path("running"))),
          Cell.of(last.path("number").isNumber() ? "#" + last.path("number").asLong() : "-"),
          Cell.word(outcome(last)));
    }
  }

  @Command(name = "builds", description = "List builds, newest first.")
  static final class Builds extends Tables {
    @Option(names = "--project", paramLabel = "PROJECT", description = "Only of this project.")
    @Nullable String project;

    @Option(names = "--builder", paramLabel = "BUILDER", description = "Only of this builder.")
    @Nullable String builder;

    @Option(names = "--worker", paramLabel = "WORKER", description = "Only on this worker.")
    @Nullable String worker;

    @Option(names = "--state", paramLabel = "STATE", description = "Only in this state.")
    @Nullable String state;

    @Option(names = "--result", paramLabel = "RESULT", description = "Only with this result.")
    @Nullable String result;

    Builds(Console console) {
      super(
          console,
          "No builds yet: `ahjo submit PROJECT` asks for one",
          "BUILD",
          "STATE",
          "WORKER",
          "STARTED",
          "TOOK",
          "REASON");
    }

    @Override
    String path() {
      return Client.path("builds")
          + query(
              "project", project, "builder", builder, "worker", worker, "state", state, "result",
              result);
    }

    @Override
    List<Cell> row(JsonNode item) {
      return List.of(
          new Cell(name(item), Tone.STRONG),
          Cell.word(outcome(item)),
          Cell.of(dash(item.path("worker"))),
          Cell.of(console().ago(item.path("started_at").asText(""))),
          Cell.of(
              console()
                  .between(
                      item.path("started_at").asText(""), item.path("finished_at").asText(""))),
          Cell.of(item.path("reason").asText("")));
    }
  }

  @Command(name = "requests", description = "List what was asked for, newest first.")
  static final class Requests extends Tables {
    @Option(names = "--project", paramLabel = "PROJECT", description = "Only of this project.")
    @Nullable String project;

    @Option(names = "--builder", paramLabel = "BUILDER", description = "Only of this builder.")
    @Nullable String builder;

    @Option(
        names = "--state",
        paramLabel = "STATE",
        description =
            "Only in this state: blocked, queued, running, backoff, shelved, finished, cancelled.")
    @Nullable String state;

    Requests(Console console) {
      super(
          console,
          "Nothing was asked for",
          "REQUEST",
          "BUILDER",
          "STATE",
          "PRIORITY",
          "SUBMITTED",
          "REASON");
    }

    @Override
    String path() {
      return Client.path("requests")
          + query("project", project, "builder", builder, "state", state);
    }

    @Override
    List<Cell> row(JsonNode item) {
      return List.of(
          new Cell(item.path("id").asText(), Tone.STRONG),
          Cell.of(item.path("project").asText() + "/" + item.path("builder").asText()),
          Cell.word(outcome(item)),
          Cell.of(dash(item.path("priority"))),
          Cell.of(console().ago(item.path("submitted_at").asText(""))),
          Cell.of(item.path("reason").asText("")));
    }
  }

  @Command(name = "workers", description = "List the workers.")
  static final class Workers extends Tables {
    Workers(Console console) {
      super(
          console,
          "No workers: `ahjo worker --join pekko://HOST:PORT --name NAME` starts one",
          "WORKER",
          "STATE",
          "SLOTS",
          "POOL",
          "LABELS");
    }

    @Override
    String path() {
      return Client.path("workers");
    }

    @Override
    List<Cell> row(JsonNode item) {
      return List.of(
          new Cell(item.path("name").asText(), Tone.STRONG),
          Cell.word(item.path("state").asText("")),
          Cell.of(item.path("builds").size() + "/" + item.path("slots").asInt()),
          Cell.of(dash(item.path("pool"))),
          Cell.of(joined(item.path("labels"))));
    }
  }

  /** A build as people write it. */
  static String name(JsonNode build) {
    return build.path("project").asText()
        + "/"
        + build.path("builder").asText()
        + "#"
        + build.path("number").asLong();
  }

  /** The result once there is one, else the state. */
  static String outcome(JsonNode item) {
    JsonNode result = item.path("result");
    return result.isTextual() ? result.asText() : item.path("state").asText("");
  }

  static String dash(JsonNode value) {
    return value.isMissingNode() || value.isNull() ? "-" : value.asText();
  }

  /** A list of names, or of objects that have one; or how many there are. */
  private static String joined(JsonNode list) {
    if (list.isNumber()) {
      return list.asText();
    }
    List<String> words = new ArrayList<>();
    list.forEach(item -> words.add(item.isObject() ? item.path("name").asText() : item.asText()));
    return String.join(" ", words);
  }

  private static String query(@Nullable String... namesAndValues) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < namesAndValues.length; i += 2) {
      String value = namesAndValues[i + 1];
      if (value != null) {
        text.append(text.isEmpty() ? '?' : '&');
        text.append(namesAndValues[i]).append('=').append(Client.encode(value));
      }
    }
    return text.toString();
  }
}
