package dev.ahjo.cluster.worker;

import dev.ahjo.wire.tls.TlsFiles;
import java.util.Optional;

/**
 * Where the gate listens and how much it takes.
 *
 * @param host the address that is listened on
 * @param port 0 for any free one
 * @param maxSessions agents at once
 * @param maxBytesPerSession of one agent's messages that are under way; what comes beyond is
 *     dropped without an acknowledgement, and the agent sends it again
 * @param tls what workers show certificates of; in the clear without
 * @param joinsAtOnce sessions whose beginning the farm is troubled with at once; the others wait
 * @param advertise the name that agents dial, and the only one that is heard; {@code host} without
 */
public record GateSettings(
    String host,
    int port,
    int maxSessions,
    long maxBytesPerSession,
    int joinsAtOnce,
    Optional<TlsFiles> tls,
    Optional<String> advertise) {
  public static final GateSettings USUAL =
      new GateSettings(
          "127.0.0.1", 8011, 20_000, 8L * 1024 * 1024, 50, Optional.empty(), Optional.empty());

  /** In the clear, at the usual pace. */
  public GateSettings(String host, int port, int maxSessions, long maxBytesPerSession) {
    this(
        host,
        port,
        maxSessions,
        maxBytesPerSession,
        USUAL.joinsAtOnce(),
        Optional.empty(),
        Optional.empty());
  }

  /** The same elsewhere. */
  public GateSettings at(
      String otherHost, int otherPort, Optional<TlsFiles> otherTls, Optional<String> known) {
    return new GateSettings(
        otherHost, otherPort, maxSessions, maxBytesPerSession, joinsAtOnce, otherTls, known);
  }

  /** What agents must call the gate. */
  String name() {
    return advertise.orElse(host);
  }
}
