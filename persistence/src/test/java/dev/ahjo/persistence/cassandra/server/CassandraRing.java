package dev.ahjo.persistence.cassandra.server;

import dev.ahjo.persistence.PassingFolder;
import java.io.IOException;
import java.math.BigInteger;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;

/**
 * A ring of real Cassandra servers on loopback addresses, each a process that can be killed and
 * started again. What a server has acknowledged survives a kill; the ring's folder goes when the
 * ring is closed.
 *
 * <pre>{@code
 * try (CassandraRing ring = CassandraRing.start("127.0.1.", 3, 256)) {
 *   ring.kill(1);
 *   ...
 *   ring.restart(1);
 * }
 * }</pre>
 */
public final class CassandraRing implements AutoCloseable {
  /** What the snitch of the ring calls its datacenter. */
  public static final String DATACENTER = "datacenter1";

  /** A heap that holds the tables of a few tests, in MiB. */
  public static final int USUAL_HEAP = 192;

  /** For a machine that does much else. */
  private static final Duration LONGEST_START = Duration.ofMinutes(3);

  private static final Path MEMORY = Path.of("/dev/shm");
  private static final long ROOM_OF_SERVER = 1L << 30;

  private final Path folder;
  private final Path temporary;
  private final List<CassandraServer> servers;
  private final int port;
  private final AtomicInteger keyspaces = new AtomicInteger();
  private final Thread atExit = new Thread(this::endAtExit, "cassandra-ring-at-exit");

  private CassandraRing(Path folder, Path temporary, List<CassandraServer> servers, int port) {
    this.folder = folder;
    this.temporary = temporary;
    this.servers = List.copyOf(servers);
    this.port = port;
    Runtime.getRuntime().addShutdownHook(atExit);
  }

  /** A single server on 127.0.0.1. */
  public static CassandraRing ofOne() throws IOException {
    return start("127.0.0.", 1, USUAL_HEAP);
  }

  /**
   * What starts a server that is a ring by itself, for those who keep its process themselves: on a
   * machine of its own, where the ports need not be free on this one.
   *
   * @param folder its settings are written there, and there it keeps what it is told
   * @param port where clients connect
   * @throws IOException naming what is missing
   */
  public static List<String> alone(Path folder, String host, int port, int heapMiB)
      throws IOException {
    return new CassandraServer(
            ServerProgram.find(),
            folder,
            List.of(host),
            0,
            port,
            port + 1,
            token(0, 1),
            heapMiB,
            folder.resolve("tmp"))
        .command();
  }

  /**
   * Starts a ring and returns when each of its servers answers.
   *
   * @param network the first three numbers of its addresses, such as {@code 127.0.1.}
   * @param heapMiB of each server; 128 is enough for small tests
   * @throws IOException naming what is missing (a JDK 17, the server's class path), or the log of a
   *     server that did not start
   */
  public static CassandraRing start(String network, int size, int heapMiB) throws IOException {
    return start(network, size, heapMiB, Optional.empty());
  }

  /** A single server that lets nobody in but whom the guard knows. */
  public static CassandraRing guarded(Guard guard) throws IOException {
    return start("127.0.0.", 1, USUAL_HEAP, Optional.of(guard));
  }

  private static CassandraRing start(String network, int size, int heapMiB, Optional<Guard> guard)
      throws IOException {
    ServerProgram program = ServerProgram.find();
    List<String> hosts = IntStream.rangeClosed(1, size).mapToObj(i -> network + i).toList();
    int port = freePort(hosts);
    int storagePort = freePort(hosts);
    Path folder = folder(size);
    // What servers unpack there they also run, which memory may not be for.
    Path temporary = Files.createTempDirectory("ahjo-cassandra-tmp");
    List<CassandraServer> servers = new ArrayList<>();
    for (int i = 0; i < size; i++) {
      servers.add(
          new CassandraServer(
              program,
              folder.resolve("server" + (i + 1)),
              hosts,
              i,
              port,
              storagePort,
              token(i, size),
              heapMiB,
              temporary));
    }
    guard.ifPresent(g -> servers.forEach(server -> server.guard(g)));
    var ring = new CassandraRing(folder, temporary, servers, port);
    try {
      for (CassandraServer server : servers) {
        server.start();
      }
      for (CassandraServer server : servers) {
        server.awaitReady(LONGEST_START);
      }
      return ring;
    } catch (IOException | RuntimeException failed) {
      ring.close();
      throw failed;
    }
  }

