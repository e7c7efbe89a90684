package dev.ahjo.cli.up;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("processes")
class AgentProcessTest {
  private static final List<String> SLEEPER = List.of("/bin/sleep", "300");

  private final List<String> said = Collections.synchronizedList(new ArrayList<>());
  private final List<AgentProcess> started = new ArrayList<>();

  @TempDir Path folder;

  @AfterEach
  void stop() throws IOException {
    for (AgentProcess agent : started) {
      agent.close();
    }
  }

  private AgentProcess up(List<String> command) throws IOException {
    AgentProcess agent =
        new AgentProcess(
            folder.resolve("agent.pid"), folder.resolve("agent.out"), command, said::add);
    started.add(agent);
    agent.start();
    return agent;
  }

  @Test
  void aSecondUpAdoptsTheAgentThatStillRuns() throws IOException {
    // The first up is "killed": it simply never says goodbye.
    long first = up(SLEEPER).pid().orElseThrow();

    long second = up(SLEEPER).pid().orElseThrow();

    assertThat(second).isEqualTo(first);
    assertThat(said).anyMatch(line -> line.contains("still runs (process " + first + ")"));
  }

  @Test
  void anAgentOfAnotherCommandIsReplaced() throws IOException {
    long first = up(SLEEPER).pid().orElseThrow();
    started.clear();

    long second = up(List.of("/bin/sleep", "301")).pid().orElseThrow();

    assertThat(second).isNotEqualTo(first);
    await("the first agent's end", () -> ProcessHandle.of(first).isEmpty());
  }

  @Test
  void aStrangerWithTheRecordedIdIsNotAdopted() throws IOException {
    long stranger = ProcessHandle.current().pid();
    Files.write(
        folder.resolve("agent.pid"),
        List.of(Long.toString(stranger), "2001-01-01T00:00:00Z", "/bin/sleep", "300"));

    assertThat(up(SLEEPER).pid()).isPresent().get().isNotEqualTo(stranger);
  }

  @Test
  void anAgentThatDiesIsStartedAgain() throws IOException {
    AgentProcess agent = up(SLEEPER);
    long first = agent.pid().orElseThrow();

    ProcessHandle.of(first).orElseThrow().destroyForcibly();

    await("a second agent", () -> agent.pid().filter(pid -> pid != first).isPresent());
    assertThat(said).anyMatch(line -> line.contains("starting it again"));
  }

  @Test
  void whatAnAgentSaidBeforeItEndedStays() throws IOException {
    Path output = folder.resolve("agent.out");
    up(List.of("/bin/sh", "-c", "echo last words; exit 3"));

    await("a second start", () -> read(output).lines().count() >= 2);
    assertThat(read(output)).startsWith("last words\nlast words\n");
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException notYet) {
      return "";
    }
  }

  @Test
  void closingEndsTheAgentAndForgetsIt() throws IOException {
    AgentProcess agent = up(SLEEPER);
    long pid = agent.pid().orElseThrow();

    agent.close();

    await("its end", () -> ProcessHandle.of(pid).isEmpty());
    assertThat(folder.resolve("agent.pid")).doesNotExist();
  }

  @Test
  void itIsTheLeaderOfASessionOfItsOwn() throws IOException {
    long pid = up(SLEEPER).pid().orElseThrow();

    await(
        "its own session",
        () -> {
          try {
            String stat = Files.readString(Path.of("/proc/" + pid + "/stat"));
            String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
            return fields[3].equals(Long.toString(pid));
          } catch (IOException gone) {
            return false;
          }
        });
  }

  private static void await(String what, BooleanSupplier condition) {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).as("waiting for " + what).isLessThan(deadline);
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
    }
  }
}
