package dev.ahjo.wire.tls;

import java.io.IOException;
import java.util.function.UnaryOperator;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedTrustManager;

/**
 * TLS 1.3 in which both ends show a certificate: who shows none, or not the right one, is refused
 * in the handshake, before a byte of his is read. Renewed files are used for later connections.
 */
public final class MutualTls {
  private static final String[] PROTOCOLS = {"TLSv1.3"};

  private final RenewedTls tls;

  /**
   * Reads the files.
   *
   * @param whom to believe, given what the authority says
   * @throws IOException naming the file that is at fault
   */
  public MutualTls(TlsFiles files, UnaryOperator<X509ExtendedTrustManager> whom)
      throws IOException {
    this.tls = RenewedTls.of(files, whom);
  }

  /** For a connection that comes from the peer. */
  public SSLEngine server(String host, int port) {
    SSLEngine engine = engine(host, port, false);
    engine.setNeedClientAuth(true);
    return engine;
  }

  /** For a connection to the peer. */
  public SSLEngine client(String host, int port) {
    return engine(host, port, true);
  }

  private SSLEngine engine(String host, int port, boolean client) {
    SSLEngine engine = tls.context().createSSLEngine(host, port);
    engine.setUseClientMode(client);
    engine.setEnabledProtocols(PROTOCOLS);
    return engine;
  }
}
