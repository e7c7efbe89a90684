package dev.ahjo.persistence.postgres.server;

import dev.ahjo.persistence.jdbc.PostgresServer;
import dev.ahjo.persistence.jdbc.PostgresSettings;
import dev.ahjo.persistence.jdbc.PostgresSettings.Login;
import dev.ahjo.persistence.jdbc.PostgresSettings.Tls;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A PostgreSQL server in a process and a temporary folder of its own, which asks for a password. It
 * does not force its files to disk, which a kill of its processes does not show.
 */
public final class PostgresProcess implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(90);
  private static final String USER = "ahjo";
  private static final String PASSWORD = "a secret of the tests";
  private static final AtomicInteger SCHEMAS = new AtomicInteger();

  private final PostgresProgram program;
  private final Path folder;
  private final int port;
  private volatile @Nullable Process process;

  private PostgresProcess(PostgresProgram program, Path folder, int port) {
    this.program = program;
    this.folder = folder;
    this.port = port;
  }

  /** Starts one, if this machine has the program. */
  static Optional<PostgresProcess> start() throws IOException {
    Optional<PostgresProgram> program = PostgresProgram.find();
    if (program.isEmpty()) {
      return Optional.empty();
    }
    Path folder = Files.createTempDirectory("ahjo-postgres");
    Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
    var server = new PostgresProcess(program.get(), folder, freePort());
    Runtime.getRuntime().addShutdownHook(new Thread(server::destroy));
    try {
      server.initialize();
      server.launch();
      return Optional.of(server);
    } catch (IOException failed) {
      server.close();
      throw failed;
    }
  }

  private static int freePort() throws IOException {
    try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  private Path data() {
    return folder.resolve("data");
  }

  private Path log() {
    return folder.resolve("server.log");
  }

  private void initialize() throws IOException {
    Path password = folder.resolve("password");
    Files.writeString(password, PASSWORD + "\n");
    Files.createDirectory(data());
    program.own(data());
    program.own(password);
    Process made =
        program
            .command(
                "initdb",
                List.of(
                    "--pgdata=" + data(),
                    "--username=" + USER,
                    "--pwfile=" + password,
                    "--auth=scram-sha-256",
                    // Sorts as people do, and not as our lists must.
                    "--locale-provider=icu",
                    "--icu-locale=en-US",
                    "--locale=C.UTF-8",
                    "--encoding=UTF8",
                    "--no-sync",
                    "--no-instructions"))
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .redirectOutput(log().toFile())
            .start();
    if (exit(made) != 0) {
      throw new IOException("initdb failed: " + Files.readString(log()));
    }
  }

  private static int exit(Process process) throws IOException {
    try {
      if (!process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
        process.destroyForcibly();
        throw new IOException("Not within " + PATIENCE + ": the end of " + process.info());
      }
      return process.exitValue();
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
      process.destroyForcibly();
      throw new IOException("Interrupted", stopped);
    }
  }

  private void launch() throws IOException {
    Process started =
        program
            .command(
                "postgres",
                List.of(
                    "-D",
                    data().toString(),
                    "-p",
                    Integer.toString(port),
                    "-c",
                    "listen_addresses=127.0.0.1",
                    "-c",
                    "unix_socket_directories=",
                    "-c",
                    "fsync=off",
                    "-c",
                    "shared_buffers=16MB",
                    "-c",
                    "max_connections=100",
                    "-c",
                    "log_min_messages=warning"))
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(log().toFile()))
            .start();
    process = started;
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (!answers()) {
      if (!started.isAlive() || System.nanoTime() - deadline > 0) {
        throw new IOException("PostgreSQL did not start: " + Files.readString(log()));
      }
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
    }
  }

  private boolean answers() {
    try (var connection = new PostgresServer(settings("public"), "test").connect("public")) {
      return connection.isValid(5);
    } catch (SQLException notYet) {
      return false;
    }
  }

  /** A schema's name that nobody else has. */
  public String freshSchema() {
    return "farm" + SCHEMAS.incrementAndGet();
  }

  /** How a farm of its own reaches it; its tables are made on demand. */
  public PostgresSettings settings(String schema) {
    return new PostgresSettings(
        List.of(new PostgresSettings.Server("127.0.0.1", port)),
        "postgres",
        schema,
        Tls.DISABLE,
        Optional.empty(),
        new Login(USER, PASSWORD),
        true);
  }

  public int port() {
    return port;
  }

  public String user() {
    return USER;
  }

  public String password() {
    return PASSWORD;
  }

  /** Kills it and all that it has started, without a word. */
  public void kill() throws IOException {
    Process killed = process;
    if (killed != null) {
      List<ProcessHandle> all =
          Stream.concat(Stream.of(killed.toHandle()), killed.descendants()).toList();
      all.forEach(ProcessHandle::destroyForcibly);
      exit(killed);
      for (ProcessHandle each : all) {
        // A backend that outlives the server would keep the next one from starting.
        each.onExit().orTimeout(PATIENCE.toSeconds(), TimeUnit.SECONDS).join();
      }
      process = null;
    }
  }

  /**
   * For a JVM that ends before its tests do; children of a server that is gone end by themselves.
   */
  private void destroy() {
    Process left = process;
    if (left != null) {
      left.destroyForcibly();
    }
  }

  /** Starts it again on what it has. */
  public void restart() throws IOException {
    launch();
  }

  @Override
  public void close() throws IOException {
    kill();
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path each : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(each);
      }
    }
  }
}
