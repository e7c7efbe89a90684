package dev.ahjo.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ahjo.cli.Shell.Said;
import dev.ahjo.wire.tls.Pem;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CertTest {
  private final Shell shell = new Shell(URI.create("http://localhost:1"));

  @TempDir Path folder;

  private Said cert(String... args) {
    List<String> all = new java.util.ArrayList<>(List.of("cert"));
    all.addAll(List.of(args));
    all.addAll(List.of("--out", folder.toString()));
    return shell.ahjo(all.toArray(String[]::new));
  }

  @Test
  void aFarmsCertificatesAreMadeAndItIsToldWhereTheyGo() throws Exception {
    assertThat(cert("ca", "masters").out())
        .contains("masters-ca.pem", "masters-ca.key", "off the nodes", "ahjo cert node NAME");
    assertThat(cert("ca", "workers").exit()).isZero();

    Said node = cert("node", "n1", "--host", "10.0.0.1", "--host", "n1.example.org");
    assertThat(node.exit()).isZero();
    assertThat(node.out())
        .contains(
            "listen: {host: ..., tls: {certificate: n1.pem, key: n1.key, authority:"
                + " masters-ca.pem}}");
    assertThat(Pem.certificates(folder.resolve("n1.pem")).getFirst().getSubjectAlternativeNames())
        .contains(List.of(6, "ahjo:master"), List.of(7, "10.0.0.1"), List.of(2, "n1.example.org"));

    assertThat(cert("server", "gate1", "--host", "build.example.org").exit()).isZero();
    assertThat(cert("worker", "w1").exit()).isZero();
    assertThat(Pem.certificates(folder.resolve("w1.pem")).getFirst().getSubjectAlternativeNames())
        .contains(List.of(6, "ahjo:worker:w1"));
    assertThat(Pem.key(folder.resolve("w1.key")).getAlgorithm()).isEqualTo("EC");
  }

  @Test
  void whatWouldBeWrongIsNotMade() throws Exception {
    assertThat(cert("ca", "masters").exit()).isZero();
    byte[] before = Files.readAllBytes(folder.resolve("masters-ca.key"));

    Said again = cert("ca", "masters");
    assertThat(again.exit()).isEqualTo(2);
    assertThat(again.err()).contains("masters-ca.pem is there already, and is not overwritten");
    assertThat(Files.readAllBytes(folder.resolve("masters-ca.key"))).isEqualTo(before);

    Said other = cert("worker", "w1", "--ca", folder.resolve("masters-ca.pem").toString());
    assertThat(other.exit()).isEqualTo(2);
    assertThat(other.err()).contains("--ca: expected the authority of OU=Ahjo workers");
    assertThat(folder.resolve("w1.key")).doesNotExist();

    assertThat(cert("node", "../n1").err()).contains("Expected a name of letters");
    assertThat(cert("server", "gate1").err()).contains("--host: expected the names");
    assertThat(cert("ca", "everybody").err()).contains("Expected masters or workers");
    assertThat(cert("node", "n1", "--days", "0").err()).contains("--days: expected 1 to 36500");
  }
}
