package dev.ahjo.worker.process;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;

/** What differs between systems: how a command is put into a session of its own, and the shell. */
public sealed interface Host {
  /** The program and arguments that run {@code command} under a supervisor. */
  List<String> supervise(String script, Path spool, String token, Supervised.Command command);

  /** A shell that runs {@code text}, ending at its first failing command where it can. */
  List<String> shell(String text);

  /** An input that is at its end. */
  File nothing();

  /**
   * Whether the supervisor writes its pid, before it starts anything; else the agent does, after.
   */
  boolean supervisorWritesPid();

  /** This machine's. */
  static Host here() {
    return Here.HOST;
  }

  /** Found once. */
  final class Here {
    private static final Host HOST =
        System.getProperty("os.name", "").toLowerCase(Locale.ROOT).startsWith("windows")
            ? new Windows()
            : Posix.find();

    private Here() {}
  }

  /**
   * Linux, macOS, the BSDs.
   *
   * @param session the words that put the program after them into a session of its own
   * @param cat where that program is; a step may have a PATH without it
   * @param sync likewise: forces a file to disk
   */
  record Posix(List<String> session, String cat, String sync) implements Host {
    static Posix find() {
      return new Posix(
          program("setsid")
              .map(List::of)
              // macOS has no setsid, but a perl that can
              .or(() ->
                  program("perl")
                      .map(perl ->
                          List.of(
                              perl,
                              "-MPOSIX",
                              "-e",
                              "POSIX::setsid(); exec {$ARGV[0]} @ARGV or exit 127")))
              .orElseThrow(() ->
                  new IllegalStateException(
                      "Expected setsid (util-linux) or perl on the PATH, but found neither: steps"
                          + " need one of them to run in sessions of their own")),
          program("cat").orElse("/bin/cat"),
          program("sync").orElse("/bin/sync"));
    }

    private static Optional<String> program(String name) {
      return Stream.concat(
              Stream.of(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator)),
              Stream.of("/usr/bin", "/bin", "/usr/local/bin"))
          .filter(folder -> folder.startsWith("/"))
          .map(folder -> Path.of(folder, name))
          .filter(Files::isExecutable)
          .map(Path::toString)
          .findFirst();
    }

    @Override
    public List<String> supervise(
        String script, Path spool, String token, Supervised.Command command) {
      var words = new ArrayList<String>(session);
      words.addAll(
          List.of(
              "/bin/sh",
              "-c",
              script,
              "ahjo-step",
              spool.toAbsolutePath().toString(),
              token,
              command.outputApart() ? "apart" : "merged",
              cat,
              sync));
      words.addAll(session);
      words.addAll(command.argv());
      return words;
    }

    @Override
    public List<String> shell(String text) {
      return List.of("/bin/sh", "-e", "-c", text);
    }

    @Override
    public File nothing() {
      return new File("/dev/null");
    }

    @Override
    public boolean supervisorWritesPid() {
      return true;
    }
  }

  /**
   * Windows: a batch file is the supervisor. Children there do not die with their parent, and there
   * are no process groups to leave. A batch line does not know its own pid, so an agent killed in
   * the instant between the start and the note of it takes the command for never started. Written
   * from the documentation of cmd, not yet tried on a Windows machine.
   */
  record Windows() implements Host {
    @Override
    public List<String> supervise(
        String script, Path spool, String token, Supervised.Command command) {
      String folder = spool.toAbsolutePath().toString();
      var line = new StringBuilder();
      command.argv().forEach(word -> line.append(quoted(word)).append(' '));
      String text =
          line
              + "<nul >>\""
              + folder
              + (command.outputApart()
                  ? "\\stdout\" 2>>\"" + folder + "\\stdio\""
                  : "\\stdio\" 2>&1")
              + " & call echo ^%errorlevel^%>\""
              + folder
              + "\\exit\"";
      return List.of("cmd.exe", "/d", "/s", "/c", "\"" + text + "\"");
    }

    private static String quoted(String word) {
      return word.matches("[A-Za-z0-9_./:\\\\=-]+")
          ? word
          : "\"" + word.replace("\"", "\\\"") + "\"";
    }

    @Override
    public List<String> shell(String text) {
      return List.of("cmd.exe", "/d", "/s", "/c", "\"" + text + "\"");
    }

    @Override
    public File nothing() {
      return new File("NUL");
    }

    @Override
    public boolean supervisorWritesPid() {
      return false;
    }
  }
}
