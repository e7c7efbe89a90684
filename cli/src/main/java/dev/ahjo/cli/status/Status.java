package dev.ahjo.cli.status;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.ahjo.cli.Client;
import dev.ahjo.cli.Console;
import dev.ahjo.cli.Console.Cell;
import dev.ahjo.cli.Console.Tone;
import dev.ahjo.cli.NodeOptions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code ahjo status}: what goes on, on one screen. */
@Command(name = "status", description = "Tell what goes on, on one screen.")
public final class Status implements Callable<Integer> {
  /** More that wait are told as "and more". */
  private static final int WAITING = 1000;

  private static final int RUNNING = 20;
  private static final int RECENT = 5;

  private final Console console;

  @Mixin NodeOptions node = new NodeOptions();

  public Status(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() {
    try (Client client = node.client(console)) {
      ArrayNode workers = client.items(Client.path("workers"), WAITING);
      ArrayNode running =
          client.items(
              Client.path("builds") + "?state=starting&state=running&state=stopping", RUNNING);
      ArrayNode waiting =
          client.items(
              Client.path("requests") + "?state=blocked&state=queued&state=backoff&state=shelved",
              WAITING);
      ArrayNode recent = client.items(Client.path("builds") + "?state=finished", RECENT);
      if (node.json()) {
        ObjectNode all = Client.JSON.createObjectNode();
        all.set("workers", workers);
        all.set("running", running);
        all.set("waiting", waiting);
        all.set("recent", recent);
        NodeOptions.print(console, all);
        return 0;
      }
      console.line("node      " + client.base());
      console.line("workers   " + workers(workers));
      console.line("requests  " + waiting(waiting));
      builds("RUNNING", running);
      builds("LAST", recent);
      return 0;
    }
  }

  private static String workers(ArrayNode workers) {
    int slots = 0;
    int busy = 0;
    int here = 0;
    for (JsonNode worker : workers) {
      slots += worker.path("slots").asInt();
      busy += worker.path("builds").size();
      here += worker.path("connected").asBoolean() ? 1 : 0;
    }
    return here + " of " + workers.size() + " here, " + busy + " of " + slots + " slots busy";
  }

  private static String waiting(ArrayNode waiting) {
    List<String> parts = new ArrayList<>();
    for (String state : List.of("queued", "blocked", "backoff", "shelved")) {
      int count = 0;
      for (JsonNode request : waiting) {
        count += request.path("state").asText().equals(state) ? 1 : 0;
      }
      if (count > 0) {
        parts.add(count + " " + state);
      }
    }
    return (parts.isEmpty() ? "none waiting" : String.join(", ", parts))
        + (waiting.size() == WAITING ? ", and more" : "");
  }

  private void builds(String title, ArrayNode builds) {
    if (builds.isEmpty()) {
      return;
    }
    console.line("");
    List<List<Cell>> rows = new ArrayList<>();
    for (JsonNode build : builds) {
      String started = build.path("started_at").asText("");
      rows.add(
          List.of(
              new Cell(Tables.name(build), Tone.STRONG),
              Cell.word(Tables.outcome(build)),
              Cell.of(Tables.dash(build.path("worker"))),
              Cell.of(console.ago(started)),
              Cell.of(console.between(started, build.path("finished_at").asText("")))));
    }
    console.table(List.of(title, "STATE", "WORKER", "STARTED", "TOOK"), rows, "");
  }
}
