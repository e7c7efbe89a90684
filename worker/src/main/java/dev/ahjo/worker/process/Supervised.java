package dev.ahjo.worker.process;

import java.io.IOException;
import java.nio.charset.MalformedInputException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One command under its supervisor: a small shell in a session of its own that outlives the agent,
 * lets the command append to files in a spool folder, and writes down how it ended.
 *
 * <p>The spool folder is the whole state, so that an agent that was killed finds the command again:
 *
 * <ul>
 *   <li>{@code launch}: the token of the launch, when it was, and the mark of its processes
 *   <li>{@code start-TOKEN}: who creates it first decides: the supervisor writes its pid there and
 *       forces it to disk before it starts the command; an agent that finds it missing creates it
 *       with pid 0, and so knows that nothing was started, nor will be by a late supervisor. Not
 *       even a power cut takes it once the command runs. No command ever runs twice.
 *   <li>{@code stdio}: what the command printed
 *   <li>{@code stdout}: the same without its standard error, if that was asked for
 *   <li>{@code exit}: the exit code and a newline; without the newline it is not there yet. All
 *       files of the folder are forced to disk before: an end that is believed has all its output
 * </ul>
 *
 * <p>The command is in another session than the supervisor, so that a signal to its group, whoever
 * sends it, leaves the supervisor to tell of it.
 */
public final class Supervised {
  private static final Logger LOG = LoggerFactory.getLogger(Supervised.class);

  /** Marks every process of a step in its environment, so that strays are found. */
  public static final String MARK = "AHJO_STEP";

  private static final String START = "start-";

  /** The supervisor itself. */
  static final String SCRIPT =
      """
      spool=$1 token=$2 outputs=$3 cat=$4 sync=$5
      shift 5
      trap : HUP INT TERM
      set -C
      { echo $$ >"$spool/start-$token"; } 2>/dev/null || exit 0
      set +C
      "$sync" "$spool/start-$token" "$spool" "$spool/.." "$spool/../.."
      case $outputs in
        apart)
          "$@" </dev/null >"$spool/stdout" 2>>"$spool/stdio"
          code=$?
          "$cat" "$spool/stdout" >>"$spool/stdio"
          ;;
        *)
          "$@" </dev/null >>"$spool/stdio" 2>&1
          code=$?
          ;;
      esac
      "$sync" "$spool"/*
      echo "$code" >"$spool/exit"
      exit "$code"
      """;

  private final Path spool;
  private final String mark;
  private final Instant started;
  private final long pid;
  private final @Nullable Process child;

  private Supervised(Path spool, String mark, Instant started, long pid, @Nullable Process child) {
    this.spool = spool;
    this.mark = mark;
    this.started = started;
    this.pid = pid;
    this.child = child;
  }

  /**
   * A command to run.
   *
   * @param env the whole environment; nothing is inherited
   * @param mark what {@link #MARK} shall be, unlike that of any other step on this machine
   * @param outputApart whether standard output is wanted apart from standard error; then it reaches
   *     {@code stdio} only when the command has ended
   */
  public record Command(
      List<String> argv, Path workdir, Map<String, String> env, String mark, boolean outputApart) {
    public Command {
      argv = List.copyOf(argv);
      env = Map.copyOf(env);
    }
  }

  /** A command that no machine could start: the fault of whoever wrote it. */
  public static final class Unfit extends Exception {
    private static final long serialVersionUID = 1;

    Unfit(String problem) {
      super(problem);
    }
  }

  /** How a command ended. */
  public sealed interface Exit {
    /** The shell's view: 128 and more stands for a signal. */
    record Code(int value) implements Exit {}

    /** Neither alive nor an exit code left behind. */
    record Vanished() implements Exit {}
  }

  /** What an agent finds in a spool folder. */
  public sealed interface Found {
    /** It runs, or has left its exit code, or has vanished, perhaps before it had begun. */
    record Launched(Supervised command) implements Found {}

    /** No command was started there, and none will be. */
    record Nothing() implements Found {}
  }

  public static Path stdio(Path spool) {
    return spool.resolve("stdio");
  }

  public static Path stdout(Path spool) {
    return spool.resolve("stdout");
  }

