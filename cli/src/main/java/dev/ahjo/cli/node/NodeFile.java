package dev.ahjo.cli.node;

import dev.ahjo.cli.CommandFailed;
import dev.ahjo.cli.Exit;
import dev.ahjo.config.NodeSettings;
import dev.ahjo.config.Reading;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Collectors;

/** A node's settings file, as the verbs that take one read it. */
final class NodeFile {
  private NodeFile() {}

  /** The settings; whoever called the verb is told all mistakes. */
  static NodeSettings read(Path config) {
    String text;
    try {
      text = Files.readString(config);
    } catch (IOException unreadable) {
      throw new CommandFailed(
          Exit.USAGE, "--config: could not read " + config + ": " + unreadable, unreadable);
    }
    return switch (NodeSettings.read(config, text)) {
      case Reading.Valid<NodeSettings> valid -> valid.value();
      case Reading.Invalid<NodeSettings> invalid ->
          throw new CommandFailed(
              Exit.USAGE,
              "the node's settings have mistakes:\n"
                  + invalid.problems().stream()
                      .map(problem -> "  " + problem)
                      .collect(Collectors.joining("\n")));
    };
  }
}
