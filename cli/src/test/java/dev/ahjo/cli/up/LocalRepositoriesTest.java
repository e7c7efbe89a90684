package dev.ahjo.cli.up;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LocalRepositoriesTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{git: .}                        | {git: \"/src/app\"}",
        "{git: \".\", branch: main}        | {git: \"/src/app\", branch: main}",
        "git: '.'                        | git: \"/src/app\"",
        "git: ./                         | git: \"/src/app\"",
        "git: ../lib  # beside           | git: \"/src/lib\"  # beside",
        "{git: ../lib,branch: x}         | {git: \"/src/lib\",branch: x}",
        "git: https://example.org/a.git  | git: https://example.org/a.git",
        "- git: app                      | - git: app",
        "run: git add .                  | run: git add .",
        "git: .hidden                    | git: .hidden",
        "git: /already/whole             | git: /already/whole",
      })
  void onlyWhatIsRelativeIsMadeWhole(String line, String expected) {
    assertThat(LocalRepositories.absolute(line, Path.of("/src/app"))).isEqualTo(expected);
  }
}
