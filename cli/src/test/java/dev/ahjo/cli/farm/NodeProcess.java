package dev.ahjo.cli.farm;

import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** One {@code ahjo node} as a process of its own, to be stopped, killed and started again. */
final class NodeProcess {
  /** What a stopped node may take at most; the test fails then. */
  private static final Duration LONGEST_STOP = Duration.ofMinutes(2);

  /** Of this program. */
  static final String OWN_CLASS_PATH = System.getProperty("java.class.path", "");

  private final String name;
  private final Place place;
  private final Path folder;
  private final Path settings;
  private final HttpClient http;
  private String classPath = OWN_CLASS_PATH;
  private @Nullable Process process;

  /** Where it listens. */
  record Place(String host, int http, int gate, int cluster) {}

  /**
   * @param settings all but its name, its folder and its addresses
   */
  NodeProcess(String name, Place place, Path folder, String settings, HttpClient http)
      throws IOException {
    this.name = name;
    this.place = place;
    this.folder = Files.createDirectories(folder);
    this.http = http;
    this.settings =
        Files.writeString(
            folder.resolve("node.yaml"),
            """
            name: %1$s
            data: %2$s/data
            listen: {host: %3$s, port: %4$d}
            http: {host: %3$s, port: %5$d}
            gate: {host: %3$s, port: %6$d}
            """
                    .formatted(
                        name, folder, place.host(), place.cluster(), place.http(), place.gate())
                + settings);
  }

  String name() {
    return name;
  }

  URI url() {
    return URI.create("http://" + place.host() + ":" + place.http());
  }

  String gate() {
    return place.host() + ":" + place.gate();
  }

  Path output() {
    return folder.resolve("node.out");
  }

  /** From its next start on it is another program. */
  void become(String otherClassPath) {
    classPath = otherClassPath;
  }

  /** Starts the process; it is ready later. */
  void start() throws IOException {
    List<String> command = new ArrayList<>(java(classPath, "384m"));
    command.addAll(List.of("dev.ahjo.cli.Main", "node", "--config", settings.toString()));
    process = started(command, output());
  }

  static List<String> java(String classPath, String heap) {
    return List.of(
        System.getProperty("java.home") + "/bin/java",
        "-Xmx" + heap,
        // The quick compiler alone: several nodes share the machine, and none lives long.
        "-XX:TieredStopAtLevel=1",
        "-XX:+UseSerialGC",
        "-XX:+UseCompactObjectHeaders",
        "--sun-misc-unsafe-memory-access=allow",
        "--enable-native-access=ALL-UNNAMED",
        "-cp",
        classPath);
  }

  static Process started(List<String> command, Path output) throws IOException {
    return new ProcessBuilder(command)
        .redirectErrorStream(true)
        .redirectInput(new File("/dev/null"))
        .redirectOutput(ProcessBuilder.Redirect.appendTo(output.toFile()))
        .start();
  }

  boolean alive() {
    return process != null && process.isAlive();
  }

  private Process process() {
    if (process == null) {
      throw new IllegalStateException("The node " + name + " was never started");
    }
    return process;
  }

  /** As a power cut takes it; returns when it is gone. */
  void kill() throws InterruptedException {
    process().destroyForcibly().waitFor();
  }

  /** As systemd stops it; how long it took. */
  Duration stop() throws InterruptedException {
    long begun = System.nanoTime();
    process().destroy();
    if (!process().waitFor(LONGEST_STOP.toSeconds(), TimeUnit.SECONDS)) {
      throw new AssertionError("The node " + name + " does not stop within " + LONGEST_STOP);
    }
    return Duration.ofNanos(System.nanoTime() - begun);
  }

  double cpuSeconds() {
    return process().info().totalCpuDuration().orElse(Duration.ZERO).toMillis() / 1e3;
  }

  boolean ready() {
    try {
      return alive() && get("/health/ready").statusCode() == 200;
    } catch (IOException notYet) {
      return false;
    }
  }

  /** One of its readings, by the name that {@code /metrics} tells it under. */
  double reading(String metric) throws IOException {
    Matcher found =
        Pattern.compile("(?m)^" + Pattern.quote(metric) + " (.*)$").matcher(get("/metrics").body());
    if (!found.find()) {
      throw new IOException("The node " + name + " does not tell " + metric);
    }
    return Double.parseDouble(found.group(1));
  }

  private java.net.http.HttpResponse<String> get(String path) throws IOException {
    try {
      return http.send(
          HttpRequest.newBuilder(url().resolve(path)).timeout(Duration.ofSeconds(5)).build(),
          BodyHandlers.ofString());
    } catch (InterruptedException stop) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", stop);
    }
  }

  @Override
  public String toString() {
    return name;
  }
}