  /**
   * Starts a command.
   *
   * @throws IOException when the supervisor can't be started: the machine's fault, not the
   *     command's
   * @throws Unfit when no machine could start it
   */
  public static Supervised start(Path spool, Command command) throws IOException, Unfit {
    refuseNul(command);
    Files.createDirectories(spool);
    String token = HexFormat.of().toHexDigits(ThreadLocalRandom.current().nextLong());
    Instant now = Instant.now();
    if (Files.notExists(stdio(spool))) {
      Files.createFile(stdio(spool));
    }
    Files.writeString(
        spool.resolve("launch"), token + "\n" + now.toEpochMilli() + "\n" + command.mark() + "\n");
    var builder = new ProcessBuilder(Host.here().supervise(SCRIPT, spool, token, command));
    builder.directory(command.workdir().toFile());
    builder.redirectInput(ProcessBuilder.Redirect.from(Host.here().nothing()));
    builder.redirectOutput(ProcessBuilder.Redirect.DISCARD);
    builder.redirectError(spool.resolve("supervisor").toFile());
    builder.environment().clear();
    builder.environment().putAll(command.env());
    builder.environment().put(MARK, command.mark());
    Process child = launched(builder);
    if (!Host.here().supervisorWritesPid()) {
      Files.writeString(spool.resolve(START + token), child.pid() + "\n");
    }
    return new Supervised(spool, command.mark(), now, child.pid(), child);
  }

  /** The system ends each word at its first NUL. */
  private static void refuseNul(Command command) throws Unfit {
    for (String word : command.argv()) {
      if (word.indexOf('\0') >= 0) {
        throw new Unfit("Expected a command without NUL characters, but found one in it");
      }
    }
    for (Map.Entry<String, String> variable : command.env().entrySet()) {
      if (variable.getKey().indexOf('\0') >= 0 || variable.getValue().indexOf('\0') >= 0) {
        throw new Unfit(
            "Expected an environment without NUL characters, but found one in "
                + variable.getKey().replace('\0', '?'));
      }
    }
  }

  private static final Pattern TOO_LONG = Pattern.compile("error[=:] ?7\\b");

  private static Process launched(ProcessBuilder builder) throws IOException, Unfit {
    try {
      return builder.start();
    } catch (IOException e) {
      // E2BIG: the limit is the system's, and the text is whoever's wrote it
      if (TOO_LONG.matcher(String.valueOf(e.getMessage())).find()) {
        throw new Unfit(
            "The command and its environment are longer than the system starts (on Linux, 128 KiB"
                + " for a word and about 2 MiB for all of them)");
      }
      throw e;
    }
  }

  /**
   * Looks for the command that an earlier agent started there.
   *
   * @throws IOException when the folder can't be read
   */
  public static Found find(Path spool) throws IOException {
    List<String> launch = launch(spool);
    if (launch.size() < 3) {
      return foundWithoutLaunch(spool);
    }
    Path start = spool.resolve(START + launch.getFirst());
    claim(start);
    long pid = pidIn(start);
    return pid == 0
        ? new Found.Nothing()
        : new Found.Launched(
            new Supervised(
                spool,
                launch.get(2),
                Instant.ofEpochMilli(Long.parseLong(launch.get(1))),
                pid,
                null));
  }

  /** Whole or not at all: an agent killed in the middle must not leave a claim without a pid. */
  private static void claim(Path start) throws IOException {
    if (Files.exists(start)) {
      return;
    }
    Path whole = start.resolveSibling("unclaimed");
    Files.writeString(whole, "0\n");
    try {
      Files.createLink(start, whole);
    } catch (FileAlreadyExistsException claimed) {
      LOG.debug("{} was claimed", start);
    } catch (UnsupportedOperationException | FileSystemException noLinksHere) {
      claimWithoutLinks(start);
    }
  }

