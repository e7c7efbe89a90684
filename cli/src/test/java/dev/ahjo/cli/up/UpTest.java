package dev.ahjo.cli.up;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ahjo.cli.Client;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code ahjo up} as it is: real processes, a real journal, a real build. */
@Tag("processes")
@Timeout(300)
class UpTest {
  @TempDir Path folder;
  private final List<Process> started = new ArrayList<>();

  @AfterEach
  void stop() throws Exception {
    for (Process up : started) {
      up.destroy();
      if (!up.waitFor(30, TimeUnit.SECONDS)) {
        up.destroyForcibly();
      }
    }
  }

  @Test
  void aFirstUpBuildsAnExampleAndASecondContinuesAfterAKill() throws Exception {
    int port = freePort();
    Path data = folder.resolve("data");

    Process first = up(data, port);
    List<String> told = untilReady(first);
    assertThat(told).hasSizeLessThanOrEqualTo(12);
    assertThat(told)
        .anyMatch(line -> line.contains("http://127.0.0.1:" + port))
        .anyMatch(line -> line.matches(" *first build +hello/unix: success after .*"));

    Process meanwhile = up(data, freePort());
    assertThat(meanwhile.waitFor()).as("the folder is in use").isEqualTo(2);
    assertThat(err(meanwhile)).contains("is in use by another", "process " + first.pid());

    Process elsewhere = up(folder.resolve("other"), port);
    assertThat(elsewhere.waitFor()).as("the port is taken").isEqualTo(2);
    assertThat(err(elsewhere)).contains("can't listen on 127.0.0.1:");

    long agent = agent(data);
    first.destroyForcibly().waitFor();
    assertThat(ProcessHandle.of(agent)).as("the agent outlives its up").isPresent();

    Process second = up(data, port);
    assertThat(untilReady(second)).noneMatch(line -> line.contains("first build"));
    assertThat(err(second)).contains("still runs (process " + agent + ")");
    try (Client client = new Client(URI.create("http://127.0.0.1:" + port), Optional.empty())) {
      assertThat(client.get(Client.path("builds", "hello", "unix", "1")).path("result").asText())
          .isEqualTo("success");
    }

    second.destroy();
    assertThat(second.waitFor(60, TimeUnit.SECONDS)).as("it stops in order").isTrue();
    assertThat(ProcessHandle.of(agent)).as("and takes its agent along").isEmpty();
    assertThat(data.resolve("agent.pid")).doesNotExist();
  }

  private Process up(Path data, int port) throws IOException {
    Path err = folder.resolve("err-" + started.size());
    Process up =
        new ProcessBuilder(
                System.getProperty("java.home") + File.separator + "bin" + File.separator + "java",
                "-Xmx512m",
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "-XX:+UseCompactObjectHeaders",
                "--sun-misc-unsafe-memory-access=allow",
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                "dev.ahjo.cli.Main",
                "up",
                "--data",
                data.toString(),
                "--port",
                Integer.toString(port),
                "--slots",
                "2")
            .redirectError(err.toFile())
            .start();
    started.add(up);
    return up;
  }

  private String err(Process up) throws IOException {
    return Files.readString(folder.resolve("err-" + started.indexOf(up)));
  }

  private List<String> untilReady(Process up) throws IOException {
    List<String> lines = new ArrayList<>();
    BufferedReader out = up.inputReader(StandardCharsets.UTF_8);
    for (String line = out.readLine(); line != null; line = out.readLine()) {
      lines.add(line);
      if (line.startsWith("Ctrl-C")) {
        return lines;
      }
    }
    throw new AssertionError("up ended: " + lines + err(up));
  }

  private static long agent(Path data) throws IOException {
    return Long.parseLong(Files.readAllLines(data.resolve("agent.pid")).getFirst());
  }

  /** A port whose successor is free, too: the gate takes that. */
  private static int freePort() throws IOException {
    for (int attempt = 0; attempt < 50; attempt++) {
      try (ServerSocket one = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
          ServerSocket next =
              new ServerSocket(one.getLocalPort() + 1, 1, InetAddress.getLoopbackAddress())) {
        assertThat(next.isBound()).isTrue();
        return one.getLocalPort();
      } catch (java.net.BindException taken) {
        continue;
      }
    }
    throw new IOException("There are no two free ports in a row");
  }
}
