package dev.ahjo.worker.process;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ahjo.worker.process.Supervised.Exit;
import dev.ahjo.worker.process.Supervised.Found;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
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
  void aPowerCutThatLeavesOnlyTheClaimHasLostTheCommand() throws Exception {
    run("echo once");
    Files.delete(spool.resolve("exit"));
    Files.delete(spool.resolve("launch"));
    for (int agents = 0; agents < 2; agents++) {
      assertThat(Supervised.find(spool))
          .isInstanceOfSatisfying(
              Found.Launched.class,
              it -> assertThat(it.command().exit()).isEqualTo(new Exit.Vanished()));
    }
  }

  /** The agent was killed before its supervisor had claimed anything. */
  @Test
  void anUnclaimedLaunchIsClaimedAndStartedAnew() throws Exception {
    Files.createDirectories(spool);
    Files.writeString(spool.resolve("launch"), "abc\n1700000000000\nmark\n");
    for (int agents = 0; agents < 2; agents++) {
      assertThat(Supervised.find(spool)).isEqualTo(new Found.Nothing());
    }
    assertThat(spool.resolve("start-abc")).hasContent("0");
    assertThat(run("echo once").exit()).isEqualTo(new Exit.Code(0));
    assertThat(Supervised.stdio(spool)).hasContent("once\n");
  }

  /** What a supervisor of an earlier agent does when it gets its turn at last. */
  @Test
  void aSupervisorThatIsLateStartsNothing() throws Exception {
    String claimed = "abc";
    Files.createDirectories(spool);
    Files.writeString(spool.resolve("start-" + claimed), "0\n");
    var late =
        new ProcessBuilder(
                Host.here()
                    .supervise(
                        Supervised.SCRIPT,
                        spool,
                        claimed,
                        new Supervised.Command(
                            List.of("/bin/sh", "-c", "echo twice"), spool, Map.of(), "m", false)))
            .start();
    assertThat(late.waitFor()).isZero();
    assertThat(Supervised.stdio(spool)).doesNotExist();
  }

  @Test
  void withoutALaunchNothingWasStarted() throws Exception {
    assertThat(Supervised.find(spool)).isEqualTo(new Found.Nothing());
    Files.writeString(spool.resolve("launch"), List.of("torn").getFirst());
    assertThat(Supervised.find(spool)).isEqualTo(new Found.Nothing());
  }
}