  private static void claimWithoutLinks(Path start) throws IOException {
    try {
      Files.writeString(start, "0\n", StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    } catch (FileAlreadyExistsException claimed) {
      LOG.debug("{} was claimed", start);
    }
  }

  /** Whether an agent has begun to start a command there. */
  public static boolean launched(Path spool) {
    return Files.exists(spool.resolve("launch"));
  }

  private static List<String> launch(Path spool) throws IOException {
    try {
      return Files.readAllLines(spool.resolve("launch"));
    } catch (NoSuchFileException | MalformedInputException notWhole) {
      return List.of();
    }
  }

  /** Either nothing was started, or a power cut took the launch and left the claim. */
  private static Found foundWithoutLaunch(Path spool) throws IOException {
    try (DirectoryStream<Path> claims = Files.newDirectoryStream(spool, START + "*")) {
      for (Path claim : claims) {
        if (pidIn(claim) != 0) {
          String gone = "lost with " + claim.getFileName();
          return new Found.Launched(new Supervised(spool, gone, Instant.now(), -1, null));
        }
      }
      return new Found.Nothing();
    } catch (NoSuchFileException never) {
      return new Found.Nothing();
    }
  }

  /** The supervisor creates the file and then writes its pid; the agent may look in between. */
  private static long pidIn(Path start) throws IOException {
    for (int tries = 0; tries < 50; tries++) {
      String text = Files.readString(start);
      if (text.endsWith("\n")) {
        return Long.parseLong(text.strip());
      }
      pause(20);
    }
    return -1;
  }

  /** When it was launched. */
  public Instant started() {
    return started;
  }

  public Path spool() {
    return spool;
  }

  /** Bytes printed until now. */
  public long printed() {
    return size(stdio(spool)) + (running() ? size(stdout(spool)) : 0);
  }

  /** Bytes in {@code stdio}. */
  public long kept() {
    return size(stdio(spool));
  }

  private boolean running() {
    return exitCode().isEmpty();
  }

  private static long size(Path file) {
    try {
      return Files.size(file);
    } catch (IOException none) {
      return 0;
    }
  }

  /** Waits; answers whether it has ended. */
  public boolean awaitEnd(Duration wait) throws InterruptedException {
    if (child == null) {
      if (exitCode().isPresent() || !alive()) {
        return true;
      }
      Thread.sleep(wait);
      return exitCode().isPresent() || !alive();
    }
    try {
      child.onExit().get(wait.toNanos(), TimeUnit.NANOSECONDS);
      return true;
    } catch (TimeoutException running) {
      return false;
    } catch (ExecutionException e) {
      throw new IllegalStateException("A process's end can't fail", e);
    }
  }

  /** How it ended; to be asked after {@link #awaitEnd} said that it has. */
  public Exit exit() {
    OptionalInt code = exitCode();
    if (code.isPresent()) {
      return new Exit.Code(code.getAsInt());
    }
    return child != null && !child.isAlive() && child.exitValue() != 0
        ? new Exit.Code(child.exitValue())
        : new Exit.Vanished();
  }

  private OptionalInt exitCode() {
    try {
      String text = Files.readString(spool.resolve("exit"), StandardCharsets.US_ASCII);
      return text.endsWith("\n")
          ? OptionalInt.of(Integer.parseInt(text.strip()))
          : OptionalInt.empty();
    } catch (IOException | NumberFormatException notYet) {
      return OptionalInt.empty();
    }
  }

  /** A pid alone proves nothing, for it is used again; the mark in its environment does. */
  private boolean alive() {
    if (child != null) {
      return child.isAlive();
    }
    return (pid > 0 ? ProcessHandle.of(pid) : Optional.<ProcessHandle>empty())
        .filter(ProcessHandle::isAlive)
        .filter(p -> ProcessTree.marked(p.pid(), mark).orElseGet(() -> startedThen(p)))
        .isPresent();
  }

  private boolean startedThen(ProcessHandle process) {
    return process
        .info()
        .startInstant()
        .map(at -> Duration.between(started, at).abs().compareTo(Duration.ofSeconds(3)) < 0)
        .orElse(true);
  }

  /**
   * Ends the command and everything it has started, strays too: TERM to each, and KILL to what is
   * still there after {@code grace}.
   */
  public void stop(Duration grace) throws InterruptedException {
    var tree = new ProcessTree(mark, pid);
    tree.end(grace);
    if (!awaitEnd(Duration.ofSeconds(2))) {
      // stuck in the kernel, or its last write waits for a full disk
      if (alive()) {
        ProcessHandle.of(pid).ifPresent(ProcessHandle::destroyForcibly);
      }
      awaitEnd(Duration.ofSeconds(2));
    }
  }

  private static void pause(long millis) {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** The signal that an exit code above 128 stands for, without SIG. */
  public static Optional<String> signal(int exitCode) {
    int number = exitCode - 128;
    return number > 0 && number < SIGNALS.size()
        ? Optional.of(SIGNALS.get(number))
        : Optional.empty();
  }

  private static final List<String> SIGNALS = signals();

  private static List<String> signals() {
    var names = new ArrayList<String>();
    names.add("");
    names.addAll(
        List.of(
            "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV",
            "USR2", "PIPE", "ALRM", "TERM", "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN",
            "TTOU", "URG", "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "IO", "PWR", "SYS"));
    return List.copyOf(names);
  }
}