  /**
   * In memory where there is room: making a table forces a dozen files, and what is asked of these
   * servers is to survive a kill, not a power cut.
   */
  private static Path folder(int size) throws IOException {
    if (Files.isWritable(MEMORY)
        && Files.getFileStore(MEMORY).getUsableSpace() > size * ROOM_OF_SERVER) {
      return Files.createTempDirectory(MEMORY, "ahjo-cassandra");
    }
    return Files.createTempDirectory("ahjo-cassandra");
  }

  /** The ring is cut evenly, so that no tokens need to be negotiated at the start. */
  private static BigInteger token(int i, int size) {
    return BigInteger.TWO
        .pow(64)
        .multiply(BigInteger.valueOf(i))
        .divide(BigInteger.valueOf(size))
        .subtract(BigInteger.TWO.pow(63))
        .add(BigInteger.ONE);
  }

  /**
   * A port that is free on every address, and below those that systems give to outgoing
   * connections: until the server has it, nobody takes it by chance.
   */
  private static int freePort(List<String> hosts) throws IOException {
    for (int tries = 0; tries < 100; tries++) {
      List<ServerSocket> held = new ArrayList<>();
      try {
        int port = ThreadLocalRandom.current().nextInt(12_000, 32_000);
        for (String host : hosts) {
          held.add(new ServerSocket(port, 1, InetAddress.getByName(host)));
        }
        return port;
      } catch (IOException taken) {
        continue;
      } finally {
        for (ServerSocket socket : held) {
          socket.close();
        }
      }
    }
    throw new IOException("Expected a port that is free on all of " + hosts + ", but found none");
  }

  /** The addresses of its servers. */
  public List<String> hosts() {
    return servers.stream().map(CassandraServer::host).toList();
  }

  /** Where clients connect, on each of {@link #hosts}. */
  public int port() {
    return port;
  }

  /** A keyspace's name that nobody has used; the keyspace is not there yet. */
  public String freshKeyspace() {
    return "test_" + ProcessHandle.current().pid() + "_" + keyspaces.incrementAndGet();
  }

  /** Kills a server, counted from 0, as {@code kill -9} does; returns when it is gone. */
  public void kill(int server) {
    servers.get(server).kill();
  }

  /** Guards a server, or guards it otherwise, from its next {@link #restart} on. */
  public void guard(int server, Guard with) {
    servers.get(server).guard(with);
  }

  /** Starts a killed server again and returns when it answers. */
  public void restart(int server) throws IOException {
    servers.get(server).start();
    servers.get(server).awaitReady(LONGEST_START);
  }

  /** Stops a server from doing anything, as {@code kill -STOP} does, until {@link #resume}. */
  public void pause(int server) throws IOException {
    servers.get(server).signal("STOP");
  }

  public void resume(int server) throws IOException {
    servers.get(server).signal("CONT");
  }

  /** Starts those again that were killed and not restarted. */
  void revive() throws IOException {
    for (int server = 0; server < servers.size(); server++) {
      if (!servers.get(server).isAlive()) {
        restart(server);
      }
    }
  }

  private void killAll() {
    servers.forEach(CassandraServer::kill);
  }

  /** Kills all servers and deletes what they kept. */
  @Override
  public void close() throws IOException {
    killAll();
    try {
      Runtime.getRuntime().removeShutdownHook(atExit);
    } catch (IllegalStateException exiting) {
      return; // The hook is at work already.
    }
    deleteFolders();
  }

  private void endAtExit() {
    killAll();
    try {
      deleteFolders();
    } catch (IOException left) {
      System.err.println("Could not delete " + folder + " of a Cassandra server: " + left);
    }
  }

  private void deleteFolders() throws IOException {
    PassingFolder.delete(temporary);
    PassingFolder.delete(folder);
  }
}
