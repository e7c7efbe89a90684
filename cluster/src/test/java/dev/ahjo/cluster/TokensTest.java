package dev.ahjo.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ahjo.core.id.WorkerName;
import dev.ahjo.http.HttpSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TokensTest {
  @TempDir private Path folder;

  @Test
  void eachHasATokenOfItsOwnOrTheSharedOne() throws IOException {
    Path file = written("# workers\nw1: one\n\nshared\n");
    var tokens = Tokens.ofWorkers(file);
    assertThat(tokens.check(new WorkerName("w1"), "one")).isTrue();
    assertThat(tokens.check(new WorkerName("w1"), "shared")).isFalse();
    assertThat(tokens.check(new WorkerName("w2"), "shared")).isTrue();
    assertThat(Tokens.ofAdmins(file))
        .containsExactly(
            new HttpSettings.Token("w1", "one"), new HttpSettings.Token("admin", "shared"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "w1 one          | 1 | white space within the token",
        "one;two         | 2 | a second token for all others",
        "w1: one;w1: two | 2 | a second token for 'w1'",
        "#;w1:           | 2 | no token after the colon"
      })
  void aMistakeIsToldWithItsLineAndWhatWasExpected(String lines, int line, String found)
      throws IOException {
    Path file = written(lines.replace(";", "\n"));
    assertThatThrownBy(() -> Tokens.ofWorkers(file))
        .isInstanceOf(IOException.class)
        .hasMessage(
            file
                + ":"
                + line
                + ": expected NAME: TOKEN, or one TOKEN for all others, but found "
                + found);
  }

  private Path written(String text) throws IOException {
    return Files.writeString(folder.resolve("tokens.txt"), text);
  }
}
