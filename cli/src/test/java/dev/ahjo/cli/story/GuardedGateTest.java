package dev.ahjo.cli.story;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ahjo.cluster.Node;
import dev.ahjo.config.NodeSettings;
import dev.ahjo.config.Reading;
import dev.ahjo.core.id.PoolName;
import dev.ahjo.core.id.WorkerName;
import dev.ahjo.wire.tls.Authority;
import dev.ahjo.wire.tls.Authority.Kind;
import dev.ahjo.wire.tls.Authority.Use;
import dev.ahjo.wire.tls.Authority.Written;
import dev.ahjo.wire.tls.TlsFiles;
import dev.ahjo.worker.Agent;
import dev.ahjo.worker.AgentSettings;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A node whose gate and HTTP speak TLS, and who comes in. */
@Tag("processes")
class GuardedGateTest {
  private static final Duration YEAR = Duration.ofDays(365);

  @TempDir Path folder;

  private final List<AutoCloseable> open = new ArrayList<>();

  @AfterEach
  void close() throws Exception {
    // Remoting that never got through takes its time to give up; together that is no more than
    // once.
    try (var together = Executors.newVirtualThreadPerTaskExecutor()) {
      for (AutoCloseable each : open) {
        together.submit(() -> {
          each.close();
          return each;
        });
      }
    }
  }

  private Authority authority(String name) throws IOException {
    Written root = Authority.create(Kind.WORKERS, folder.resolve(name), "ca", Instant.now(), YEAR);
    return Authority.open(root.certificate(), root.key());
  }

  private Path ca(String authority) {
    return folder.resolve(authority).resolve("ca.pem");
  }

  private TlsFiles issue(Authority by, Use use, String name, String trusting) throws IOException {
    Written written =
        by.issue(use, folder.resolve("tls"), name, Set.of("127.0.0.1"), Instant.now(), YEAR);
    return new TlsFiles(written.certificate(), written.key(), Optional.of(ca(trusting)));
  }

  private Node node(TlsFiles gate) throws IOException {
    Files.writeString(folder.resolve("tokens"), "secret\n");
    String tls =
        "{port: 0, tls: {certificate: %s, key: %s, authority: %s}}"
            .formatted(gate.certificate(), gate.key(), gate.authority().orElseThrow());
    String settings =
        """
        name: n1
        data: data
        worker_tokens: tokens
        listen: {port: 0}
        http: %s
        gate: %s
        """
            .formatted(tls.replaceAll(", authority: [^}]*", ""), tls);
    return switch (NodeSettings.read(folder.resolve("node.yaml"), settings)) {
      case Reading.Valid<NodeSettings> valid -> Node.start(valid.value());
      case Reading.Invalid<NodeSettings> invalid ->
          throw new AssertionError(invalid.problems().toString());
    };
  }

  private Agent agent(String name, URI gate, AgentSettings.Tls tls) throws IOException {
    Agent agent =
        Agent.start(
            AgentSettings.of(
                    new WorkerName(name),
                    folder.resolve(name),
                    List.of(gate),
                    "secret",
                    1,
                    Set.of(),
                    new PoolName("default"))
                .withTls(tls));
    open.addFirst(agent);
    return agent;
  }

  private static AgentSettings.Tls shows(TlsFiles identity) {
    return new AgentSettings.Tls(identity.authority(), Optional.of(identity));
  }

  @Test
  void onlyWhoShowsWhatTheFarmHasSignedComesIn() throws Exception {
    Authority farm = authority("farm");
    Authority foreign = authority("foreign");
    Node node = node(issue(farm, Use.SERVER, "gate", "farm"));
    open.add(node);
    URI remoting = URI.create(node.gate());
    URI socket = URI.create(node.http().toString().replace("https:", "wss:"));

    List<Agent> strangers =
        List.of(
            agent("in-the-clear", remoting, AgentSettings.Tls.NONE),
            agent("foreign", remoting, shows(issue(foreign, Use.WORKER, "foreign", "farm"))),
            agent("gate-again", remoting, shows(issue(farm, Use.SERVER, "again", "farm"))),
            agent(
                "doubting",
                socket,
                new AgentSettings.Tls(Optional.of(ca("foreign")), Optional.empty())),
            agent("unsure", socket, AgentSettings.Tls.NONE));
    Agent signed = agent("w1", remoting, shows(issue(farm, Use.WORKER, "w1", "farm")));
    Agent trusting =
        agent("w2", socket, new AgentSettings.Tls(Optional.of(ca("farm")), Optional.empty()));

    LiveFarm.await("the signed worker", signed::connected);
    LiveFarm.await("the worker behind NAT", trusting::connected);
    assertThat(strangers).noneMatch(Agent::connected);
  }
}
