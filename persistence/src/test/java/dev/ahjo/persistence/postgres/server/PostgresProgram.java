package dev.ahjo.persistence.postgres.server;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.UserPrincipal;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The programs of PostgreSQL, and as whom they run: they refuse to be root's, so root runs them as
 * a user who owns nothing else.
 *
 * @param folder of {@code initdb} and {@code postgres}
 * @param user empty for whoever runs the tests
 */
record PostgresProgram(Path folder, Optional<String> user) {
  private static final List<Path> PLACES =
      List.of(Path.of("/usr/lib/postgresql"), Path.of("/usr/pgsql"), Path.of("/opt/homebrew/opt"));

  /** Finds it, if this machine has it. */
  static Optional<PostgresProgram> find() throws IOException {
    Optional<Path> folder = programs();
    if (folder.isEmpty()) {
      return Optional.empty();
    }
    if (!"root".equals(System.getProperty("user.name"))) {
      return Optional.of(new PostgresProgram(folder.get(), Optional.empty()));
    }
    boolean able = Files.isExecutable(Path.of("/usr/bin/setpriv"));
    return able
        ? Optional.of(new PostgresProgram(folder.get(), Optional.of("nobody")))
        : Optional.empty();
  }

  private static Optional<Path> programs() throws IOException {
    List<Path> found = new ArrayList<>();
    for (Path place : PLACES) {
      if (Files.isDirectory(place)) {
        try (Stream<Path> versions = Files.list(place)) {
          versions.map(v -> v.resolve("bin")).forEach(found::add);
        }
      }
    }
    for (String each : Optional.ofNullable(System.getenv("PATH")).orElse("").split(":")) {
      found.add(Path.of(each));
    }
    Optional<Path> best =
        found.stream()
            .filter(bin -> Files.isExecutable(bin.resolve("initdb")))
            .filter(bin -> Files.isExecutable(bin.resolve("postgres")))
            .max(Comparator.comparing(Path::toString));
    // Where links lead, the other programs are, too.
    return best.isPresent()
        ? Optional.ofNullable(best.get().resolve("initdb").toRealPath().getParent())
        : Optional.empty();
  }

  /** A command that runs one of them. */
  ProcessBuilder command(String program, List<String> arguments) {
    List<String> command = new ArrayList<>();
    // Not by runuser, which stays in between: a kill must reach the server itself.
    user.ifPresent(who ->
        command.addAll(
            List.of("setpriv", "--reuid=" + who, "--regid=nogroup", "--clear-groups", "--")));
    command.add(folder.resolve(program).toString());
    command.addAll(arguments);
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().put("LC_ALL", "C");
    return builder;
  }

  /** Gives a folder to the user who runs them. */
  void own(Path path) throws IOException {
    if (user.isPresent()) {
      UserPrincipal owner =
          path.getFileSystem().getUserPrincipalLookupService().lookupPrincipalByName(user.get());
      Files.setOwner(path, owner);
    }
  }
}
