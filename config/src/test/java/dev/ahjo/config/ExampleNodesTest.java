package dev.ahjo.config;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ahjo.config.node.Machine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The settings that people begin with are good ones. */
class ExampleNodesTest {
  private static final Path FOLDER = Path.of("../examples/nodes");

  /** As Kubernetes tells a pod who it is. */
  private static final Machine MACHINE =
      new Machine(Optional.of("ahjo-0"), Map.of("HOSTNAME", "ahjo-0"));

  static List<Path> examples() throws IOException {
    try (Stream<Path> files = Files.walk(FOLDER)) {
      return files.filter(f -> f.toString().endsWith(".yaml")).sorted().toList();
    }
  }

  @ParameterizedTest
  @MethodSource("examples")
  void isGood(Path file) throws IOException {
    Reading<NodeSettings> reading = NodeSettings.read(file, Files.readString(file), MACHINE);
    assertThat(reading.problems()).isEmpty();
    assertThat(reading).isInstanceOf(Reading.Valid.class);
  }

  @Test
  void thereAreSome() throws IOException {
    assertThat(examples()).hasSizeGreaterThanOrEqualTo(6);
  }

  @Test
  void threeNodesKnowEachOther() throws IOException {
    List<NodeSettings> nodes =
        examples().stream()
            .filter(f -> f.toString().contains("three-on-one-machine"))
            .map(ExampleNodesTest::read)
            .toList();
    assertThat(nodes).hasSize(3);
    assertThat(nodes).extracting(NodeSettings::seeds).containsOnly(nodes.getFirst().seeds());
    var places = ((NodeSettings.Seeds.Listed) nodes.getFirst().seeds()).places();
    assertThat(nodes)
        .extracting(n -> new NodeSettings.Seeds.Place(n.cluster().host(), n.cluster().port()))
        .containsExactlyElementsOf(places);
  }

  @Test
  void aFileForSeveralPodsHasANameAndAGateForEach() throws IOException {
    NodeSettings pod = read(FOLDER.resolve("farm/kubernetes.yaml"));
    assertThat(pod.name()).isEqualTo("ahjo-0");
    assertThat(pod.roles()).contains(NodeSettings.Role.GATE);
    assertThat(pod.gate().advertise().orElseThrow()).startsWith("ahjo-0.");
  }

  private static NodeSettings read(Path file) {
    try {
      return ((Reading.Valid<NodeSettings>)
              NodeSettings.read(file, Files.readString(file), MACHINE))
          .value();
    } catch (IOException unreadable) {
      throw new java.io.UncheckedIOException(unreadable);
    }
  }
}
