package dev.ahjo.cli.up;

import dev.ahjo.cli.CommandFailed;
import dev.ahjo.cli.Console;
import dev.ahjo.cli.Exit;
import dev.ahjo.cli.LogFile;
import dev.ahjo.cli.up.Up.Settings;
import dev.ahjo.cli.up.Up.Source;
import dev.ahjo.config.ProjectFiles;
import dev.ahjo.config.Reading;
import dev.ahjo.core.project.ProjectDefinition;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code ahjo up [DIR|FILE...]}. */
@Command(
    name = "up",
    description = {
      "Start everything on this machine: a node, a worker, and the projects that are named.",
      "DIR with an ahjo.yaml makes that checkout a project: what is committed there is built. Without"
          + " any, the first `up` makes an example.",
      "A second `up` on the same data folder continues where the first stopped."
    })
public final class UpCommand implements Callable<Integer> {
  private static final int MAX_PORT = 65_534;

  private final Console console;

  @Parameters(arity = "0..*", paramLabel = "DIR|FILE", description = "Checkouts or project files.")
  List<Path> paths = List.of();

  @Option(
      names = "--data",
      paramLabel = "DIR",
      defaultValue = ".ahjo",
      description = "Where everything is kept (default ./${DEFAULT-VALUE}).")
  Path data = Path.of(".ahjo");

  @Option(
      names = "--port",
      paramLabel = "PORT",
      defaultValue = "8010",
      description =
          "Of the pages and the API (default ${DEFAULT-VALUE}); the workers' gate takes the next"
              + " one; 0: any that are free.")
  int port = 8010;

  @Option(
      names = "--slots",
      paramLabel = "N",
      description = "Builds at once; default: the number of processors.")
  @Nullable Integer slots;

  public UpCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() throws InterruptedException {
    long start = System.nanoTime();
    Settings settings = new Settings(port(), slots(), sources());
    UpFolder folder = UpFolder.take(data);
    LogFile.use(folder.resolve("log/node.log"));
    console.note("ahjo: starting…");
    try {
      Up up = Up.start(console, folder, settings);
      Thread goodbye = new Thread(() -> close(up), "goodbye");
      Runtime.getRuntime().addShutdownHook(goodbye);
      up.settle(Duration.ofNanos(System.nanoTime() - start));
      up.awaitEnd();
      return Exit.DONE.code();
    } catch (IOException failed) {
      String why = failed.getMessage();
      folder.close();
      throw new CommandFailed(
          Exit.USAGE,
          (why == null ? failed.toString() : why)
              + " (the node's log: "
              + folder.resolve("log/node.log")
              + ")",
          failed);
    }
  }

  private void close(Up up) {
    try {
      up.close();
    } catch (IOException e) {
      console.note("ahjo: did not stop in order: " + e.getMessage());
    }
  }

  private int port() {
    if (port < 0 || port > MAX_PORT) {
      throw new CommandFailed(
          Exit.USAGE, "--port: expected 0 to " + MAX_PORT + ", but found " + port);
    }
    return port;
  }

  private int slots() {
    int count = slots == null ? Runtime.getRuntime().availableProcessors() : slots;
    if (count < 1) {
      throw new CommandFailed(Exit.USAGE, "--slots: expected at least 1, but found " + count);
    }
    return count;
  }

  /** All project files are read before anything starts: a mistake in one changes nothing. */
  private List<Source> sources() {
    List<Source> sources = new ArrayList<>();
    for (Path path : paths) {
      Path file = Files.isDirectory(path) ? path.resolve("ahjo.yaml") : path;
      Path folder = file.toAbsolutePath().normalize().getParent();
      String text;
      try {
        text = LocalRepositories.absolute(Files.readString(file), folder == null ? path : folder);
      } catch (IOException unreadable) {
        throw new CommandFailed(
            Exit.USAGE,
            Files.isDirectory(path)
                ? path + " has no ahjo.yaml that can be read"
                : path + " can't be read as a project file",
            unreadable);
      }
      sources.add(
          switch (ProjectFiles.read(file.toString(), text)) {
            case Reading.Valid<ProjectDefinition> valid ->
                new Source(valid.value().name().value(), file, text);
            case Reading.Invalid<ProjectDefinition> invalid ->
                throw new CommandFailed(
                    Exit.USAGE,
                    "a project file has mistakes:\n"
                        + invalid.problems().stream()
                            .map(problem -> "  " + problem)
                            .collect(Collectors.joining("\n")));
          });
    }
    return sources;
  }
}
