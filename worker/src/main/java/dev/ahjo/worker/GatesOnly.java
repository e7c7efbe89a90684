package dev.ahjo.worker;

import java.net.Socket;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Set;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedTrustManager;

/**
 * Believes gates: certificates for servers, of the workers' authority, for a host that this agent
 * was told to join. Remoting dials both ways, so a gate may be TLS's client as well; what it must
 * prove is the same.
 */
final class GatesOnly extends X509ExtendedTrustManager {
  /** As RFC 5280 numbers them among the alternative names. */
  private static final int DNS = 2;

  private static final int ADDRESS = 7;

  private final X509ExtendedTrustManager authority;
  private final Set<String> hosts;

  GatesOnly(X509ExtendedTrustManager authority, Set<String> hosts) {
    this.authority = authority;
    this.hosts = hosts;
  }

  private void check(X509Certificate[] chain) throws CertificateException {
    // The key exchange is of no interest: only keys that sign are used by the protocols allowed.
    authority.checkServerTrusted(chain, "UNKNOWN");
    var names = chain[0].getSubjectAlternativeNames();
    if (names != null) {
      for (List<?> name : names) {
        boolean host = name.get(0).equals(DNS) || name.get(0).equals(ADDRESS);
        if (host && hosts.contains(name.get(1))) {
          return;
        }
      }
    }
    throw new CertificateException(
        "expected the certificate of a gate at "
            + String.join(" or ", hosts)
            + ", but found "
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
