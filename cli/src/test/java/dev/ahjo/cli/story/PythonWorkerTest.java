package dev.ahjo.cli.story;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The tests that the worker in plain Python brings along. */
@Tag("processes")
@Timeout(value = 4, unit = TimeUnit.MINUTES)
class PythonWorkerTest {
  private static final Path FOLDER = Path.of("../examples/python-worker");

  @Test
  void whatAGateSaysTwiceIsDoneOnce() throws Exception {
    Process tests =
        new ProcessBuilder("python3", "-B", "worker_test.py")
            .directory(FOLDER.toAbsolutePath().normalize().toFile())
            .redirectErrorStream(true)
            .start();
    String said = new String(tests.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(tests.waitFor()).as(said).isZero();
    assertThat(said).contains("Ran 4 tests");
  }
}
