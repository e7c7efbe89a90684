package dev.ahjo.persistence.cassandra;

import com.datastax.oss.driver.api.core.metadata.EndPoint;
import com.datastax.oss.driver.api.core.ssl.SslEngineFactory;
import dev.ahjo.wire.tls.RenewedTls;
import dev.ahjo.wire.tls.TlsFiles;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;

/**
 * TLS to the servers of Cassandra. A server's certificate must name the address that is dialled:
 * the contact point as it is written, and for servers that others have told of, the address that
 * they tell. Files that were renewed are used for the next connection.
 */
final class ServersTls implements SslEngineFactory {
  private final Files files;

  /** The files as they are now. */
  @FunctionalInterface
  private interface Files {
    SSLContext context() throws IOException;
  }

  private ServersTls(Files files) {
    this.files = files;
  }

  /**
   * Reads the files for the first time.
   *
   * @throws IOException naming the file that is at fault
   */
  static ServersTls of(CassandraSettings.Tls tls) throws IOException {
    return switch (tls) {
      case CassandraSettings.Tls.Trusting(var authority) -> {
        SSLContext first = TlsFiles.trusting(authority);
        yield new ServersTls(() -> {
          try {
            return TlsFiles.trusting(authority);
          } catch (IOException halfWritten) {
            return first;
          }
        });
      }
      case CassandraSettings.Tls.Mutual(var own) -> {
        RenewedTls renewed = RenewedTls.of(own);
        yield new ServersTls(renewed::context);
      }
    };
  }

  @Override
  public SSLEngine newSslEngine(EndPoint server) {
    if (!(server.resolve() instanceof InetSocketAddress address)) {
      throw new IllegalArgumentException("Expected a server with an address, but found " + server);
    }
    try {
      // Not getHostName: what a name server makes of an address proves nothing.
      SSLEngine engine =
          files.context().createSSLEngine(address.getHostString(), address.getPort());
      engine.setUseClientMode(true);
      SSLParameters parameters = engine.getSSLParameters();
      parameters.setEndpointIdentificationAlgorithm("HTTPS");
      engine.setSSLParameters(parameters);
      return engine;
    } catch (IOException unreadable) {
      throw new UncheckedIOException(unreadable);
    }
  }

  @Override
  public void close() {
    // Nothing is held open.
  }
}
