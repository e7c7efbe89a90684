package dev.ahjo.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ahjo.cli.Shell.Said;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CheckTest {
  private static final String VALID =
      """
      project: zlib
      repositories:
        zlib: {git: "https://example.org/zlib.git", branch: develop}
      builders:
        debian:
          steps:
            - git: zlib
            - run: make
      """;

  private final Shell shell = new Shell(URI.create("http://localhost:1"));

  @TempDir Path folder;

  @Test
  void aValidFileIsToldAndExitsWithZero() throws IOException {
    Path file = Files.writeString(folder.resolve("ahjo.yaml"), VALID);

    Said said = shell.ahjo("check", file.toString());

    assertThat(said).isEqualTo(new Said(0, "", file + ": valid, project zlib with debian\n"));
    assertThat(shell.ahjo("check", folder.toString()).exit()).isZero();
  }

  @Test
  void everyMistakeIsToldWithItsPlace() throws IOException {
    Path file =
        Files.writeString(
            folder.resolve("x.yaml"), VALID.replace("run: make", "rnu: make") + "colour: red\n");

    Said said = shell.ahjo("check", file.toString());

    assertThat(said.out()).contains(file + ":8:9: ", "rnu", file + ":9:1: ", "colour");
    assertThat(said.exit()).isEqualTo(1);
  }

  @Test
  void aFileThatIsNotThereIsAMistakeToo() throws IOException {
    Path valid = Files.writeString(folder.resolve("ahjo.yaml"), VALID);

    Said said = shell.ahjo("check", folder.resolve("none.yaml").toString(), valid.toString());

    assertThat(said.out()).contains("none.yaml: there is no such file");
    assertThat(said.err()).contains("valid");
    assertThat(said.exit()).isEqualTo(1);
  }
}
