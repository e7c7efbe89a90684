package dev.ahjo.cli.steer;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.ahjo.cli.BuildName;
import dev.ahjo.cli.Client;
import dev.ahjo.cli.Console;
import dev.ahjo.cli.NodeOptions;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/**
 * {@code ahjo cancel | retry | stop | rebuild ID}, {@code pause | drain | resume WORKER} and {@code
 * shutdown}. All but retry and rebuild are harmless when said twice.
 */
public abstract sealed class Steer implements Callable<Integer> {
  private final Console console;

  @Mixin NodeOptions node = new NodeOptions();

  private Steer(Console console) {
    this.console = console;
  }

  /** All verbs of this file. */
  public static List<Steer> verbs(Console console) {
    return List.of(
        new Cancel(console),
        new Retry(console),
        new Stop(console),
        new Rebuild(console),
        new Pause(console),
        new Drain(console),
        new Resume(console),
        new Shutdown(console));
  }

  @Command(
      name = "cancel",
      description =
          "Cancel a request, or all of a buildset: what waits is dropped, what runs stops.")
  static final class Cancel extends Steer {
    @Parameters(paramLabel = "ID", description = "A request or a buildset.")
    String id = "";

    @Option(names = "--reason", paramLabel = "TEXT", description = "Stands in the history.")
    @Nullable String reason;

    Cancel(Console console) {
      super(console);
    }

    @Override
    public Integer call() {
      // A request's id is its buildset's with a number behind a dot.
      String kind = id.contains(".") ? "requests" : "buildsets";
      return post(Client.path(kind, id, "cancel"), reason(reason), "Cancelled " + id);
    }
  }

  @Command(
      name = "retry",
      description = "Put a request that is shelved, or backing off, back into its queue.")
  static final class Retry extends Steer {
    @Parameters(paramLabel = "REQUEST", description = "A request.")
    String id = "";

    Retry(Console console) {
      super(console);
    }

    @Override
    public Integer call() {
      return post(Client.path("requests", id, "retry"), "Queued " + id);
    }
  }

  @Command(
      name = "stop",
      description = {
        "Stop a running build; its `always` steps still run.",
        "Stopped again, the one of them that runs ends too."
      })
  static final class Stop extends Steer {
    @Parameters(paramLabel = "BUILD", description = "project/builder#number")
    String build = "";

    @Option(names = "--reason", paramLabel = "TEXT", description = "Stands in the history.")
    @Nullable String reason;

    Stop(Console console) {
      super(console);
    }

    @Override
    public Integer call() {
      return post(BuildName.parse(build).path("stop"), reason(reason), "Stopping " + build);
    }
  }

  @Command(name = "rebuild", description = "Ask for a build again: same revisions and properties.")
  static final class Rebuild extends Steer {
    @Parameters(paramLabel = "BUILD", description = "project/builder#number")
    String build = "";

    Rebuild(Console console) {
      super(console);
    }

    @Override
    public Integer call() {
      return post(BuildName.parse(build).path("rebuild"), "Asked again for " + build);
    }
  }

  /** What is said of a worker. */
  abstract static sealed class OfWorker extends Steer {
    @Parameters(paramLabel = "WORKER", description = "Its name.")
    String worker = "";

    private OfWorker(Console console) {
      super(console);
    }

    int say(String verb, String said) {
      return post(Client.path("workers", worker, verb), said + " " + worker);
    }
  }

  @Command(name = "pause", description = "Give a worker no new builds; what runs goes on.")
  static final class Pause extends OfWorker {
    Pause(Console console) {
      super(console);
    }

    @Override
    public Integer call() {
      return say("pause", "Paused");
    }
  }

  @Command(
      name = "drain",
      description = "Let a worker finish what it runs, then give it nothing more.")
  static final class Drain extends OfWorker {
    Drain(Console console) {
      super(console);
    }

    @Override
    public Integer call() {
      return say("drain", "Draining");
    }
  }

  @Command(name = "resume", description = "Give a paused or drained worker builds again.")
  static final class Resume extends OfWorker {
    Resume(Console console) {
      super(console);
    }

    @Override
    public Integer call() {
      return say("resume", "Resumed");
    }
  }

  @Command(
      name = "shutdown",
      description = "Stop the node. Running builds go on at their workers, and are found again.")
  static final class Shutdown extends Steer {
    @Option(
        names = "--drain",
        description =
            "A node that is alone begins nothing new and lets what runs end first, for an hour at"
                + " most. A node of a farm hands over at once either way.")
    boolean drain;

    Shutdown(Console console) {
      super(console);
    }

    @Override
    public Integer call() {
      return post(
          Client.path("cluster", "shutdown") + (drain ? "?drain=true" : ""),
          drain
              ? "The node stops: once what runs has ended if it is alone, else at once"
              : "The node stops");
    }
  }

  private static JsonNode reason(@Nullable String text) {
    if (text == null) {
      return MissingNode.getInstance();
    }
    ObjectNode body = Client.JSON.createObjectNode();
    body.put("reason", text);
    return body;
  }

  int post(String path, String said) {
    return post(path, MissingNode.getInstance(), said);
  }

  int post(String path, JsonNode body, String said) {
    try (Client client = node.client(console)) {
      JsonNode answer = client.post(path, body);
      if (node.json()) {
        NodeOptions.print(console, answer);
      } else {
        String id = answer.path("id").asText("");
        boolean idle = answer.path("changed").isBoolean() && !answer.path("changed").asBoolean();
        console.line(
            said
                + (id.isEmpty() || said.endsWith(id) ? "" : ": " + id)
                + (idle ? " (it was already so: nothing has changed)" : ""));
      }
      return 0;
    }
  }
}
