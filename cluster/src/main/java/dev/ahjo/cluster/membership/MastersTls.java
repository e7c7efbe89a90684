package dev.ahjo.cluster.membership;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import dev.ahjo.wire.tls.MutualTls;
import dev.ahjo.wire.tls.PeerTrust;
import dev.ahjo.wire.tls.TlsFiles;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLSession;
import javax.net.ssl.X509ExtendedTrustManager;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.remote.artery.tcp.SSLEngineProvider;
import scala.Option;

/**
 * TLS between masters: both sides show a certificate of the masters' own authority that says that
 * it is a master's. Whoever can't is refused in the handshake, before a byte of his is read.
 *
 * <p>Names of machines are not compared: a master's key makes its bearer a master, wherever it is.
 */
public final class MastersTls implements SSLEngineProvider {
  /** What a master's certificate has among its subject's alternative names, as a URI. */
  private static final String MARK = "ahjo:master";

  private final MutualTls tls;

  /** Made by the actor system, which can be told no more than this. */
  public MastersTls(ActorSystem system) throws IOException {
    this(files(system.settings().config().getConfig("ahjo.masters")));
  }

  MastersTls(TlsFiles files) throws IOException {
    if (files.authority().isEmpty()) {
      throw new IOException(
          "listen.tls: expected an authority, since masters must know whom to believe");
    }
    tls = new MutualTls(files, MastersTls::mastersOnly);
  }

  /**
   * What makes an actor system use it.
   *
   * @throws IOException naming the file that can't be used, rather than a log of the actor system
   */
  public static Config config(TlsFiles files) throws IOException {
    var unused = new MastersTls(files);
    return ConfigFactory.parseMap(
        Map.of(
            "pekko.remote.artery.transport",
            "tls-tcp",
            "pekko.remote.artery.ssl.ssl-engine-provider",
            MastersTls.class.getName(),
            "ahjo.masters.certificate",
            files.certificate().toString(),
            "ahjo.masters.key",
            files.key().toString(),
            "ahjo.masters.authority",
            files.authority().map(Path::toString).orElse("")));
  }

  private static TlsFiles files(Config config) {
    return new TlsFiles(
        Path.of(config.getString("certificate")),
        Path.of(config.getString("key")),
        Optional.of(Path.of(config.getString("authority"))));
  }

  /**
   * The authority alone would do if it signed nothing else; but who signs workers' or web
   * certificates with it, by mistake, must not thereby let a worker into the cluster.
   */
  static X509ExtendedTrustManager mastersOnly(X509ExtendedTrustManager authority) {
    return new PeerTrust(
        authority,
        PeerTrust.Purpose.ITS_END,
        (kind, name) -> kind == PeerTrust.URI && name.equals(MARK),
        "a master's certificate, with the alternative name URI:" + MARK);
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
