package dev.ahjo.persistence.cassandra.server;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.math.BigInteger;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** One server of a ring: its folder, its settings, and its process while it runs. */
final class CassandraServer {
  private static final int LOOK_EVERY_MILLIS = 25;

  /** By then the shell has started the server, even on a busy machine. */
  private static final Duration BORN = Duration.ofSeconds(3);

  /**
   * The server dies with the JVM that started it, however that ends, and leaves nothing: the shell
   * in between reads the JVM's end of a pipe, and kills and deletes when the pipe is closed.
   */
  private static final String GUARD =
      """
      folder="$1"; temporary="$2"; shift 2
      "$@" </dev/null & p=$!
      trap 'kill -9 $p' EXIT
      cat >/dev/null
      kill -9 $p; wait $p
      rm -rf "$folder" "$temporary"; rmdir "$(dirname "$folder")"
      """;

  private final ServerProgram program;
  private final Path folder;
  private final List<String> hosts;
  private final int index;
  private final int port;
  private final int storagePort;
  private final BigInteger token;
  private final int heapMiB;
  private final Path temporary;
  private Optional<Guard> guarded = Optional.empty();
  private @Nullable Process guard;

  CassandraServer(
      ServerProgram program,
      Path folder,
      List<String> hosts,
      int index,
      int port,
      int storagePort,
      BigInteger token,
      int heapMiB,
      Path temporary) {
    this.program = program;
    this.folder = folder;
    this.hosts = hosts;
    this.index = index;
    this.port = port;
    this.storagePort = storagePort;
    this.token = token;
    this.heapMiB = heapMiB;
    this.temporary = temporary;
  }

  /** From its next start on. */
  void guard(Guard with) {
    guarded = Optional.of(with);
  }

  String host() {
    return hosts.get(index);
  }

  private Path log() {
    return folder.resolve("server.log");
  }

  boolean isAlive() {
    return guard != null && guard.isAlive();
  }

  /** Starts the process; it answers later. */
  void start() throws IOException {
    if (isAlive()) {
      throw new IllegalStateException("The server " + host() + " runs already");
    }
    List<String> command =
        new ArrayList<>(
            List.of("/bin/sh", "-c", GUARD, "cassandra", folder.toString(), temporary.toString()));
    command.addAll(command());
    guard =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(log().toFile()))
            .start();
  }

  /** Writes its settings; answers with what starts it. */
  List<String> command() throws IOException {
    Path conf = Files.createDirectories(folder.resolve("conf"));
    Path data = Files.createDirectories(folder.resolve("data"));
    String guarding = guarded.isPresent() ? guarded.get().settings(conf) : "";
    Files.writeString(conf.resolve("cassandra.yaml"), settings(data) + guarding);
    Files.writeString(
        conf.resolve("logback.xml"),
        """
        <configuration><appender name="O" class="ch.qos.logback.core.ConsoleAppender"><encoder>
        <pattern>%date{ISO8601} %-5level [%thread] %logger{0} %msg%n</pattern></encoder></appender>
        <root level="INFO"><appender-ref ref="O"/></root></configuration>
        """);
    return program.command(conf, data, Files.createDirectories(temporary), heapMiB);
  }

  /**
   * Commits are on disk when they are acknowledged. With {@code periodic} a server that is alone
   * would forget what it has acknowledged within the last 100 ms before a kill: it reads its log
   * again only up to the last mark in it. Benchmarks may want that, as rings of several have it:
   * {@code -Dahjo.cassandra.sync=periodic}.
   */
  private String settings(Path data) {
    List<String> seeds = hosts.stream().map(host -> host + ":" + storagePort).toList();
    return """
    cluster_name: ahjo-test
    num_tokens: 1
    initial_token: %1$s
    auto_bootstrap: false
    partitioner: org.apache.cassandra.dht.Murmur3Partitioner
    endpoint_snitch: SimpleSnitch
    seed_provider:
      - class_name: org.apache.cassandra.locator.SimpleSeedProvider
        parameters: [{seeds: "%2$s"}]
    listen_address: %3$s
    rpc_address: %3$s
    storage_port: %4$d
    native_transport_port: %5$d
    data_file_directories: [%6$s/data]
    commitlog_directory: %6$s/commitlog
    saved_caches_directory: %6$s/saved_caches
    hints_directory: %6$s/hints
    cdc_raw_directory: %6$s/cdc_raw
    commitlog_sync: %7$s
    commitlog_segment_size: 8MiB
    disk_failure_policy: die
    commit_failure_policy: die
    auto_snapshot: false
    paxos_variant: v2
    storage_compatibility_mode: NONE
    """
        .formatted(
            token,
            String.join(",", seeds),
            host(),
            storagePort,
            port,
            data,
            System.getProperty("ahjo.cassandra.sync", "batch").equals("periodic")
                ? "periodic\ncommitlog_sync_period: 1000ms"
                : "batch");
  }

  /**
   * @throws IOException naming its log when it died or takes longer
   */
  void awaitReady(Duration longest) throws IOException {
    long started = System.nanoTime();
    while (!answers()) {
      long waited = System.nanoTime() - started;
      boolean dead = waited > BORN.toNanos() && server().isEmpty();
      if (dead || waited > longest.toNanos()) {
        throw new IOException(
            "The Cassandra server "
                + host()
                + (dead ? " died" : " does not answer within " + longest)
                + "; its log ends with: "
                + lastLines());
      }
      try {
        TimeUnit.MILLISECONDS.sleep(LOOK_EVERY_MILLIS);
      } catch (InterruptedException stop) {
        throw new InterruptedIOException("interrupted while a Cassandra server started");
      }
    }
  }

  private String lastLines() throws IOException {
    List<String> lines = Files.readAllLines(log());
    return String.join("\n", lines.subList(Math.max(0, lines.size() - 20), lines.size()));
  }

  /**
   * Asks for the options of the native protocol's version 5, for which no driver is needed. One
   * that is guarded answers nobody whom it does not know: that it listens is all there is to see.
   */
  private boolean answers() {
    try (var socket = new Socket()) {
      socket.connect(new InetSocketAddress(host(), port), 500);
      if (guarded.isPresent()) {
        return true;
      }
      socket.setSoTimeout(2_000);
      socket.getOutputStream().write(new byte[] {5, 0, 0, 0, 5, 0, 0, 0, 0});
      byte[] header = socket.getInputStream().readNBytes(9);
      return header.length == 9 && header[4] == 6;
    } catch (IOException notYet) {
      return false;
    }
  }

  /** The server itself, behind its guard. */
  private Optional<ProcessHandle> server() {
    return guard == null
        ? Optional.empty()
        : guard
            .children()
            .filter(child -> child.info().command().filter(c -> c.endsWith("java")).isPresent())
            .findFirst();
  }

  void signal(String name) throws IOException {
    long pid =
        server().orElseThrow(() -> new IOException("The server " + host() + " is not there")).pid();
    try {
      int code = new ProcessBuilder("kill", "-" + name, Long.toString(pid)).start().waitFor();
      if (code != 0) {
        throw new IOException("kill -" + name + " " + pid + " ended with " + code);
      }
    } catch (InterruptedException stop) {
      throw new InterruptedIOException("interrupted while signalling a Cassandra server");
    }
  }

  /** Kills it if it runs. */
  void kill() {
    if (guard == null) {
      return;
    }
    server()
        .ifPresent(server -> {
          server.destroyForcibly();
          server.onExit().join();
        });
    guard.destroyForcibly();
    guard.onExit().join();
  }
}
