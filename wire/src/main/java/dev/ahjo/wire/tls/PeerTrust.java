package dev.ahjo.wire.tls;

import java.net.Socket;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.Collection;
import java.util.List;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedTrustManager;

/**
 * Believes those whom an authority has signed and who are, besides, what they must be: the
 * authority alone says that somebody belongs to the farm, not in which part. Both sides dial over
 * remoting, so which of them is TLS's client says nothing about who he is; what he must prove is
 * the same.
 */
public final class PeerTrust extends X509ExtendedTrustManager {
  /** The purpose that a certificate must have been signed for. */
  public enum Purpose {
    CLIENT,
    SERVER,
    /** That of the end of TLS which the peer is. */
    ITS_END
  }

  /** What a peer must be. */
  @FunctionalInterface
  public interface Demand {
    /** Whether one of its certificate's alternative names, as RFC 5280 numbers them, says so. */
    boolean met(int kind, Object name);
  }

  /** How RFC 5280 numbers alternative names. */
  public static final int DNS = 2;

  public static final int URI = 6;
  public static final int ADDRESS = 7;

  private final X509ExtendedTrustManager authority;
  private final Purpose purpose;
  private final Demand demand;
  private final String expected;

  /**
   * @param expected in words, such as "a worker's certificate"
   */
  public PeerTrust(
      X509ExtendedTrustManager authority, Purpose purpose, Demand demand, String expected) {
    this.authority = authority;
    this.purpose = purpose;
    this.demand = demand;
    this.expected = expected;
  }

  /** What the authority says to an end of TLS. */
  @FunctionalInterface
  private interface Say {
    void say() throws CertificateException;
  }

  private void check(X509Certificate[] chain, Say ofItsEnd) throws CertificateException {
    // The key exchange is of no interest: only keys that sign are used by the protocols allowed.
    switch (purpose) {
      case CLIENT -> authority.checkClientTrusted(chain, "UNKNOWN");
      case SERVER -> authority.checkServerTrusted(chain, "UNKNOWN");
      case ITS_END -> ofItsEnd.say();
    }
    Collection<List<?>> names = chain[0].getSubjectAlternativeNames();
    if (names != null) {
      for (List<?> name : names) {
        if (name.get(0) instanceof Integer kind && demand.met(kind, name.get(1))) {
          return;
        }
      }
    }
    throw new CertificateException(
        "expected "
            + expected
            + ", but found "
            + chain[0].getSubjectX500Principal()
            + " with "
            + (names == null ? "no alternative names" : names));
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String kind, SSLEngine engine)
      throws CertificateException {
    check(chain, () -> authority.checkClientTrusted(chain, kind, engine));
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String kind, SSLEngine engine)
      throws CertificateException {
    check(chain, () -> authority.checkServerTrusted(chain, kind, engine));
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String kind, Socket socket)
      throws CertificateException {
    check(chain, () -> authority.checkClientTrusted(chain, kind, socket));
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String kind, Socket socket)
      throws CertificateException {
    check(chain, () -> authority.checkServerTrusted(chain, kind, socket));
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String kind) throws CertificateException {
    check(chain, () -> authority.checkClientTrusted(chain, kind));
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String kind) throws CertificateException {
    check(chain, () -> authority.checkServerTrusted(chain, kind));
  }

  @Override
  public X509Certificate[] getAcceptedIssuers() {
    return authority.getAcceptedIssuers();
  }
}
