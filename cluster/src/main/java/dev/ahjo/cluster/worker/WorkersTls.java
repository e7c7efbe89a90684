package dev.ahjo.cluster.worker;

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
 * TLS with workers by remoting: both sides show a certificate of the workers' authority, each of
 * its own kind. Who shows none is refused before a byte of his is read.
 */
public final class WorkersTls implements SSLEngineProvider {
  /** What a worker's certificate has among its subject's alternative names, as a URI. */
  private static final String MARK = "ahjo:worker:";

  private final MutualTls tls;

  /** Made by the actor system, which can be told no more than this. */
  public WorkersTls(ActorSystem system) throws IOException {
    this(system.settings().config().getConfig("ahjo.workers"));
  }

  private WorkersTls(Config config) throws IOException {
    tls =
        new MutualTls(
            new TlsFiles(
                Path.of(config.getString("certificate")),
                Path.of(config.getString("key")),
                Optional.of(Path.of(config.getString("authority")))),
            WorkersTls::workersOnly);
  }

  /**
   * What makes an actor system use it.
   *
   * @throws IOException naming the file that can't be used, rather than a log of the actor system
   */
  static Config config(TlsFiles files) throws IOException {
    Path authority =
        files
            .authority()
            .orElseThrow(() ->
                new IOException(
                    "gate.tls: expected an authority, since workers that come by remoting show"
                        + " certificates of it (those that come by wss:// need none)"));
    Config own =
        ConfigFactory.parseMap(
            Map.of(
                "certificate",
                files.certificate().toString(),
                "key",
                files.key().toString(),
                "authority",
                authority.toString()));
    var unused = new WorkersTls(own);
    return ConfigFactory.parseMap(
            Map.of(
                "pekko.remote.artery.transport",
                "tls-tcp",
                "pekko.remote.artery.ssl.ssl-engine-provider",
                WorkersTls.class.getName()))
        .withFallback(own.atPath("ahjo.workers"));
  }

  private static X509ExtendedTrustManager workersOnly(X509ExtendedTrustManager authority) {
    return new PeerTrust(
        authority,
        PeerTrust.Purpose.CLIENT,
        (kind, name) -> kind == PeerTrust.URI && String.valueOf(name).startsWith(MARK),
        "a worker's certificate, with an alternative name URI:" + MARK + "NAME");
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
