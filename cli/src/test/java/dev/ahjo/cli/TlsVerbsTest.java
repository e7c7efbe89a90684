package dev.ahjo.cli;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import dev.ahjo.cli.Shell.Said;
import dev.ahjo.cluster.Node;
import dev.ahjo.config.NodeSettings;
import dev.ahjo.config.Reading;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Client verbs and a node whose certificates {@code ahjo cert} has made. */
@Tag("processes")
class TlsVerbsTest {
  @TempDir static Path folder;

  private static Node node;
  private static URI url;

  @BeforeAll
  static void start() throws Exception {
    cert("ca", "workers");
    cert("server", "web1", "--host", "127.0.0.1");
    cert("worker", "bench");
    Files.writeString(folder.resolve("admins.txt"), "admin: secret\n");
    Files.writeString(folder.resolve("workers.txt"), "worker-secret\n");
    String tls =
        "{port: 0, tls: {certificate: web1.pem, key: web1.key, authority: workers-ca.pem}}";
    String settings =
        """
        name: n1
        data: data
        admin_tokens: admins.txt
        worker_tokens: workers.txt
        listen: {port: 0}
        http: %s
        gate: %s
        """
            .formatted(tls.replace(", authority: workers-ca.pem", ""), tls);
    node =
        switch (NodeSettings.read(folder.resolve("node.yaml"), settings)) {
          case Reading.Valid<NodeSettings> valid -> Node.start(valid.value());
          case Reading.Invalid<NodeSettings> invalid ->
              throw new AssertionError(invalid.problems().toString());
        };
    url = node.http();
  }

  @AfterAll
  static void stop() {
    node.close();
  }

  private static void cert(String... args) {
    List<String> all = new ArrayList<>(List.of("cert"));
    all.addAll(List.of(args));
    all.addAll(List.of("--out", folder.toString()));
    Said said = new Shell(URI.create("http://localhost:1")).ahjo(all.toArray(String[]::new));
    assertThat(said.exit()).as(said.err()).isZero();
  }

  private static String authority() {
    return folder.resolve("workers-ca.pem").toString();
  }

  private static Shell shell() {
    return new Shell(url).with("AHJO_TOKEN", "secret");
  }

  @Test
  void whoNamesTheAuthorityIsAnswered() {
    assertThat(url).hasScheme("https");
    Said named = shell().ahjo("status", "--ca", authority());
    assertThat(named.exit()).as(named.err()).isZero();
    assertThat(shell().with("AHJO_CA", authority()).ahjo("workers").exit()).isZero();
  }

  @Test
  void whoNamesNoneIsToldAtOnceHowTo() {
    Said said = shell().ahjo("status");
    assertThat(said.err())
        .isEqualTo(
            "ahjo: the certificate of "
                + url
                + " is of no authority that is trusted here: name it with --ca FILE\n");
    assertThat(said.exit()).isEqualTo(4);
  }

  @Test
  void aBenchLoadsANodeWhoseGateWantsCertificates() {
    Shell shell = shell().with("AHJO_WORKER_TOKEN", "worker-secret").with("AHJO_CA", authority());
    Said half = shell.ahjo("bench", "--certificate", folder.resolve("bench.pem").toString());
    assertThat(half.err()).contains("Expected --ca, --certificate and --key together");

    Said said =
        shell.ahjo(
            "bench",
            "--builds",
            "10",
            "--workers",
            "2",
            "--certificate",
            folder.resolve("bench.pem").toString(),
            "--key",
            folder.resolve("bench.key").toString());
    assertThat(said.exit()).as(said.err()).isZero();
    assertThat(said.out()).contains("2 simulated workers x 8 slots");
  }

  @Test
  void theWrongAuthorityNameOrSchemeIsNamed() throws Exception {
    Path other = Files.createDirectories(folder.resolve("other"));
    cert("ca", "masters");
    Path masters = folder.resolve("masters-ca.pem");
    assertThat(shell().ahjo("status", "--ca", masters.toString()).err())
        .contains("the certificate of " + url + " is not of the authority in " + masters);
    assertThat(shell().ahjo("status", "--ca", other.resolve("nope.pem").toString()).err())
        .contains("--ca: ", "nope.pem: there is no such file");

    String byName = url.toString().replace("127.0.0.1", "localhost");
    assertThat(shell().ahjo("status", "--url", byName, "--ca", authority()).err())
        .contains("the certificate of " + byName + " is for other names", "--host");

    String clear = url.toString().replace("https:", "http:");
    Said said = shell().ahjo("status", "--url", clear, "--ca", authority());
    assertThat(said.exit()).isEqualTo(4);
    assertThat(said.err()).contains("is it https?");
    assertThat(said.err()).doesNotContain("fault of ahjo's own");
  }

  @Test
  void whoSpeaksNoTlsIsTold() throws Exception {
    try (var plain = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      Thread.ofVirtual()
          .start(() -> {
            while (!plain.isClosed()) {
              try (var caller = plain.accept()) {
                caller.getInputStream().read();
                caller
                    .getOutputStream()
                    .write("HTTP/1.1 400 Bad Request\r\n\r\n".getBytes(US_ASCII));
                caller.shutdownOutput();
                caller.getInputStream().readAllBytes();
              } catch (IOException over) {
                // The caller has hung up, or the test has ended.
              }
            }
          });
      String wrong = "https://127.0.0.1:" + plain.getLocalPort();
      assertThat(shell().ahjo("status", "--url", wrong).err())
          .contains(wrong + " does not speak TLS");
    }
  }
}
