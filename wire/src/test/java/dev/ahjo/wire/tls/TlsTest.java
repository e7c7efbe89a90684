package dev.ahjo.wire.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ahjo.wire.tls.Authority.Kind;
import dev.ahjo.wire.tls.Authority.Use;
import dev.ahjo.wire.tls.Authority.Written;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What `ahjo cert` writes is what a node reads; what does not fit together is told by its file. */
class TlsTest {
  private static final Duration YEAR = Duration.ofDays(365);

  @TempDir Path folder;

  private final Instant now = Instant.now();
  private Written masters;
  private Authority authority;

  @BeforeEach
  void anAuthority() throws Exception {
    masters = Authority.create(Kind.MASTERS, folder, "masters", now, YEAR);
    authority = Authority.open(masters.certificate(), masters.key());
  }

  private Written master(String name) throws IOException {
    return authority.issue(
        Use.MASTER, folder, name, Set.of("10.0.0.1", "a.example.org"), now, YEAR);
  }

  @Test
  void whatIsSignedSaysWhoAndWhereItIs() throws Exception {
    Written written = master("n1");
    X509Certificate certificate = Pem.certificates(written.certificate()).getFirst();
    certificate.verify(Pem.certificates(masters.certificate()).getFirst().getPublicKey());
    assertThat(certificate.getSubjectX500Principal().getName()).contains("CN=n1");
    assertThat(certificate.getSubjectAlternativeNames())
        .contains(List.of(6, "ahjo:master"), List.of(7, "10.0.0.1"), List.of(2, "a.example.org"));
    assertThat(certificate.getBasicConstraints()).as("signs nothing").isNegative();
    certificate.checkValidity();
    assertThat(
            new TlsFiles(written.certificate(), written.key(), Optional.of(masters.certificate()))
                .context())
        .isNotNull();
  }

  @Test
  void keysAreReadableByTheirOwnerAlone() throws Exception {
    Written written = master("n1");
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(written.key())))
        .isEqualTo("rw-------");
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(written.certificate())))
        .isEqualTo("rw-r--r--");
  }

  @Test
  void nothingIsOverwritten() throws Exception {
    Written written = master("n1");
    byte[] before = Files.readAllBytes(written.key());
    assertThatThrownBy(() -> master("n1")).isInstanceOf(FileAlreadyExistsException.class);
    assertThat(Files.readAllBytes(written.key())).isEqualTo(before);
  }

  @Test
  void anAuthoritySignsForItsOwnAlone() throws Exception {
    assertThatThrownBy(() -> authority.issue(Use.SERVER, folder, "gate", Set.of(), now, YEAR))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("OU=Ahjo workers")
        .hasMessageContaining("Ahjo masters");
    Written leaf = master("n1");
    assertThatThrownBy(() -> Authority.open(leaf.certificate(), leaf.key()))
        .hasMessage(leaf.certificate() + ": expected an authority's certificate, but it is none");
  }

  @Test
  void everyMistakeNamesItsFile() throws Exception {
    Written one = master("n1");
    Written two = master("n2");
    assertThatThrownBy(() -> new TlsFiles(one.certificate(), two.key(), Optional.empty()).context())
        .hasMessage(two.key() + ": expected the key of the certificate in " + one.certificate());
    assertThatThrownBy(() -> Pem.key(one.certificate()))
        .hasMessageStartingWith(one.certificate() + ": expected -----BEGIN PRIVATE KEY-----")
        .hasMessageEndingWith("but found no private key");
    assertThatThrownBy(() -> Pem.certificates(one.key()))
        .hasMessageStartingWith(one.key() + ": expected");
    Path none = folder.resolve("none.pem");
    assertThatThrownBy(() -> Pem.certificates(none)).hasMessage(none + ": there is no such file");
    Path old = folder.resolve("old.key");
    Files.writeString(old, "-----BEGIN EC PRIVATE KEY-----\nAA==\n-----END EC PRIVATE KEY-----\n");
    assertThatThrownBy(() -> Pem.key(old)).hasMessageContaining("openssl pkcs8 -topk8 -nocrypt");
  }

  @Test
  void aRenewedCertificateIsUsedByTheNextConnections() throws Exception {
    Written one = master("n1");
    Written two = master("n2");
    AtomicLong nanos = new AtomicLong();
    RenewedTls tls =
        RenewedTls.of(new TlsFiles(one.certificate(), one.key(), Optional.empty()), nanos::get);
    var first = tls.context();

    Files.copy(two.certificate(), one.certificate(), REPLACE);
    later(one.certificate());
    nanos.addAndGet(Duration.ofSeconds(11).toNanos());
    assertThat(tls.context()).as("half of a renewal changes nothing").isSameAs(first);

    Files.copy(two.key(), one.key(), REPLACE);
    later(one.key());
    assertThat(tls.context()).as("files are looked at now and then").isSameAs(first);
    nanos.addAndGet(Duration.ofSeconds(11).toNanos());
    assertThat(tls.context()).isNotSameAs(first);
  }

  private static final java.nio.file.CopyOption REPLACE =
      java.nio.file.StandardCopyOption.REPLACE_EXISTING;

  private static void later(Path file) throws IOException {
    Files.setLastModifiedTime(
        file, FileTime.from(Files.getLastModifiedTime(file).toInstant().plusSeconds(5)));
  }
}
