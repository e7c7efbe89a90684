package dev.ahjo.worker;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ahjo.wire.tls.Authority;
import dev.ahjo.wire.tls.Authority.Kind;
import dev.ahjo.wire.tls.Authority.Use;
import dev.ahjo.wire.tls.Authority.Written;
import dev.ahjo.wire.tls.Pem;
import dev.ahjo.wire.tls.RenewedTls;
import dev.ahjo.wire.tls.TlsFiles;
import java.io.IOException;
import java.nio.file.Path;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import javax.net.ssl.X509ExtendedTrustManager;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whom an agent takes for a gate, whichever of the two has dialled. */
class GateTlsTest {
  private static final Duration YEAR = Duration.ofDays(365);

  @TempDir Path folder;

  private Written root;
  private Authority authority;

  @BeforeEach
  void signs() throws IOException {
    root = Authority.create(Kind.WORKERS, folder, "ca", Instant.now(), YEAR);
    authority = Authority.open(root.certificate(), root.key());
  }

  private Written issue(Authority by, Use use, String name, String... hosts) throws IOException {
    return by.issue(use, folder, name, Set.of(hosts), Instant.now(), YEAR);
  }

  private static X509Certificate[] chain(Written of) throws IOException {
    return Pem.certificates(of.certificate()).toArray(X509Certificate[]::new);
  }

  private X509ExtendedTrustManager trust(String... gates) throws IOException {
    Written own = issue(authority, Use.WORKER, "own");
    var made = new AtomicReference<X509ExtendedTrustManager>();
    RenewedTls.of(
        new TlsFiles(own.certificate(), own.key(), Optional.of(root.certificate())),
        by -> {
          made.set(GateTls.gatesOnly(by, Set.of(gates)));
          return made.get();
        });
    return made.get();
  }

  private static void refused(X509ExtendedTrustManager trust, X509Certificate[] chain) {
    assertThatThrownBy(() -> trust.checkServerTrusted(chain, "UNKNOWN"))
        .isInstanceOf(CertificateException.class);
    assertThatThrownBy(() -> trust.checkClientTrusted(chain, "UNKNOWN"))
        .isInstanceOf(CertificateException.class);
  }

  @Test
  void aGateIsBelievedAtTheHostsThatTheAgentJoins() throws Exception {
    var trust = trust("Gate.example.org", "127.0.0.1", "2001:DB8::1");
    for (var gate :
        new Written[] {
          issue(authority, Use.SERVER, "named", "gate.example.org"),
          issue(authority, Use.SERVER, "numbered", "127.0.0.1"),
          issue(authority, Use.SERVER, "of-ipv6", "2001:db8:0::1")
        }) {
      X509Certificate[] chain = chain(gate);
      assertThatCode(() -> trust.checkServerTrusted(chain, "UNKNOWN")).doesNotThrowAnyException();
      assertThatCode(() -> trust.checkClientTrusted(chain, "UNKNOWN")).doesNotThrowAnyException();
    }
  }

  @Test
  void anotherWorkerIsNoGate() throws Exception {
    refused(trust("127.0.0.1"), chain(issue(authority, Use.WORKER, "w2", "127.0.0.1")));
  }

  @Test
  void aGateOfAnotherHostIsNotThisOne() throws Exception {
    var trust = trust("127.0.0.1", "2001:db8::1");
    refused(trust, chain(issue(authority, Use.SERVER, "other", "gate.example.org")));
    refused(trust, chain(issue(authority, Use.SERVER, "next", "2001:db8::2")));
  }

  @Test
  void whoIsSignedByAnotherAuthorityIsNobody() throws Exception {
    Written foreign =
        Authority.create(Kind.WORKERS, folder.resolve("foreign"), "ca", Instant.now(), YEAR);
    Authority stranger = Authority.open(foreign.certificate(), foreign.key());
    refused(trust("127.0.0.1"), chain(issue(stranger, Use.SERVER, "gate", "127.0.0.1")));
  }
}
