package dev.ahjo.cli.up;

import dev.ahjo.cli.CommandFailed;
import dev.ahjo.cli.Exit;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** The project that a first {@code up} makes: a git repository of four small files. */
public final class Example {
  /** The project's name. */
  public static final String NAME = "hello";

  private static final List<String> FILES =
      List.of("ahjo.yaml", "configure", "hello.c", "hello.sh", "test.sh");
  private static final long PATIENCE_SECONDS = 60;

  private Example() {}

  /**
   * Makes the repository in {@code folder}, unless it is there from an earlier time.
   *
   * @return whether it was made now
   */
  public static boolean make(Path folder) throws IOException {
    if (Files.exists(folder)) {
      return false;
    }
    // Made beside its place and moved there whole: half a repository would stay for ever.
    Path half = folder.resolveSibling(folder.getFileName() + ".half");
    remove(half);
    Files.createDirectories(half);
    for (String file : FILES) {
      write(half, file);
    }
    git(half, "init", "--quiet");
    git(half, "symbolic-ref", "HEAD", "refs/heads/main");
    git(half, "add", "--all");
    git(
        half,
        "-c",
        "user.name=Ahjo",
        "-c",
        "user.email=ahjo@localhost",
        "-c",
        "commit.gpgsign=false",
        "commit",
        "--quiet",
        "--message",
        "Greet the world");
    Files.move(half, folder, StandardCopyOption.ATOMIC_MOVE);
    return true;
  }

  private static void write(Path folder, String name) throws IOException {
    try (InputStream source = Example.class.getResourceAsStream("example/" + name)) {
      if (source == null) {
        throw new IllegalStateException("The example's file " + name + " is not in the build");
      }
      Path file = folder.resolve(name);
      Files.copy(source, file);
      if (!name.contains(".") || name.endsWith(".sh")) {
        file.toFile().setExecutable(true);
      }
    }
  }

  private static void git(Path folder, String... words) throws IOException {
    List<String> command = new ArrayList<>(List.of("git"));
    command.addAll(List.of(words));
    Process process;
    try {
      process =
          new ProcessBuilder(command).directory(folder.toFile()).redirectErrorStream(true).start();
    } catch (IOException notThere) {
      throw new CommandFailed(
          Exit.USAGE, "git could not be run, and the example needs it: install git", notThere);
    }
    process.getOutputStream().close();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    try {
      if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS) || process.exitValue() != 0) {
        process.destroyForcibly();
        throw new CommandFailed(
            Exit.USAGE, String.join(" ", command) + " in " + folder + " failed: " + said.strip());
      }
    } catch (InterruptedException stopped) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
      throw new CommandFailed(Exit.CANCELLED, "Interrupted", stopped);
    }
  }

  private static void remove(Path folder) throws IOException {
    if (Files.exists(folder)) {
      try (var paths = Files.walk(folder)) {
        for (Path path : paths.sorted(java.util.Comparator.reverseOrder()).toList()) {
          Files.delete(path);
        }
      }
    }
  }
}
