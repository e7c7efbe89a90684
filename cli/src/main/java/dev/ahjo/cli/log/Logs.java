package dev.ahjo.cli.log;

import com.fasterxml.jackson.databind.JsonNode;
import dev.ahjo.cli.BuildName;
import dev.ahjo.cli.Client;
import dev.ahjo.cli.CommandFailed;
import dev.ahjo.cli.Console;
import dev.ahjo.cli.Console.Tone;
import dev.ahjo.cli.Events;
import dev.ahjo.cli.Exit;
import dev.ahjo.cli.NodeOptions;
import dev.ahjo.cli.Patience;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code ahjo logs BUILD [STEP] [--follow]}: what its steps printed. */
@Command(
    name = "logs",
    description = {
      "Print what a build's steps printed, or one step.",
      "Only the steps' own bytes go to the output; headings go to the error output."
    })
public final class Logs implements Callable<Integer> {
  private static final String MAIN_LOG = "stdio";

  private final Console console;

  @Mixin NodeOptions node = new NodeOptions();

  @Parameters(index = "0", paramLabel = "BUILD", description = "project/builder#number")
  String build = "";

  @Parameters(
      index = "1",
      arity = "0..1",
      paramLabel = "STEP",
      description = "A step's name, or its number from 0.")
  @Nullable String step;

  @Option(
      names = {"-f", "--follow"},
      description = "Go on printing until the step or build ends.")
  boolean follow;

  @Option(
      names = "--log",
      paramLabel = "NAME",
      defaultValue = "stdio",
      description = "Which log of the step (default ${DEFAULT-VALUE}).")
  String log = "stdio";

  public Logs(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() {
    if (node.json()) {
      throw new CommandFailed(
          Exit.USAGE, "--json: a log is bytes, not JSON; `ahjo builds --json` tells of the build");
    }
    BuildName name = BuildName.parse(build);
    try (Client client = node.client(console);
        Events events =
            follow
                ? new Events(client, Client.path("events") + "?project=" + project(name))
                : none(client)) {
      // The first answer decides whether the build and the step exist, without patience.
      JsonNode now = client.get(name.path());
      List<Integer> steps = chosen(now);
      Patience patience = new Patience(console, Patience.LIMIT);
      BuildLog printer = new BuildLog(client, console, patience, events, name, "", log);
      if (follow && step == null) {
        printer.follow();
        steps = List.of();
      }
      for (int index : steps) {
        if (follow) {
          printer.follow(index);
        } else {
          if (steps.size() > 1) {
            console.note(
                console.paint(
                    "── " + now.path("steps").path(index).path("name").asText(), Tone.STRONG));
          }
          Lines lines = new Lines(console, "");
          printer.tail(index, 0, false, lines);
        }
      }
      if (!printer.found() && (step != null || !log.equals(MAIN_LOG) || BuildLog.over(now))) {
        throw new CommandFailed(
            Exit.USAGE,
            (step == null ? "No step of " + build : "The step '" + step + "' of " + build)
                + " has a log '"
                + log
                + "': it was never printed, or it was pruned");
      }
      return 0;
    }
  }

  private static Events none(Client client) {
    Events events = new Events(client, Client.path("events"));
    events.close();
    return events;
  }

  private static String project(BuildName name) {
    return Client.encode(name.key().builder().project().value());
  }

  private List<Integer> chosen(JsonNode now) {
    JsonNode steps = now.path("steps");
    List<Integer> all = new ArrayList<>();
    List<String> names = new ArrayList<>();
    for (int i = 0; i < steps.size(); i++) {
      String name = steps.path(i).path("name").asText();
      if (step == null || step.equals(name) || step.equals(Integer.toString(i))) {
        all.add(i);
      }
      names.add(name);
    }
    if (step != null && all.isEmpty()) {
      throw new CommandFailed(
          Exit.USAGE, build + " has no step '" + step + "', but " + String.join(", ", names));
    }
    return all;
  }
}
