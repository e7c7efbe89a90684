package dev.ahjo.worker;

import dev.ahjo.core.id.PoolName;
import dev.ahjo.core.id.WorkerName;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;

/** An agent in a process of its own, to be killed. */
final class AgentProcess implements AutoCloseable {
  private final Process process;

  private AgentProcess(Process process) {
    this.process = process;
  }

  static AgentProcess start(Path data, int gatePort) throws IOException {
    return new AgentProcess(
        new ProcessBuilder(
                List.of(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "-Xmx128m",
                    "-XX:TieredStopAtLevel=1",
                    "-XX:+UseSerialGC",
                    "--sun-misc-unsafe-memory-access=allow",
                    "--enable-native-access=ALL-UNNAMED",
                    "-cp",
                    System.getProperty("java.class.path"),
                    AgentProcess.class.getName(),
                    data.toString(),
                    Integer.toString(gatePort)))
            .redirectErrorStream(true)
            .redirectOutput(
                ProcessBuilder.Redirect.appendTo(
                    data.resolveSibling(data.getFileName() + ".log").toFile()))
            .start());
  }

  /** As kill -9 does: nothing is tidied up. */
  void kill() throws InterruptedException {
    process.destroyForcibly().waitFor();
  }

  @Override
  public void close() throws InterruptedException {
    kill();
  }

  static AgentSettings settings(Path data, int gatePort) {
    return new AgentSettings(
        new WorkerName("w1"),
        data,
        List.of(URI.create("pekko://127.0.0.1:" + gatePort)),
        "secret",
        8,
        Set.of(),
        new PoolName("default"),
        Bind.LOOPBACK,
        AgentSettings.Tls.NONE,
        new AgentSettings.Timing(
            Duration.ofMillis(300),
            Duration.ofSeconds(2),
            Duration.ofMillis(100),
            Duration.ofSeconds(1),
            Duration.ofSeconds(1),
            Duration.ofSeconds(2)),
        AgentSettings.Limits.DEFAULT);
  }

  /** The process itself: the data folder, and the gate's port. */
  public static void main(String[] args) throws Exception {
    try (Agent agent = Agent.start(settings(Path.of(args[0]), Integer.parseInt(args[1])))) {
      agent.awaitEnd();
    }
  }
}
