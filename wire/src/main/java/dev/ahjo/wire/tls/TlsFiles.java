package dev.ahjo.wire.tls;

import java.io.IOException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.security.Signature;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;

/**
 * The PEM files of one end of TLS.
 *
 * @param certificate this end's own, followed by those between it and its authority, if any
 * @param key of the certificate
 * @param authority who must have signed the other end's certificate; the system's authorities when
 *     it is not there
 */
public record TlsFiles(Path certificate, Path key, Optional<Path> authority) {
  private static final char[] IN_MEMORY = new char[0];

  /**
   * Reads the files.
   *
   * @throws IOException naming the file that is at fault
   */
  public SSLContext context() throws IOException {
    return context(UnaryOperator.identity());
  }

  /** As {@link #context()}, with a say of the caller's in whom to trust. */
  public SSLContext context(UnaryOperator<X509ExtendedTrustManager> stricter) throws IOException {
    List<X509Certificate> chain = Pem.certificates(certificate);
    PrivateKey secret = Pem.key(key);
    refuseStranger(chain.getFirst(), secret);
    try {
      KeyStore own = empty();
      own.setKeyEntry("own", secret, IN_MEMORY, chain.toArray(X509Certificate[]::new));
      var managers = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
      managers.init(own, IN_MEMORY);
      return made(managers.getKeyManagers(), stricter.apply(trust(authority)));
    } catch (GeneralSecurityException unfit) {
      throw new IOException(certificate + ": " + unfit.getMessage(), unfit);
    }
  }

  /**
   * For one who dials and shows no certificate.
   *
   * @throws IOException naming the file, when it can't be read
   */
  public static SSLContext trusting(Path authority) throws IOException {
    try {
      return made(new KeyManager[0], trust(Optional.of(authority)));
    } catch (GeneralSecurityException unfit) {
      throw new IOException(authority + ": " + unfit.getMessage(), unfit);
    }
  }

  private static SSLContext made(KeyManager[] own, X509ExtendedTrustManager others)
      throws GeneralSecurityException {
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(own, new TrustManager[] {others}, new SecureRandom());
    return context;
  }

  private static X509ExtendedTrustManager trust(Optional<Path> authority)
      throws IOException, GeneralSecurityException {
    @Nullable KeyStore known = null; // the system's
    if (authority.isPresent()) {
      known = empty();
      List<X509Certificate> authorities = Pem.certificates(authority.get());
      for (int i = 0; i < authorities.size(); i++) {
        known.setCertificateEntry("authority-" + i, authorities.get(i));
      }
    }
    var managers = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    managers.init(known);
    for (TrustManager manager : managers.getTrustManagers()) {
      if (manager instanceof X509ExtendedTrustManager found) {
        return found;
      }
    }
    throw new GeneralSecurityException("this Java judges no X.509 certificates");
  }

  private static KeyStore empty() throws IOException, GeneralSecurityException {
    KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
    store.load(null, IN_MEMORY);
    return store;
  }

  /** Two files mixed up would otherwise show as a handshake that fails without a reason. */
  private void refuseStranger(X509Certificate mine, PrivateKey secret) throws IOException {
    String algorithm =
        switch (secret.getAlgorithm()) {
          case "EC" -> "SHA256withECDSA";
          case "RSA" -> "SHA256withRSA";
          default -> "Ed25519";
        };
    try {
      byte[] words = {1, 2, 3};
      Signature signs = Signature.getInstance(algorithm);
      signs.initSign(secret);
      signs.update(words);
      byte[] signature = signs.sign();
      Signature checks = Signature.getInstance(algorithm);
      checks.initVerify(mine.getPublicKey());
      checks.update(words);
      if (checks.verify(signature)) {
        return;
      }
    } catch (GeneralSecurityException differentKinds) {
      // Told below.
    }
    throw new IOException(key + ": expected the key of the certificate in " + certificate);
  }
}
