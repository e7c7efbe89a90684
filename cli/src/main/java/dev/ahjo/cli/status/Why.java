package dev.ahjo.cli.status;

import com.fasterxml.jackson.databind.JsonNode;
import dev.ahjo.cli.Client;
import dev.ahjo.cli.Console;
import dev.ahjo.cli.Console.Tone;
import dev.ahjo.cli.NodeOptions;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/**
 * {@code ahjo why REQUEST}: why it was submitted, why it waits or waited, and what became of each
 * attempt.
 */
@Command(
    name = "why",
    description = {
      "Tell why a request was submitted, why it does (did) wait,",
      "and what became of each of its attempts."
    })
public final class Why implements Callable<Integer> {
  private final Console console;

  @Mixin NodeOptions node = new NodeOptions();

  @Parameters(paramLabel = "REQUEST", description = "A request's id, as `ahjo requests` lists it.")
  String request = "";

  public Why(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() {
    try (Client client = node.client(console)) {
      JsonNode why = client.get(Client.path("requests", request, "why"));
      if (node.json()) {
        NodeOptions.print(console, why);
      } else {
        tell(why, "");
      }
      return 0;
    }
  }

  /** The answer's own order and words; what nests is indented. */
  private void tell(JsonNode value, String indent) {
    for (var field : value.properties()) {
      String name = console.paint(field.getKey().replace('_', ' '), Tone.FAINT);
      JsonNode child = field.getValue();
      if (child.isArray()) {
        if (!child.isEmpty()) {
          console.line(indent + name);
          child.forEach(item -> item(item, indent + "  "));
        }
      } else if (isBuild(child)) {
        console.line(indent + name + "  " + build(child));
      } else if (child.isObject()) {
        console.line(indent + name);
        tell(child, indent + "  ");
      } else if (!child.isNull()) {
        console.line(indent + name + "  " + Console.oneLine(child.asText()));
      }
    }
  }

  /** One entry of a list: its time first, then its texts, on one line. */
  private void item(JsonNode item, String indent) {
    if (!item.isObject()) {
      console.line(indent + Console.oneLine(item.asText()));
      return;
    }
    StringBuilder line = new StringBuilder(indent);
    for (var field : item.properties()) {
      JsonNode value = field.getValue();
      if (value.isNull()) {
        continue;
      }
      if (field.getKey().equals("at")) {
        line.append(console.paint(console.clock(value.asText()), Tone.FAINT)).append("  ");
      } else if (value.isValueNode()) {
        line.append(Console.oneLine(value.asText())).append("  ");
      } else if (isBuild(value)) {
        line.append(build(value)).append("  ");
      }
    }
    console.line(line.toString().stripTrailing());
    for (var field : item.properties()) {
      if (field.getValue().isArray()) {
        field.getValue().forEach(inner -> item(inner, indent + "  "));
      } else if (field.getValue().isObject() && !isBuild(field.getValue())) {
        tell(field.getValue(), indent + "  ");
      }
    }
  }

  private static boolean isBuild(JsonNode value) {
    return value.size() == 3 && value.has("project") && value.has("builder") && value.has("number");
  }

  /** As people write it, and as other verbs take it. */
  private static String build(JsonNode build) {
    return Console.oneLine(
        build.get("project").asText()
            + "/"
            + build.get("builder").asText()
            + "#"
            + build.get("number").asLong());
  }
}
