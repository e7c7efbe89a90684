package dev.ahjo.wire.tls;

import java.io.IOException;
import java.io.StringWriter;
import java.math.BigInteger;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import java.util.Set;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x500.X500NameBuilder;
import org.bouncycastle.asn1.x500.style.BCStyle;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.cert.CertIOException;
import org.bouncycastle.cert.X509v3CertificateBuilder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509ExtensionUtils;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.util.io.pem.PemObject;
import org.bouncycastle.util.io.pem.PemWriter;

/**
 * Signs certificates, for farms that have nobody else who does. Keys are EC on P-256. There are two
 * kinds of authority, which sign different things: whoever believes one can't be deceived by the
 * other.
 */
public final class Authority {
  /** Whom an authority signs for. */
  public enum Kind {
    /** The nodes, among each other. */
    MASTERS,
    /** What workers and browsers meet: gates and HTTP; and workers themselves. */
    WORKERS
  }

  /** What a certificate is for. */
  public enum Use {
    /** A node among nodes; has the alternative name {@code URI:ahjo:master}. */
    MASTER(Kind.MASTERS),
    /** A gate or HTTP. */
    SERVER(Kind.WORKERS),
    /** A worker's agent; has the alternative name {@code URI:ahjo:worker:NAME}. */
    WORKER(Kind.WORKERS);

    private final Kind signer;

    Use(Kind signer) {
      this.signer = signer;
    }

    /** The kind of authority that signs such. */
    public Kind signer() {
      return signer;
    }
  }

  /** A certificate and its key, as files that were just written. */
  public record Written(Path certificate, Path key) {}

  /** Clocks of machines differ a little. */
  private static final Duration EARLIER = Duration.ofHours(1);

  private static final String SIGNED_WITH = "SHA256withECDSA";

  private final X509Certificate certificate;
  private final PrivateKey key;

  private Authority(X509Certificate certificate, PrivateKey key) {
    this.certificate = certificate;
    this.key = key;
  }

