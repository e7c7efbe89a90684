package dev.ahjo.cli.up;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The worker's agent of {@code up}: a process of its own, in a session of its own, so that neither
 * Ctrl-C nor a kill -9 of {@code up} takes it along. An agent that still runs from an earlier
 * {@code up} is adopted; one that dies is started again, with backoff.
 */
public final class AgentProcess implements AutoCloseable {
  private static final long LONGEST_OUTPUT = 1 << 20;
  private static final Duration FIRST_BACKOFF = Duration.ofMillis(500);
  private static final Duration LONGEST_BACKOFF = Duration.ofSeconds(30);

  /** An agent that lived this long did not die of its start. */
  private static final Duration SOUND = Duration.ofMinutes(1);

  /** How long a stopped agent may take to say goodbye before it is killed. */
  private static final Duration GOODBYE = Duration.ofSeconds(10);

  private final Path record;
  private final Path output;
  private final List<String> command;
  private final Consumer<String> say;
  private boolean stopping;
  private Duration backoff = FIRST_BACKOFF;
  private long since = System.nanoTime();
  private @Nullable ProcessHandle agent;

  /**
   * @param record where the running agent is noted for the next {@code up}
   * @param output takes what the process itself prints, such as the JVM's last words
   * @param say is told what people should know: adopted, died, started again
   */
  public AgentProcess(Path record, Path output, List<String> command, Consumer<String> say) {
    this.record = record;
    this.output = output;
    this.command = List.copyOf(command);
    this.say = say;
  }

  /** Adopts a running agent that was started with the same command, or starts one. */
  public synchronized void start() throws IOException {
    Optional<ProcessHandle> earlier = recorded();
    if (earlier.isPresent() && sameCommand()) {
      say.accept("the worker of an earlier up still runs (process " + earlier.get().pid() + ")");
      watch(earlier.get());
      return;
    }
    if (earlier.isPresent()) {
      end(earlier.get());
    }
    spawn();
  }

  /** The agent's process id, or empty while there is none. */
  public synchronized Optional<Long> pid() {
    return Optional.ofNullable(agent).filter(ProcessHandle::isAlive).map(ProcessHandle::pid);
  }

  private void spawn() throws IOException {
    // its last words may be all that tells why it ended: they stay, up to a size
    if (Files.exists(output) && Files.size(output) > LONGEST_OUTPUT) {
      Files.move(
          output,
          output.resolveSibling(output.getFileName() + ".1"),
          StandardCopyOption.REPLACE_EXISTING);
    }
    List<String> words = new ArrayList<>(ownSession());
    words.addAll(command);
    Process process =
        new ProcessBuilder(words)
            .redirectInput(ProcessBuilder.Redirect.from(new File("/dev/null")))
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(output.toFile()))
            .start();
    ProcessHandle handle = process.toHandle();
    // The start time beside the id: ids come again, and a stranger must not be adopted.
    String start = handle.info().startInstant().map(Instant::toString).orElse("");
    Files.write(record, List.of(Long.toString(handle.pid()), start, String.join("\n", command)));
    watch(handle);
  }

  /**
   * Words that put a command into a session of its own and become it, where the system has them.
   */
  private static List<String> ownSession() {
    for (String program : List.of("/usr/bin/setsid", "/bin/setsid")) {
      if (Files.isExecutable(Path.of(program))) {
        return List.of(program);
      }
    }
    // Without setsid the terminal's signals still reach the agent: it ignores them.
    return List.of("/bin/sh", "-c", "trap '' INT HUP; exec \"$@\"", "ahjo");
  }

  private void watch(ProcessHandle handle) {
    agent = handle;
    since = System.nanoTime();
    handle.onExit().thenAcceptAsync(_ -> died(), later(Duration.ZERO));
  }

  private synchronized void died() {
    if (stopping) {
      return;
    }
    if (System.nanoTime() - since > SOUND.toNanos()) {
      backoff = FIRST_BACKOFF;
    }
    say.accept("the worker's process ended; starting it again (what it said: " + output + ")");
    CompletableFuture.runAsync(this::again, later(backoff));
    Duration doubled = backoff.multipliedBy(2);
    backoff = doubled.compareTo(LONGEST_BACKOFF) < 0 ? doubled : LONGEST_BACKOFF;
  }

  private synchronized void again() {
    if (stopping) {
      return;
    }
    try {
      spawn();
    } catch (IOException e) {
      say.accept("the worker could not be started: " + e.getMessage());
      CompletableFuture.runAsync(this::again, later(LONGEST_BACKOFF));
    }
  }

  private static Executor later(Duration time) {
    return CompletableFuture.delayedExecutor(
        time.toMillis(),
        TimeUnit.MILLISECONDS,
        work -> Thread.ofVirtual().name("agent-watch").start(work));
  }

  private Optional<ProcessHandle> recorded() throws IOException {
    if (Files.notExists(record)) {
      return Optional.empty();
    }
    List<String> lines = Files.readAllLines(record);
    if (lines.size() < 2) {
      return Optional.empty();
    }
    try {
      return ProcessHandle.of(Long.parseLong(lines.get(0)))
          .filter(ProcessHandle::isAlive)
          .filter(handle ->
              handle
                  .info()
                  .startInstant()
                  .map(start -> start.toString().equals(lines.get(1)))
                  .orElse(false));
    } catch (NumberFormatException notOurs) {
      return Optional.empty();
    }
  }

  private boolean sameCommand() throws IOException {
    List<String> lines = Files.readAllLines(record);
    return essence(lines.subList(2, lines.size())).equals(essence(command));
  }

  /**
   * What makes it another agent: its own words, not the JVM's, whose class path a rebuild moves.
   */
  private static List<String> essence(List<String> words) {
    int verb = words.indexOf("worker");
    return verb < 0 ? words : words.subList(verb, words.size());
  }

  private static void end(ProcessHandle handle) {
    handle.destroy();
    try {
      handle.onExit().get(GOODBYE.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException stays) {
      handle.destroyForcibly();
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
    } catch (java.util.concurrent.ExecutionException never) {
      throw new IllegalStateException(never);
    }
  }

  /** Ends the agent; its steps go on under their supervisors, and the next agent finds them. */
  @Override
  public void close() throws IOException {
    ProcessHandle running;
    synchronized (this) {
      stopping = true;
      running = agent;
    }
    if (running != null && running.isAlive()) {
      end(running);
    }
    Files.deleteIfExists(record);
  }
}
