package dev.ahjo.cluster.membership;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.typesafe.config.ConfigFactory;
import dev.ahjo.wire.tls.Authority;
import dev.ahjo.wire.tls.Authority.Kind;
import dev.ahjo.wire.tls.Authority.Use;
import dev.ahjo.wire.tls.Authority.Written;
import dev.ahjo.wire.tls.Pem;
import dev.ahjo.wire.tls.TlsFiles;
import java.io.IOException;
import java.math.BigInteger;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocket;
import javax.security.auth.x500.X500Principal;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.cluster.typed.Cluster;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Real handshakes at a master's port: another master is let in, and nobody else. */
class MastersTlsTest {
  private static final Duration YEAR = Duration.ofDays(365);

  @TempDir static Path folder;

  private static ActorSystem<Void> master;
  private static Written masters;
  private static Authority authority;
  private static int port;

  @BeforeAll
  static void start() throws Exception {
    masters = Authority.create(Kind.MASTERS, folder, "masters", Instant.now(), YEAR);
    authority = Authority.open(masters.certificate(), masters.key());
    TlsFiles own = tls(master(folder, authority, "n1"), masters);
    master =
        ActorSystem.create(
            Behaviors.empty(),
            "ahjo",
            MastersTls.config(own).withFallback(ConfigFactory.load("ahjo-node")));
    port = (Integer) Cluster.get(master).selfMember().address().port().get();
  }

  @AfterAll
  static void stop() throws Exception {
    master.terminate();
    master.getWhenTerminated().toCompletableFuture().get(10, TimeUnit.SECONDS);
  }

  private static Written master(Path folder, Authority authority, String name) throws IOException {
    return authority.issue(Use.MASTER, folder, name, Set.of("127.0.0.1"), Instant.now(), YEAR);
  }

  private static TlsFiles tls(Written own, Written authority) {
    return new TlsFiles(own.certificate(), own.key(), Optional.of(authority.certificate()));
  }

  /** Whether whoever dials with this still has a connection when all has been judged. */
  private static boolean letIn(SSLContext dialler) throws IOException {
    try (SSLSocket socket =
        (SSLSocket) dialler.getSocketFactory().createSocket("127.0.0.1", port)) {
      socket.setSoTimeout(2000);
      socket.startHandshake();
      // In TLS 1.3 the dialler is done before the other side has looked at its certificate.
      int said = socket.getInputStream().read();
      throw new AssertionError("Expected silence or an alert, but found " + said);
    } catch (SocketTimeoutException stillThere) {
      return true;
    } catch (SSLException alert) {
      return false;
    }
  }

  @Test
  void anotherMasterIsLetIn() throws Exception {
    assertThat(letIn(tls(master(folder, authority, "n2"), masters).context())).isTrue();
  }

  @Test
  void whoShowsNoCertificateIsRefused() throws Exception {
    assertThat(letIn(TlsFiles.trusting(masters.certificate()))).isFalse();
  }

  @Test
  void aWorkersCertificateIsRefused() throws Exception {
    Path there = folder.resolve("workers");
    Written workers = Authority.create(Kind.WORKERS, there, "workers", Instant.now(), YEAR);
    Authority theirs = Authority.open(workers.certificate(), workers.key());
    for (Use use : Set.of(Use.WORKER, Use.SERVER)) {
      Written one = theirs.issue(use, there, use.name(), Set.of(), Instant.now(), YEAR);
      assertThat(letIn(tls(one, masters).context())).as("%s", use).isFalse();
    }
  }

  @Test
  void aMastersCertificateOfAnotherFarmIsRefused() throws Exception {
    Path there = folder.resolve("other");
    Written others = Authority.create(Kind.MASTERS, there, "masters", Instant.now(), YEAR);
    Written one = master(there, Authority.open(others.certificate(), others.key()), "n1");
    assertThat(letIn(tls(one, masters).context())).isFalse();
  }

  /** Somebody signed a web server's certificate with the masters' authority, by other tools. */
  @Test
  void whatTheMastersAuthoritySignedForOthersIsRefused() throws Exception {
    Written key = master(folder, authority, "key-for-web");
    var signer = new JcaContentSignerBuilder("SHA256withECDSA").build(Pem.key(masters.key()));
    var issuer = Pem.certificates(masters.certificate()).getFirst();
    var certificate =
        new JcaX509v3CertificateBuilder(
                issuer,
                BigInteger.TEN,
                Date.from(Instant.now().minusSeconds(60)),
                Date.from(Instant.now().plus(YEAR)),
                new X500Principal("CN=www.example.org"),
                Pem.certificates(key.certificate()).getFirst().getPublicKey())
            .build(signer);
    Path web = folder.resolve("web.pem");
    Files.writeString(
        web,
        "-----BEGIN CERTIFICATE-----\n"
            + java.util.Base64.getMimeEncoder().encodeToString(certificate.getEncoded())
            + "\n-----END CERTIFICATE-----\n");
    assertThat(letIn(tls(new Written(web, key.key()), masters).context())).isFalse();
  }

  @Test
  void plainTextIsRefused() throws Exception {
    try (Socket socket = new Socket("127.0.0.1", port)) {
      socket.setSoTimeout(5000);
      socket.getOutputStream().write(new byte[64]);
      // An alert of TLS at most, then the end: no byte of Artery's.
      byte[] answer = socket.getInputStream().readAllBytes();
      assertThat(answer.length).isLessThan(32);
    }
  }

  @Test
  void aMasterDoesNotDialWhoIsNone() throws Exception {
    Path there = folder.resolve("gate");
    Written workers = Authority.create(Kind.WORKERS, there, "workers", Instant.now(), YEAR);
    Written gate =
        Authority.open(workers.certificate(), workers.key())
            .issue(Use.SERVER, there, "gate", Set.of("127.0.0.1"), Instant.now(), YEAR);
    try (var server = tls(gate, masters).context().getServerSocketFactory().createServerSocket(0)) {
      var accepts =
          Thread.ofVirtual()
              .start(() -> {
                try (Socket peer = server.accept()) {
                  var unused = peer.getInputStream().read();
                } catch (IOException refused) {
                  // What the dialler thinks of it is asked below.
                }
              });
      var dialler =
          (SSLSocket)
              tls(master(folder, authority, "n4"), masters)
                  .context(MastersTls::mastersOnly)
                  .getSocketFactory()
                  .createSocket("127.0.0.1", server.getLocalPort());
      assertThatThrownBy(dialler::startHandshake).isInstanceOf(SSLException.class);
      dialler.close();
      accepts.join(Duration.ofSeconds(5));
    }
  }
}
