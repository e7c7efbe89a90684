package dev.ahjo.cli.up;

import dev.ahjo.cli.CommandFailed;
import dev.ahjo.cli.Console;
import dev.ahjo.cli.Exit;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code ahjo token}: the secret that a further worker needs. */
@Command(
    name = "token",
    description = {
      "Print the token by which workers join the node of a data folder; makes one if there is none.",
      "Hand it on as a file or as AHJO_WORKER_TOKEN: whoever has it can join as a worker."
    })
public final class Token implements Callable<Integer> {
  private final Console console;

  @Option(
      names = "--data",
      paramLabel = "DIR",
      defaultValue = ".ahjo",
      description = "The data folder of `ahjo up` (default ./${DEFAULT-VALUE}).")
  Path data = Path.of(".ahjo");

  public Token(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() {
    if (!Files.isDirectory(data)) {
      throw new CommandFailed(
          Exit.USAGE,
          "There is no data folder " + data + ": `ahjo up` makes it; --data names another");
    }
    try {
      console.line(Files.readString(WorkerToken.in(data)).strip());
      return Exit.DONE.code();
    } catch (IOException e) {
      throw new CommandFailed(Exit.USAGE, "The token of " + data + " can't be read: " + e, e);
    }
  }
}
