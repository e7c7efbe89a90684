package dev.ahjo.cluster.membership;

import java.net.Socket;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.List;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedTrustManager;

/**
 * Believes those certificates of the masters' authority that say that they are a master's. The
 * authority alone would do if it signed nothing else; but who signs workers' or web certificates
 * with it, by mistake, must not thereby let a worker into the cluster.
 */
final class MastersOnly extends X509ExtendedTrustManager {
  /** What a master's certificate has among its subject's alternative names, as a URI. */
  static final String MARK = "ahjo:master";

  /** How RFC 5280 numbers a URI among the alternative names. */
  private static final int URI = 6;

  private final X509ExtendedTrustManager authority;

  MastersOnly(X509ExtendedTrustManager authority) {
    this.authority = authority;
  }

  private static void check(X509Certificate[] chain) throws CertificateException {
    var names = chain[0].getSubjectAlternativeNames();
    if (names == null || !names.contains(List.of(URI, MARK))) {
      throw new CertificateException(
          "expected a master's certificate, with the alternative name URI:"
              + MARK
              + ", but found "
              + chain[0].getSubjectX500Principal()
              + " with "
              + (names == null ? "no alternative names" : names));
    }
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String kind, SSLEngine engine)
      throws CertificateException {
    authority.checkClientTrusted(chain, kind, engine);
    check(chain);
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String kind, SSLEngine engine)
      throws CertificateException {
    authority.checkServerTrusted(chain, kind, engine);
    check(chain);
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String kind, Socket socket)
      throws CertificateException {
    authority.checkClientTrusted(chain, kind, socket);
    check(chain);
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String kind, Socket socket)
      throws CertificateException {
    authority.checkServerTrusted(chain, kind, socket);
    check(chain);
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String kind) throws CertificateException {
    authority.checkClientTrusted(chain, kind);
    check(chain);
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String kind) throws CertificateException {
    authority.checkServerTrusted(chain, kind);
    check(chain);
  }

  @Override
  public X509Certificate[] getAcceptedIssuers() {
    return authority.getAcceptedIssuers();
  }
}
