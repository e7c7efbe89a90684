package dev.ahjo.cluster;

import dev.ahjo.cluster.membership.Seeds;
import dev.ahjo.config.NodeSettings;
import dev.ahjo.wire.tls.TlsFiles;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;

/** What a node's settings say of addresses and files, in the words of the parts that use them. */
final class Places {
  private static final int LOOKS = 30;
  private static final Duration BETWEEN_LOOKS = Duration.ofSeconds(2);

  private Places() {}

  static TlsFiles files(NodeSettings.Tls tls) {
    return new TlsFiles(tls.certificate(), tls.key(), tls.authority());
  }

  static Seeds seeds(NodeSettings.Seeds seeds) {
    return switch (seeds) {
      case NodeSettings.Seeds.Alone _ -> new Seeds.Alone();
      case NodeSettings.Seeds.Listed(var places) ->
          new Seeds.Listed(places.stream().map(p -> new Seeds.Place(p.host(), p.port())).toList());
      case NodeSettings.Seeds.Named(String dns, int port, int nodes) ->
          new Seeds.Named(dns, port, nodes);
    };
  }

  /**
   * The address by which other nodes know this one. One that listens on all addresses and is found
   * by a name is known by that of its own addresses which the name has.
   *
   * @throws ConnectException when the name server knows none of them in time: another try may find
   *     one
   */
  static String advertised(NodeSettings.Listen listen, Seeds seeds) throws IOException {
    return advertised(listen, seeds, LOOKS, BETWEEN_LOOKS);
  }

  static String advertised(NodeSettings.Listen listen, Seeds seeds, int looks, Duration pause)
      throws IOException {
    if (listen.advertise().isPresent()) {
      return listen.advertise().get();
    }
    if (!(seeds instanceof Seeds.Named named)) {
      return listen.host();
    }
    Set<String> own = addresses();
    Set<String> known = Set.of();
    // A name server may learn of a machine only when that has been there for a while.
    for (int tries = 0; tries < looks; tries++) {
      known = look(named);
      Optional<String> mine = known.stream().filter(own::contains).sorted().findFirst();
      if (mine.isPresent()) {
        return mine.get();
      }
      LockSupport.parkNanos(pause.toNanos());
    }
    // Not a mistake in the settings: a pod is known by its name only when it has been there a
    // while.
    throw new ConnectException(
        "seeds.dns: "
            + named.name()
            + (known.isEmpty() ? " is not known" : " has the addresses " + known)
            + ", but this machine has "
            + own
            + "; listen.advertise can name another");
  }

  private static Set<String> look(Seeds.Named named) {
    try {
      return named.look().stream().map(Seeds.Place::host).collect(Collectors.toSet());
    } catch (UnknownHostException unknown) {
      return Set.of();
    }
  }

  private static Set<String> addresses() throws SocketException {
    return NetworkInterface.networkInterfaces()
        .flatMap(NetworkInterface::inetAddresses)
        .map(InetAddress::getHostAddress)
        .map(text -> text.contains(":") ? "[" + text.replaceAll("%.*", "") + "]" : text)
        .collect(Collectors.toSet());
  }
}
