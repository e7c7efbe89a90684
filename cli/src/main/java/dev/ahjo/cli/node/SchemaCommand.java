package dev.ahjo.cli.node;

import dev.ahjo.cli.CommandFailed;
import dev.ahjo.cli.Console;
import dev.ahjo.cli.Exit;
import dev.ahjo.cli.LogFile;
import dev.ahjo.cluster.Storages;
import dev.ahjo.config.NodeSettings;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code ahjo schema print|create --config FILE}: the tables of a storage that has any. */
@Command(
    name = "schema",
    description = {
      "Print the statements that make the tables of the storage that a node's settings name,",
      "or make what lacks of them. Making them twice changes nothing."
    })
public final class SchemaCommand implements Callable<Integer> {
  private final Console console;

  /** What to do with the tables. */
  enum Deed {
    print,
    create
  }

  @Parameters(paramLabel = "print|create", description = "What to do with the tables.")
  Deed deed = Deed.print;

  @Option(
      names = "--config",
      required = true,
      paramLabel = "FILE",
      description = "The node's settings, in YAML.")
  Path config = Path.of("node.yaml");

  public SchemaCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() {
    NodeSettings settings = NodeFile.read(config);
    List<String> statements = Storages.schema(settings);
    if (statements.isEmpty()) {
      throw new CommandFailed(
          Exit.USAGE, "the embedded storage makes its own tables; there is nothing to " + deed);
    }
    switch (deed) {
      case print -> statements.forEach(statement -> console.line(statement + ";"));
      case create -> {
        LogFile.use(null);
        try {
          Storages.createSchema(settings);
          console.line("ahjo: the tables are there");
        } catch (IOException failed) {
          throw new CommandFailed(Exit.UNREACHABLE, String.valueOf(failed.getMessage()), failed);
        }
      }
    }
    return Exit.DONE.code();
  }
}
