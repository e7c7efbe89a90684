package dev.ahjo.cli.log;

import com.fasterxml.jackson.databind.JsonNode;
import dev.ahjo.cli.BuildName;
import dev.ahjo.cli.Client;
import dev.ahjo.cli.Console;
import dev.ahjo.cli.Console.Tone;
import dev.ahjo.cli.Events;
import dev.ahjo.cli.Patience;
import dev.ahjo.cli.Problem;
import java.io.IOException;
import java.io.InputStream;
import java.util.Optional;

/**
 * Prints what the steps of one build print, live until the build ends. A broken connection is
 * opened again where it broke: no byte is missing or printed twice.
 */
public final class BuildLog {
  private static final int BUFFER = 64 * 1024;

  private final Client client;
  private final Console console;
  private final Patience patience;
  private final Events events;
  private final BuildName build;
  private final String prefix;
  private final String log;
  private boolean found;

  /**
   * @param prefix stands before each line where several builds share the output; else empty
   * @param log which log of each step
   */
  public BuildLog(
      Client client,
      Console console,
      Patience patience,
      Events events,
      BuildName build,
      String prefix,
      String log) {
    this.client = client;
    this.console = console;
    this.patience = patience;
    this.events = events;
    this.build = build;
    this.prefix = prefix;
    this.log = log;
  }

  /** Follows every step; the build as it ended. */
  public JsonNode follow() {
    JsonNode now = patience.insist(() -> client.get(build.path()));
    int steps = now.path("steps").size();
    for (int step = 0; step < steps; step++) {
      now = follow(step);
    }
    while (!over(now)) {
      long seen = events.count();
      now = patience.insist(() -> client.get(build.path()));
      if (!over(now)) {
        events.await(seen);
      }
    }
    return now;
  }

  /** Follows one step to its end; the build as it was then. */
  public JsonNode follow(int step) {
    Lines lines = new Lines(console, prefix);
    boolean headed = false;
    long at = 0;
    while (true) {
      long seen = events.count();
      JsonNode now = patience.insist(() -> client.get(build.path()));
      JsonNode it = now.path("steps").path(step);
      boolean ended = !result(it).isEmpty() || over(now);
      boolean started =
          !it.path("started_at").asText("").isEmpty() && !it.path("started_at").isNull();
      if (started) {
        if (!headed) {
          headed = true;
          console.note(prefix + console.paint("── " + it.path("name").asText(), Tone.STRONG));
        }
        at = tail(step, at, true, lines);
      }
      if (ended) {
        lines.end();
        if (headed) {
          end(it);
        }
        return now;
      }
      events.await(seen);
    }
  }

  private void end(JsonNode step) {
    String result = result(step);
    StringBuilder text = new StringBuilder(prefix).append("   ");
    text.append(console.paint(result.isEmpty() ? "not run" : result, Tone.of(result)));
    text.append(" in ")
        .append(
            console.between(
                step.path("started_at").asText(""), step.path("finished_at").asText("")));
    if (step.path("exit_code").isInt() && step.path("exit_code").asInt() != 0) {
      text.append(", exit code ").append(step.path("exit_code").asInt());
    }
    String problem = step.path("problem").asText("");
    if (!problem.isEmpty() && !step.path("problem").isNull()) {
      text.append(": ").append(Console.oneLine(problem));
    }
    console.note(text.toString());
  }

  /**
   * Prints a log of a step from byte {@code from} on, as it is now or, followed, until it ends;
   * where it stopped.
   */
  long tail(int step, long from, boolean follow, Lines lines) {
    String path =
        build.path("steps", Integer.toString(step), "logs", log) + (follow ? "?follow=true" : "");
    long[] at = {from};
    return patience.insist(() -> {
      try {
        Optional<InputStream> body = client.stream(path, at[0], "text/plain, */*;q=0.5");
        if (body.isPresent()) {
          at[0] = copy(body.get(), at[0], lines);
        }
        found = true;
      } catch (Problem none) {
        if (none.status() != 404) {
          throw none;
        }
      }
      return at[0];
    });
  }

  /** Whether any step had such a log. */
  boolean found() {
    return found;
  }

  /** Copies until the end or until the connection breaks; the caller finds out which it was. */
  private long copy(InputStream body, long from, Lines lines) {
    long at = from;
    byte[] buffer = new byte[BUFFER];
    try (body) {
      for (int read = body.read(buffer); read >= 0; read = body.read(buffer)) {
        lines.add(buffer, read);
        at += read;
      }
    } catch (IOException broken) {
      patience.gone();
    }
    return at;
  }

  static boolean over(JsonNode build) {
    return build.path("state").asText("").equals("finished") || !result(build).isEmpty();
  }

  static String result(JsonNode item) {
    JsonNode result = item.path("result");
    return result.isNull() ? "" : result.asText("");
  }
}
