package dev.ahjo.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ahjo.cli.Shell.Said;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The units of systemd that people begin with call commands that there are. */
class UnitsTest {
  private static final Path FOLDER = Path.of("../examples/nodes/systemd");

  private final Shell shell = new Shell(URI.create("http://localhost:1"));

  @ParameterizedTest
  @CsvSource({
    "ahjo-node.service,   --config: could not read /nowhere/etc/ahjo/node.yaml",
    "ahjo-worker.service, --token-file: could not read /nowhere/etc/ahjo-worker/token"
  })
  void onlyItsFilesAreMissing(String unit, String missing) throws IOException {
    List<String> lines =
        Files.readString(FOLDER.resolve(unit)).replace("\\\n", " ").lines().toList();
    Map<String, String> environment =
        told(lines, "Environment=")
            .map(line -> line.split("=", 2))
            .collect(Collectors.toMap(pair -> pair[0], pair -> pair[1]));
    assertThat(environment).containsEntry("AHJO_NO_BUILD", "1");

    String command = told(lines, "ExecStart=").findFirst().orElseThrow();
    for (var variable : environment.entrySet()) {
      command = command.replace("${" + variable.getKey() + "}", variable.getValue());
    }
    assertThat(command).startsWith("/opt/ahjo/ahjo ").doesNotContain("$");
    String[] words = command.replace("/etc/", "/nowhere/etc/").split("\\s+");
    Said said = shell.ahjo(List.of(words).subList(1, words.length).toArray(String[]::new));

    assertThat(said.err()).startsWith("ahjo: " + missing);
    assertThat(said.exit()).isEqualTo(2);
    assertThat(lines)
        .as("what Java answers to SIGTERM is no failure, and all else is tried again")
        .contains("SuccessExitStatus=143", "Restart=on-failure");
  }

  private static Stream<String> told(List<String> lines, String key) {
    return lines.stream().filter(line -> line.startsWith(key)).map(l -> l.substring(key.length()));
  }
}