  /**
   * Makes a new one, in {@code NAME.pem} and {@code NAME.key}.
   *
   * @throws FileAlreadyExistsException when there is one: nothing that was signed is to be lost
   */
  public static Written create(Kind kind, Path folder, String name, Instant now, Duration validity)
      throws IOException {
    KeyPair pair = pair();
    X500Name self = subject(name, kind);
    try {
      X509v3CertificateBuilder builder = builder(self, self, pair, now, validity);
      builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(0));
      builder.addExtension(
          Extension.keyUsage, true, new KeyUsage(KeyUsage.keyCertSign | KeyUsage.cRLSign));
      return write(folder, name, sign(builder, pair.getPrivate()), pair.getPrivate());
    } catch (GeneralSecurityException | OperatorCreationException unable) {
      throw new IOException("This Java can't make an authority: " + unable.getMessage(), unable);
    }
  }

  /**
   * Reads one.
   *
   * @throws IOException naming the file that is at fault
   */
  public static Authority open(Path certificate, Path key) throws IOException {
    X509Certificate found = Pem.certificates(certificate).getFirst();
    if (found.getBasicConstraints() < 0) {
      throw new IOException(certificate + ": expected an authority's certificate, but it is none");
    }
    return new Authority(found, Pem.key(key));
  }

  /**
   * Signs a certificate with a new key, in {@code NAME.pem} and {@code NAME.key}.
   *
   * @param hosts the names and addresses by which others dial it
   * @throws IllegalArgumentException when this authority signs for others
   * @throws FileAlreadyExistsException when there is such a file
   */
  public Written issue(
      Use use, Path folder, String name, Set<String> hosts, Instant now, Duration validity)
      throws IOException {
    String kind = organisation(use.signer());
    if (!certificate.getSubjectX500Principal().getName().contains("OU=" + kind)) {
      throw new IllegalArgumentException(
          "expected the authority of OU="
              + kind
              + " to sign this, but found "
              + certificate.getSubjectX500Principal());
    }
    KeyPair pair = pair();
    try {
      X509v3CertificateBuilder builder =
          builder(
              X500Name.getInstance(certificate.getSubjectX500Principal().getEncoded()),
              subject(name, use.signer()),
              pair,
              now,
              validity);
      builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(false));
      builder.addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.digitalSignature));
      builder.addExtension(Extension.extendedKeyUsage, false, purposes(use));
      GeneralName[] names = names(use, name, hosts);
      if (names.length > 0) {
        builder.addExtension(Extension.subjectAlternativeName, false, new GeneralNames(names));
      }
      builder.addExtension(
          Extension.authorityKeyIdentifier,
          false,
          new JcaX509ExtensionUtils().createAuthorityKeyIdentifier(certificate.getPublicKey()));
      return write(folder, name, sign(builder, key), pair.getPrivate());
    } catch (GeneralSecurityException | OperatorCreationException unable) {
      throw new IOException("This Java can't sign: " + unable.getMessage(), unable);
    }
  }

  private static ExtendedKeyUsage purposes(Use use) {
    return switch (use) {
      case MASTER ->
          new ExtendedKeyUsage(
              new KeyPurposeId[] {KeyPurposeId.id_kp_serverAuth, KeyPurposeId.id_kp_clientAuth});
      case SERVER -> new ExtendedKeyUsage(KeyPurposeId.id_kp_serverAuth);
      case WORKER -> new ExtendedKeyUsage(KeyPurposeId.id_kp_clientAuth);
    };
  }

  private static GeneralName[] names(Use use, String name, Set<String> hosts) {
    List<GeneralName> names = new ArrayList<>();
    switch (use) {
      case MASTER -> names.add(uri("ahjo:master"));
      case WORKER -> names.add(uri("ahjo:worker:" + name));
      case SERVER -> {}
    }
    for (String host : hosts) {
      boolean address = host.contains(":") || host.matches("[0-9.]+");
      names.add(new GeneralName(address ? GeneralName.iPAddress : GeneralName.dNSName, host));
    }
    return names.toArray(GeneralName[]::new);
  }

  private static GeneralName uri(String text) {
    return new GeneralName(GeneralName.uniformResourceIdentifier, URI.create(text).toString());
  }

  private static String organisation(Kind kind) {
    return switch (kind) {
      case MASTERS -> "Ahjo masters";
      case WORKERS -> "Ahjo workers";
    };
  }

  private static X500Name subject(String name, Kind kind) {
    return new X500NameBuilder(BCStyle.INSTANCE)
        .addRDN(BCStyle.OU, organisation(kind))
        .addRDN(BCStyle.CN, name)
        .build();
  }

  private static KeyPair pair() throws IOException {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
      generator.initialize(new ECGenParameterSpec("secp256r1"));
      return generator.generateKeyPair();
    } catch (GeneralSecurityException missing) {
      throw new IOException("This Java has no EC keys on P-256", missing);
    }
  }

  private static X509v3CertificateBuilder builder(
      X500Name issuer, X500Name subject, KeyPair pair, Instant now, Duration validity)
      throws GeneralSecurityException, CertIOException {
    X509v3CertificateBuilder builder =
        new JcaX509v3CertificateBuilder(
            issuer,
            new BigInteger(126, new SecureRandom()).setBit(126),
            Date.from(now.minus(EARLIER)),
            Date.from(now.plus(validity)),
            subject,
            pair.getPublic());
    builder.addExtension(
        Extension.subjectKeyIdentifier,
        false,
        new JcaX509ExtensionUtils().createSubjectKeyIdentifier(pair.getPublic()));
    return builder;
  }

  private static X509Certificate sign(X509v3CertificateBuilder builder, PrivateKey key)
      throws OperatorCreationException, GeneralSecurityException {
    return new JcaX509CertificateConverter()
        .getCertificate(builder.build(new JcaContentSignerBuilder(SIGNED_WITH).build(key)));
  }

  private static Written write(
      Path folder, String name, X509Certificate certificate, PrivateKey key)
      throws IOException, GeneralSecurityException {
    Files.createDirectories(folder);
    Path certificateFile = folder.resolve(name + ".pem");
    Path keyFile = folder.resolve(name + ".key");
    if (Files.exists(certificateFile)) {
      throw new FileAlreadyExistsException(certificateFile.toString());
    }
    // The key first: a certificate without its key would look complete.
    writeNew(keyFile, "PRIVATE KEY", key.getEncoded(), "rw-------");
    writeNew(certificateFile, "CERTIFICATE", certificate.getEncoded(), "rw-r--r--");
    return new Written(certificateFile, keyFile);
  }

  /** Made with its permissions: a key must not be readable for a moment either. */
  private static void writeNew(Path file, String kind, byte[] der, String permissions)
      throws IOException {
    StringWriter text = new StringWriter();
    try (PemWriter pem = new PemWriter(text)) {
      pem.writeObject(new PemObject(kind, der));
    }
    byte[] bytes = text.toString().getBytes(StandardCharsets.US_ASCII);
    if (FileSystems.getDefault().supportedFileAttributeViews().contains("posix")) {
      Files.createFile(
          file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(permissions)));
      Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(permissions));
      Files.write(file, bytes, StandardOpenOption.WRITE);
    } else {
      Files.write(file, bytes, StandardOpenOption.CREATE_NEW);
    }
  }
}
