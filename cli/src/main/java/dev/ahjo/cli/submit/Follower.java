package dev.ahjo.cli.submit;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import dev.ahjo.cli.BuildName;
import dev.ahjo.cli.Client;
import dev.ahjo.cli.CommandFailed;
import dev.ahjo.cli.Console;
import dev.ahjo.cli.Console.Tone;
import dev.ahjo.cli.Events;
import dev.ahjo.cli.Exit;
import dev.ahjo.cli.Patience;
import dev.ahjo.cli.Problem;
import dev.ahjo.cli.log.BuildLog;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Stays with requests until each has ended, through all their attempts and the node's restarts. */
public final class Follower {
  private final Client client;
  private final Console console;
  private final Patience patience;
  private final Events events;
  private final boolean logs;

  /**
   * @param logs whether to print what the steps print
   */
  public Follower(Client client, Console console, Patience patience, Events events, boolean logs) {
    this.client = client;
    this.console = console;
    this.patience = patience;
    this.events = events;
    this.logs = logs;
  }

  /** Follows requests, given as {@code [{id, project, builder}]}; how each of them ended. */
  public ArrayNode follow(JsonNode requests) {
    int widest = 0;
    for (JsonNode request : requests) {
      widest = Math.max(widest, request.path("builder").asText().length());
    }
    boolean alone = requests.size() == 1;
    List<Future<JsonNode>> endings = new ArrayList<>();
    try (ExecutorService each = Executors.newVirtualThreadPerTaskExecutor()) {
      for (JsonNode request : requests) {
        String builder = request.path("builder").asText();
        String prefix = alone ? "" : builder + " ".repeat(widest - builder.length()) + " │ ";
        endings.add(each.submit(() -> follow(request, prefix)));
      }
      ArrayNode all = Client.JSON.createArrayNode();
      for (Future<JsonNode> ending : endings) {
        all.add(result(ending));
      }
      return all;
    }
  }

  private static JsonNode result(Future<JsonNode> ending) {
    try {
      return ending.get();
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
      throw new CommandFailed(Exit.CANCELLED, "Interrupted", stopped);
    } catch (ExecutionException failed) {
      if (failed.getCause() instanceof CommandFailed told) {
        throw told;
      }
      throw new IllegalStateException(failed.getCause());
    }
  }

  private JsonNode follow(JsonNode ticket, String prefix) {
    String path = Client.path("requests", ticket.path("id").asText());
    String told = "";
    int shown = 0;
    while (true) {
      long seen = events.count();
      JsonNode request = patience.insist(() -> client.get(path));
      String state = request.path("state").asText();
      List<BuildName> builds = builds(request);
      if (shown < builds.size()) {
        BuildName build = builds.get(shown);
        if (logs && !ended(state) && !isThere(build)) {
          // The request's own fact comes before the build's, and a reader may be in between.
          events.await(seen);
          continue;
        }
        shown++;
        console.note(
            prefix
                + console.paint(build.toString(), Tone.STRONG)
                + (shown > 1 ? ", attempt " + shown : ""));
        if (logs) {
          new BuildLog(client, console, patience, events, build, prefix, "stdio").follow();
        }
        continue;
      }
      if (ended(state)) {
        end(request, prefix);
        return request;
      }
      if (!state.equals(told) && !state.equals("running")) {
        told = state;
        console.note(prefix + console.paint(state, Tone.of(state)));
      }
      events.await(seen);
    }
  }

  private boolean isThere(BuildName build) {
    try {
      patience.insist(() -> client.get(build.path()));
      return true;
    } catch (Problem none) {
      if (none.status() != 404) {
        throw none;
      }
      return false;
    }
  }

  private void end(JsonNode request, String prefix) {
    String word = outcome(request);
    console.note(prefix + console.paint(word, Tone.of(word)));
  }

  /** The builds of a request's attempts, oldest first. */
  private static List<BuildName> builds(JsonNode request) {
    List<BuildName> builds = new ArrayList<>();
    for (JsonNode attempt : request.path("attempts")) {
      builds.add(BuildName.of(attempt.path("build")));
    }
    return builds;
  }

  private static boolean ended(String state) {
    return state.equals("finished") || state.equals("cancelled") || state.equals("shelved");
  }

  /** The result of one that finished, else its state. */
  private static String outcome(JsonNode request) {
    JsonNode result = request.path("result");
    return result.isTextual() && !result.asText().isEmpty()
        ? result.asText()
        : request.path("state").asText();
  }

  /** What the exit code says of them all: a failure outweighs a cancellation. */
  public static Exit exit(ArrayNode ended) {
    Exit exit = Exit.DONE;
    for (JsonNode request : ended) {
      switch (outcome(request)) {
        case "success", "warnings", "skipped", "finished" -> {}
        case "cancelled", "shelved" -> exit = exit == Exit.DONE ? Exit.CANCELLED : exit;
        default -> exit = Exit.FAILED;
      }
    }
    return exit;
  }
}
