package dev.ahjo.config;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ahjo.config.Reading.Valid;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The examples of the user's guide are good files. */
class DocumentationTest {
  private static final Pattern BLOCK = Pattern.compile("(?s)```yaml\n(.*?)```");

  @Test
  void theExamplesOfTheGuideAreGood() throws IOException {
    String guide = Files.readString(Path.of("../docs/project-files.md"));
    List<String> blocks = BLOCK.matcher(guide).results().map(m -> m.group(1)).toList();

    assertThat(blocks).hasSizeGreaterThanOrEqualTo(5);
    for (String block : blocks) {
      Reading<?> reading =
          block.startsWith("name:")
              ? NodeSettings.read(Path.of("node.yaml"), block)
              : ProjectFiles.read("guide", whole(block));
      assertThat(reading).as(block + reading.problems()).isInstanceOf(Valid.class);
    }
  }

  /** Excerpts lack what stands around them. */
  private static String whole(String block) {
    if (block.startsWith("builders:")) {
      return "project: p\n" + block;
    }
    if (block.startsWith("- ")) {
      return "project: p\nproperties: {version: 1}\nbuilders:\n  a:\n    steps:\n"
          + block.indent(6);
    }
    if (block.startsWith("retry:")) {
      return "project: p\nbuilders: {a: {steps: [{name: fetch, run: x}]}}\ndefaults:\n"
          + block.indent(2);
    }
    return block;
  }
}
