package dev.ahjo.worker;

import dev.ahjo.core.id.PoolName;
import dev.ahjo.core.id.WorkerName;
import dev.ahjo.core.worker.Protocol;
import dev.ahjo.wire.tls.TlsFiles;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * What an agent is told at its start.
 *
 * @param folder its data: what it holds, and the folders in which it builds; one agent at a time
 * @param gates of the farm's nodes, {@code pekko://HOST:PORT} or {@code ws://}, {@code wss://}; the
 *     agent is at one of them at a time
 * @param token proves the name to the gate
 * @param slots builds at once, at least 1
 * @param tls how gates prove themselves, and this agent to them
 * @param bind where the gate dials back
 */
public record AgentSettings(
    WorkerName name,
    Path folder,
    List<URI> gates,
    String token,
    int slots,
    Set<String> labels,
    PoolName pool,
    Bind bind,
    Tls tls,
    Timing timing,
    Limits limits) {
  /** A farm has no more gates than an agent can try in a minute. */
  public static final int MAX_GATES = 20;

  private static final Set<String> SCHEMES = Set.of("pekko", "ws", "wss");

  public AgentSettings {
    labels = Set.copyOf(labels);
    gates = List.copyOf(gates);
    if (gates.isEmpty() || gates.size() > MAX_GATES) {
      throw new IllegalArgumentException(
          "Expected 1 to " + MAX_GATES + " gates, but found " + gates.size());
    }
    for (URI gate : gates) {
      if (!SCHEMES.contains(String.valueOf(gate.getScheme())) || gate.getHost() == null) {
        throw new IllegalArgumentException(
            "Expected pekko://HOST:PORT, ws://HOST:PORT or wss://HOST:PORT, but found '"
                + gate
                + "'");
      }
    }
    if (slots < 1) {
      throw new IllegalArgumentException("Expected at least 1 slot, but found " + slots);
    }
  }

  /** With the usual times and limits, reachable from this machine only. */
  public static AgentSettings of(
      WorkerName name,
      Path folder,
      List<URI> gates,
      String token,
      int slots,
      Set<String> labels,
      PoolName pool) {
    return new AgentSettings(
        name,
        folder,
        gates,
        token,
        slots,
        labels,
        pool,
        Bind.LOOPBACK,
        Tls.NONE,
        Timing.DEFAULT,
        Limits.DEFAULT);
  }

  public AgentSettings withBind(Bind where) {
    return new AgentSettings(
        name, folder, gates, token, slots, labels, pool, where, tls, timing, limits);
  }

  public AgentSettings withTls(Tls with) {
    return new AgentSettings(
        name, folder, gates, token, slots, labels, pool, bind, with, timing, limits);
  }

  static boolean isWebSocket(URI gate) {
    return gate.getScheme().startsWith("ws");
  }

  /**
   * @param authority that signed the gates' certificates; for {@code wss://} the system's when it
   *     is not there
   * @param identity this agent's certificate, key and that authority, by which remoting is made
   *     with TLS; it is in the clear without
   */
  public record Tls(Optional<Path> authority, Optional<TlsFiles> identity) {
    public static final Tls NONE = new Tls(Optional.empty(), Optional.empty());
  }

  /**
   * @param heartbeat between two pings when there is nothing else to say
   * @param silence after which the connection is taken for lost
   * @param firstBackoff before the second try to connect; doubles, with chance mixed in
   * @param maxBackoff the longest
   * @param resend after which what was not acknowledged in an open session is sent again
   * @param stopGrace between TERM and KILL
   */
  public record Timing(
      Duration heartbeat,
      Duration silence,
      Duration firstBackoff,
      Duration maxBackoff,
      Duration resend,
      Duration stopGrace) {
    public static final Timing DEFAULT =
        new Timing(
            Protocol.HEARTBEAT,
            Protocol.SILENCE,
            Duration.ofMillis(200),
            Duration.ofSeconds(5),
            Duration.ofSeconds(5),
            Duration.ofSeconds(10));
  }

  /**
   * @param buildFolders how many folders that no build uses are kept for the next build; the least
   *     recently used go first
   * @param artifacts the most files that one upload step may keep
   */
  public record Limits(int buildFolders, int artifacts) {
    public static final Limits DEFAULT = new Limits(50, 1000);
  }
}
