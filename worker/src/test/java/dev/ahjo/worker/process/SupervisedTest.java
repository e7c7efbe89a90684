package dev.ahjo.worker.process;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ahjo.worker.process.Supervised.Exit;
import dev.ahjo.worker.process.Supervised.Found;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the next agent makes of a spool folder, whatever a kill or a power cut has left in it. */
class SupervisedTest {
  @TempDir Path spool;

  private Supervised run(String text) throws Exception {
    var command =
        new Supervised.Command(
            Host.here().shell(text), spool, Map.of("PATH", "/nowhere"), "test/1:0", false);
    Supervised running = Supervised.start(spool, command);
    while (!running.awaitEnd(Duration.ofSeconds(1))) {
      assertThat(running.started()).isNotNull();
    }
    return running;
  }

  private Path startFile() throws Exception {
    try (Stream<Path> files = Files.list(spool)) {
      return files
          .filter(file -> file.getFileName().toString().startsWith("start-"))
          .findFirst()
          .orElseThrow();
    }
  }

  @Test
  void anEndIsFoundWithItsOutput() throws Exception {
    assertThat(run("echo hello; exit 3").exit()).isEqualTo(new Exit.Code(3));
    assertThat(Supervised.find(spool))
        .isInstanceOfSatisfying(
            Found.Launched.class,
            it -> assertThat(it.command().exit()).isEqualTo(new Exit.Code(3)));
    assertThat(Supervised.stdio(spool)).hasContent("hello\n");
  }

  @Test
  void whatAPowerCutHasTakenTheProofOfIsLostAndNotStartedAgain() throws Exception {
    run("echo once");
    Files.delete(spool.resolve("exit"));
    Files.delete(startFile());
    for (int agents = 0; agents < 2; agents++) {
      assertThat(Supervised.find(spool))
          .isInstanceOfSatisfying(
              Found.Launched.class,
              it -> assertThat(it.command().exit()).isEqualTo(new Exit.Vanished()));
    }
  }

  @Test
  void aSupervisorThatIsLateStartsNothing() throws Exception {
    run("true");
    Files.delete(spool.resolve("exit"));
    Files.delete(startFile());
    assertThat(Supervised.find(spool)).isInstanceOf(Found.Launched.class);
    String token = Files.readAllLines(spool.resolve("launch")).getFirst();
    assertThat(spool.resolve("start-" + token)).hasContent("0");
  }

  @Test
  void withoutALaunchNothingWasStarted() throws Exception {
    assertThat(Supervised.find(spool)).isEqualTo(new Found.Nothing());
    Files.writeString(spool.resolve("launch"), List.of("torn").getFirst());
    assertThat(Supervised.find(spool)).isEqualTo(new Found.Nothing());
  }
}
