package dev.ahjo.cli.up;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ahjo.config.ProjectFiles;
import dev.ahjo.config.Reading;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ExampleTest {
  @TempDir Path folder;

  @Test
  void theExampleIsARepositoryWithAValidProjectFile() throws Exception {
    Path repository = folder.resolve("hello");

    assertThat(Example.make(repository)).isTrue();
    assertThat(Example.make(repository)).as("made once").isFalse();

    assertThat(run(repository, "git", "status", "--porcelain")).isEmpty();
    assertThat(run(repository, "git", "rev-parse", "--abbrev-ref", "HEAD").strip())
        .isEqualTo("main");
    String text = Files.readString(repository.resolve("ahjo.yaml"));
    Reading<?> reading =
        ProjectFiles.read("ahjo.yaml", LocalRepositories.absolute(text, repository));
    assertThat(reading.problems()).isEmpty();
    assertThat(reading).isInstanceOf(Reading.Valid.class);
  }

  @Test
  void itsStepsDoWhatTheyPromise() throws Exception {
    Path repository = folder.resolve("hello");
    Example.make(repository);

    assertThat(run(repository, "./configure")).startsWith("checking for a C compiler... ");
    run(repository, "sh", "-c", ". ./config && $BUILD");
    assertThat(run(repository, "./test.sh", "Hello, world"))
        .isEqualTo("hello: greets: Hello, world\n");
    assertThat(repository.resolve("reports/TEST-hello.xml"))
        .content()
        .contains("tests=\"1\" failures=\"0\"");
  }

  private static String run(Path folder, String... command)
      throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(command).directory(folder.toFile()).redirectErrorStream(true).start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as("%s: %s", String.join(" ", command), said).isZero();
    return said;
  }
}
