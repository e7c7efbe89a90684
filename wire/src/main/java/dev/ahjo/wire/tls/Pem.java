package dev.ahjo.wire.tls;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads PEM files, and says of each that it can't read what it expected to find. */
public final class Pem {
  /** No certificate or key comes near; whoever points at a disk's image is told so. */
  private static final long MAX_BYTES = 1024 * 1024;

  private static final Pattern PRIVATE_KEY =
      Pattern.compile("-----BEGIN PRIVATE KEY-----([^-]+)-----END PRIVATE KEY-----");
  private static final Pattern OTHER_KEY = Pattern.compile("-----BEGIN ([A-Z ]*PRIVATE KEY)-----");

  private Pem() {}

  /**
   * The certificates of a file, in its order; at least one.
   *
   * @throws IOException naming the file, when there is none in it
   */
  public static List<X509Certificate> certificates(Path file) throws IOException {
    try {
      List<X509Certificate> found =
          CertificateFactory.getInstance("X.509")
              .generateCertificates(new ByteArrayInputStream(bytes(file)))
              .stream()
              .map(X509Certificate.class::cast)
              .toList();
      if (!found.isEmpty()) {
        return found;
      }
      throw new IOException(file + ": expected a certificate in PEM, but found none");
    } catch (CertificateException unreadable) {
      throw new IOException(
          file + ": expected certificates in PEM, but found " + unreadable.getMessage(),
          unreadable);
    }
  }

  /**
   * The private key of a file, in PKCS#8 without a password: EC, Ed25519 or RSA.
   *
   * @throws IOException naming the file, when there is no such key in it
   */
  public static PrivateKey key(Path file) throws IOException {
    String text = new String(bytes(file), StandardCharsets.US_ASCII);
    Matcher key = PRIVATE_KEY.matcher(text);
    if (!key.find()) {
      Matcher other = OTHER_KEY.matcher(text);
      throw new IOException(
          file
              + ": expected -----BEGIN PRIVATE KEY----- (PKCS#8 without a password), but found "
              + (other.find()
                  ? other.group(1) + "; `openssl pkcs8 -topk8 -nocrypt` converts it"
                  : "no private key"));
    }
    byte[] der;
    try {
      der = Base64.getMimeDecoder().decode(key.group(1).strip());
    } catch (IllegalArgumentException notBase64) {
      throw new IOException(file + ": the private key is not in base64", notBase64);
    }
    for (String algorithm : List.of("EC", "Ed25519", "RSA")) {
      try {
        return KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(der));
      } catch (InvalidKeySpecException another) {
        // It is a key of another kind, which is found out by trying.
      } catch (GeneralSecurityException missing) {
        throw new IOException(file + ": this Java has no " + algorithm + " keys", missing);
      }
    }
    throw new IOException(file + ": expected a private key of kind EC, Ed25519 or RSA");
  }

  private static byte[] bytes(Path file) throws IOException {
    try {
      if (Files.size(file) > MAX_BYTES) {
        throw new IOException(file + ": expected at most " + MAX_BYTES + " bytes of PEM");
      }
      return Files.readAllBytes(file);
    } catch (NoSuchFileException missing) {
      throw new IOException(file + ": there is no such file", missing);
    } catch (AccessDeniedException closed) {
      throw new IOException(file + ": this user may not read it", closed);
    }
  }
}
