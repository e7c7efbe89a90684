package dev.ahjo.cli.node;

import dev.ahjo.cli.CommandFailed;
import dev.ahjo.cli.Console;
import dev.ahjo.cli.Exit;
import dev.ahjo.cli.LogFile;
import dev.ahjo.cluster.Node;
import dev.ahjo.config.NodeSettings;
import java.io.IOException;
import java.net.ConnectException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code ahjo node --config FILE}: one node, without a worker. */
@Command(
    name = "node",
    description = {
      "Run a node, as a settings file says. Workers and projects come to it by themselves.",
      "Runs until it is stopped; running builds go on at their workers."
    })
public final class NodeCommand implements Callable<Integer> {
  private final Console console;

  @Option(
      names = "--config",
      required = true,
      paramLabel = "FILE",
      description = "The node's settings, in YAML.")
  Path config = Path.of("node.yaml");

  @Option(
      names = "--log-file",
      paramLabel = "FILE",
      description = "Where to tell what it does; default: the error output.")
  @Nullable Path logFile;

  public NodeCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() throws InterruptedException {
    NodeSettings settings = NodeFile.read(config);
    LogFile.use(logFile);
    try {
      Node node = Node.start(settings);
      Runtime.getRuntime().addShutdownHook(new Thread(node::close, "goodbye"));
      console.line(
          "ahjo: node "
              + settings.name()
              + " answers at "
              + node.http()
              + ", workers join "
              + node.gate());
      if (node.awaitEnd() == Node.End.LOST) {
        throw new CommandFailed(
            Exit.LOST, "the node is no longer in the cluster; start it again to let it join anew");
      }
      return Exit.DONE.code();
    } catch (Node.Lost lost) {
      throw new CommandFailed(Exit.LOST, lost.getMessage() + "; start it again", lost);
    } catch (ConnectException away) {
      // No mistake of the settings: whoever keeps the node running shall try again.
      throw new CommandFailed(Exit.UNREACHABLE, String.valueOf(away.getMessage()), away);
    } catch (IOException failed) {
      String why = failed.getMessage();
      throw new CommandFailed(Exit.USAGE, why == null ? failed.toString() : why, failed);
    }
  }
}
