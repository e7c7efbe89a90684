package dev.ahjo.cluster.worker;

import java.net.Socket;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.List;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedTrustManager;

/**
 * Believes workers: certificates for clients, of the workers' authority, that say they are a
 * worker's. Remoting dials both ways, so an agent may be TLS's server as well; what it must prove
 * is the same.
 */
final class WorkersOnly extends X509ExtendedTrustManager {
  /** What a worker's certificate has among its subject's alternative names, as a URI. */
  static final String MARK = "ahjo:worker:";

  /** How RFC 5280 numbers a URI among the alternative names. */
  private static final int URI = 6;

  private final X509ExtendedTrustManager authority;

  WorkersOnly(X509ExtendedTrustManager authority) {
    this.authority = authority;
  }

  private void check(X509Certificate[] chain) throws CertificateException {
    authority.checkClientTrusted(chain, "UNKNOWN");
    var names = chain[0].getSubjectAlternativeNames();
    if (names != null) {
      for (List<?> name : names) {
        if (name.get(0).equals(URI) && String.valueOf(name.get(1)).startsWith(MARK)) {
          return;
        }
      }
    }
    throw new CertificateException(
        "expected a worker's certificate, with an alternative name URI:"
            + MARK
            + "NAME, but found "
            + chain[0].getSubjectX500Principal()
            + " with "
            + (names == null ? "no alternative names" : names));
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String kind, SSLEngine engine)
      throws CertificateException {
    check(chain);
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String kind, SSLEngine engine)
      throws CertificateException {
    check(chain);
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String kind, Socket socket)
      throws CertificateException {
    check(chain);
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String kind, Socket socket)
      throws CertificateException {
    check(chain);
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String kind) throws CertificateException {
    check(chain);
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String kind) throws CertificateException {
    check(chain);
  }

  @Override
  public X509Certificate[] getAcceptedIssuers() {
    return authority.getAcceptedIssuers();
  }
}
