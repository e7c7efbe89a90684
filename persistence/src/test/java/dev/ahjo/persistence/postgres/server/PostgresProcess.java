package dev.ahjo.persistence.postgres.server;

import dev.ahjo.persistence.PassingFolder;
import dev.ahjo.persistence.jdbc.PostgresSettings;
import dev.ahjo.persistence.jdbc.PostgresSettings.Login;
import dev.ahjo.persistence.jdbc.PostgresSettings.Tls;
import dev.ahjo.wire.tls.TlsFiles;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
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

  /** The line of {@code postmaster.pid} that names it, counted from 0: a key and an id. */
  private static final int SHARED_MEMORY = 6;

  private static final AtomicInteger SCHEMAS = new AtomicInteger();

  private final PostgresProgram program;
  private final Path folder;
  private final int port;
  private final Optional<TlsFiles> shown;
  private final List<String> more;
  private volatile @Nullable Process process;

  private PostgresProcess(PostgresProgram program, Optional<TlsFiles> shown, List<String> more)
      throws IOException {
    this.program = program;
    this.folder = Files.createTempDirectory("ahjo-postgres");
    this.port = freePort();
    this.shown = shown;
    this.more = more;
    Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
    Runtime.getRuntime().addShutdownHook(new Thread(this::destroy));
  }

  /** Starts one, where {@link PostgresExtension} has found the program. */
  public static PostgresProcess start() throws IOException {
    return start(Optional.empty(), List.of());
  }

  /** One that lets nobody in who does not speak TLS. */
  public static PostgresProcess guarded(TlsFiles shown) throws IOException {
    return start(Optional.of(shown), List.of());
  }

  /** One that acknowledges only what its {@link #standby} has, too: without it, nothing. */
  public static PostgresProcess followed() throws IOException {
    return start(Optional.empty(), List.of("synchronous_standby_names=*"));
  }

  private static PostgresProcess start(Optional<TlsFiles> shown, List<String> more)
      throws IOException {
    var server = new PostgresProcess(PostgresProgram.find().orElseThrow(), shown, more);
    try {
      server.initialize();
      server.launch();
      return server;
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
    run(
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
            "--no-instructions"));
    if (shown.isPresent()) {
      Files.writeString(
          data().resolve("pg_hba.conf"), "hostssl all all 127.0.0.1/32 scram-sha-256\n");
      for (Path file : List.of(shown.get().certificate(), shown.get().key())) {
        Path own = Files.copy(file, data().resolve(file.getFileName()));
        program.own(own);
      }
    }
  }

  private void run(String name, List<String> arguments) throws IOException {
    Process run =
        program
            .command(name, arguments)
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(log().toFile()))
            .start();
    if (exit(run) != 0) {
      throw new IOException(name + " failed: " + Files.readString(log()));
    }
  }

  /** Starts a second server that follows this one. */
  public PostgresProcess standby() throws IOException {
    var second = new PostgresProcess(program, Optional.empty(), List.of());
    try {
      Files.createDirectory(second.data());
      program.own(second.data());
      Files.setPosixFilePermissions(second.data(), PosixFilePermissions.fromString("rwx------"));
      second.run(
          "pg_basebackup",
          List.of(
              "--pgdata=" + second.data(),
              "--write-recovery-conf",
              "--wal-method=stream",
              "--checkpoint=fast",
              "--no-sync",
              "--dbname=host=127.0.0.1 port=%d user=%s password='%s'"
                  .formatted(port, USER, PASSWORD)));
      second.launch();
      return second;
    } catch (IOException failed) {
      second.close();
      throw failed;
    }
  }

  /** Makes a standby the server that may be written. */
  public void promote() throws IOException {
    run("pg_ctl", List.of("promote", "--no-wait", "--pgdata=" + data()));
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
    List<String> arguments =
        new ArrayList<>(List.of("-D", data().toString(), "-p", Integer.toString(port)));
    List<String> settings =
        new ArrayList<>(
            List.of(
                "listen_addresses=127.0.0.1",
                "unix_socket_directories=",
                "fsync=off",
                // Else a kill leaves files in the machine's memory.
                "dynamic_shared_memory_type=mmap",
                "shared_buffers=16MB",
                "max_connections=100",
                "log_min_messages=warning"));
    shown.ifPresent(files -> {
      settings.add("ssl=on");
      settings.add("ssl_cert_file=" + files.certificate().getFileName());
      settings.add("ssl_key_file=" + files.key().getFileName());
    });
    settings.addAll(more);
    settings.forEach(setting -> arguments.addAll(List.of("-c", setting)));
    Process started =
        program
            .command("postgres", arguments)
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

  /** Also one that may not be written. */
  private boolean answers() {
    try (var connection =
        DriverManager.getConnection(
            "jdbc:postgresql://127.0.0.1:%d/postgres?connectTimeout=5&socketTimeout=5&sslmode=%s"
                .formatted(port, shown.isPresent() ? "require" : "disable"),
            USER,
            PASSWORD)) {
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

  /** How a farm of its own reaches whichever of the two may be written. */
  public PostgresSettings settings(PostgresProcess other, String schema) {
    PostgresSettings here = settings(schema);
    return new PostgresSettings(
        List.of(here.servers().getFirst(), new PostgresSettings.Server("127.0.0.1", other.port)),
        here.database(),
        schema,
        here.tls(),
        here.authority(),
        here.login(),
        here.create());
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

  /** Ends it as {@code kill -QUIT} does: at once, but without leaving shared memory behind. */
  private void quit() throws IOException {
    Process left = process;
    if (left != null) {
      Process told = new ProcessBuilder("kill", "-QUIT", Long.toString(left.pid())).start();
      if (exit(told) == 0) {
        exit(left);
      }
    } else if (Files.exists(data().resolve("postmaster.pid"))) {
      forget();
    }
  }

  /** One that was killed, and is not started again, can't tidy up itself. */
  private void forget() throws IOException {
    List<String> lines = Files.readAllLines(data().resolve("postmaster.pid"));
    if (lines.size() > SHARED_MEMORY) {
      String id = lines.get(SHARED_MEMORY).strip().replaceAll(".* ", "");
      exit(
          new ProcessBuilder("ipcrm", "-m", id)
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.appendTo(log().toFile()))
              .start());
    }
  }

  @Override
  public void close() throws IOException {
    quit();
    kill();
    PassingFolder.delete(folder);
  }
}
