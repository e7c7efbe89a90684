package dev.ahjo.worker;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import dev.ahjo.wire.tls.MutualTls;
import dev.ahjo.wire.tls.PeerTrust;
import dev.ahjo.wire.tls.TlsFiles;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLSession;
import javax.net.ssl.X509ExtendedTrustManager;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.remote.artery.tcp.SSLEngineProvider;
import scala.Option;

/**
 * TLS with a farm's gates by remoting: both sides show a certificate of the workers' authority,
 * each of its own kind. So no worker can pass for a gate before another.
 */
public final class GateTls implements SSLEngineProvider {
  private final MutualTls tls;

  /** Made by the actor system, which can be told no more than this. */
  public GateTls(ActorSystem system) throws IOException {
    this(system.settings().config().getConfig("ahjo.gates"));
  }

  private GateTls(Config config) throws IOException {
    tls =
        new MutualTls(
            new TlsFiles(
                Path.of(config.getString("certificate")),
                Path.of(config.getString("key")),
                Optional.of(Path.of(config.getString("authority")))),
            authority -> gatesOnly(authority, Set.copyOf(config.getStringList("hosts"))));
  }

  /**
   * What makes an actor system use it.
   *
   * @throws IOException naming the file that can't be used, rather than a log of the actor system
   */
  public static Config config(TlsFiles files, Set<String> hosts) throws IOException {
    Path authority =
        files
            .authority()
            .orElseThrow(() ->
                new IOException("expected the authority that signed the gates' certificates"));
    Config own =
        ConfigFactory.parseMap(
            Map.of(
                "certificate",
                files.certificate().toString(),
                "key",
                files.key().toString(),
                "authority",
                authority.toString(),
                "hosts",
                hosts));
    var unused = new GateTls(own);
    return ConfigFactory.parseMap(
            Map.of(
                "pekko.remote.artery.transport",
                "tls-tcp",
                "pekko.remote.artery.ssl.ssl-engine-provider",
                GateTls.class.getName()))
        .withFallback(own.atPath("ahjo.gates"));
  }

  /** A gate's certificate is for servers, and for a host that this agent was told to join. */
  static X509ExtendedTrustManager gatesOnly(X509ExtendedTrustManager authority, Set<String> hosts) {
    Set<String> known = hosts.stream().map(GateTls::spelt).collect(Collectors.toSet());
    return new PeerTrust(
        authority,
        PeerTrust.Purpose.SERVER,
        (kind, name) ->
            (kind == PeerTrust.DNS || kind == PeerTrust.ADDRESS)
                && known.contains(spelt(String.valueOf(name))),
        "the certificate of a gate at " + String.join(" or ", hosts));
  }

  /** One spelling of each: an address of IPv6 has many, and names have small and large letters. */
  private static String spelt(String host) {
    String bare = host.replaceAll("[\\[\\]]", "").toLowerCase(Locale.ROOT);
    if (!bare.contains(":")) {
      return bare;
    }
    try {
      // What has a colon is no name: nobody is asked for its address.
      return InetAddress.getByName(bare).getHostAddress();
    } catch (UnknownHostException noAddress) {
      return bare;
    }
  }

  @Override
  public SSLEngine createServerSSLEngine(String host, int port) {
    return tls.server(host, port);
  }

  @Override
  public SSLEngine createClientSSLEngine(String host, int port) {
    return tls.client(host, port);
  }

  /** All has been judged in the handshake. */
  @Override
  public Option<Throwable> verifyClientSession(String host, SSLSession session) {
    return Option.empty();
  }

  /** All has been judged in the handshake. */
  @Override
  public Option<Throwable> verifyServerSession(String host, SSLSession session) {
    return Option.empty();
  }
}
