package dev.ahjo.cli.project;

import dev.ahjo.cli.Console;
import dev.ahjo.cli.Console.Tone;
import dev.ahjo.cli.Exit;
import dev.ahjo.config.Problem;
import dev.ahjo.config.Problem.Severity;
import dev.ahjo.config.ProjectFiles;
import dev.ahjo.config.Reading;
import dev.ahjo.core.project.ProjectDefinition;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/**
 * {@code ahjo check FILE...}: every mistake of project files, in the way that compilers tell
 * theirs.
 */
@Command(
    name = "check",
    description = {
      "Check project files, without a node: file:line:column: message.",
      "Exits with 0 if all are valid, else 1. Warnings are told and harmless."
    })
public final class Check implements Callable<Integer> {
  private final Console console;

  @Parameters(
      arity = "1..*",
      paramLabel = "FILE",
      description = "Project files, or folders with an ahjo.yaml.")
  List<Path> files = List.of();

  public Check(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() {
    boolean good = true;
    for (Path file : files) {
      good &= check(Files.isDirectory(file) ? file.resolve("ahjo.yaml") : file);
    }
    return good ? Exit.DONE.code() : Exit.FAILED.code();
  }

  private boolean check(Path file) {
    String text;
    try {
      text = Files.readString(file, StandardCharsets.UTF_8);
    } catch (NoSuchFileException missing) {
      console.line(file + ": there is no such file");
      return false;
    } catch (IOException unreadable) {
      console.line(file + ": could not be read as UTF-8 text: " + unreadable);
      return false;
    }
    Reading<ProjectDefinition> reading = ProjectFiles.read(file.toString(), text);
    for (Problem problem : reading.problems()) {
      Tone tone = problem.severity() == Severity.ERROR ? Tone.BAD : Tone.WARN;
      String place = problem.file() + ":" + problem.line() + ":" + problem.column() + ":";
      console.line(
          console.paint(place, Tone.STRONG)
              + " "
              + (tone == Tone.WARN ? console.paint("warning: ", tone) : "")
              + problem.message());
    }
    return switch (reading) {
      case Reading.Valid<ProjectDefinition> valid -> {
        List<String> builders = new ArrayList<>();
        valid.value().builders().forEach(builder -> builders.add(builder.name().value()));
        console.note(
            file
                + ": "
                + console.paint("valid", Tone.GOOD)
                + ", project "
                + valid.value().name()
                + " with "
                + String.join(", ", builders));
        yield true;
      }
      case Reading.Invalid<ProjectDefinition> _ -> false;
    };
  }
}
