package dev.ahjo.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ahjo.cluster.worker.WorkerTokens;
import dev.ahjo.core.id.WorkerName;
import dev.ahjo.http.HttpSettings;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
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

  @Test
  void aChangeIsInForceWithoutANewStartAndABrokenOneIsNot() throws IOException {
    Path file = written("w1: one\nw2: two\n");
    var w1 = new WorkerName("w1");
    var w3 = new WorkerName("w3");
    try (var tokens = TokenFile.open(file, Tokens::ofWorkers, Duration.ofMillis(10))) {
      assertThat(tokens.tokens().check(w1, "one")).isTrue();

      Path next = Files.writeString(folder.resolve("next.txt"), "w2: two\nw3: three\n");
      Files.move(next, file, StandardCopyOption.REPLACE_EXISTING);
      await("the third", () -> tokens.tokens().check(w3, "three"));
      assertThat(tokens.tokens().check(w1, "one")).as("a token taken back").isFalse();

      written("w1 one two\n");
      // Another file, opened later, has been looked at as often when this one has been refused.
      Path witness = Files.writeString(folder.resolve("witness.txt"), "w1: a\n");
      try (var other = TokenFile.open(witness, Tokens::ofWorkers, Duration.ofMillis(20))) {
        Files.writeString(witness, "w1: another\n");
        await("the witness", () -> other.tokens().check(w1, "another"));
      }
      Files.delete(file);
      assertThat(tokens.tokens().check(w3, "three")).as("broken, then gone").isTrue();

      written("w1: four\n");
      await("the mended one", () -> tokens.tokens().check(w1, "four"));
      assertThat(tokens.tokens().check(w3, "three")).isFalse();
    }
  }

  /** A file whose owner is set only after it is in its place, on a disk that was full before. */
  @Test
  void whatCouldNotBeReadIsReadAsSoonAsItCan() throws IOException {
    Path file = written("w1: one\n");
    var w1 = new WorkerName("w1");
    var allowed = new AtomicBoolean(true);
    var refused = new AtomicInteger();
    TokenFile.Reader<WorkerTokens> reader =
        path -> {
          if (!allowed.get()) {
            refused.incrementAndGet();
            throw new AccessDeniedException(path.toString());
          }
          return Tokens.ofWorkers(path);
        };
    try (var tokens = TokenFile.open(file, reader, Duration.ofMillis(10))) {
      allowed.set(false);
      written("w1: another\n");
      await("two tries", () -> refused.get() >= 2);
      assertThat(tokens.tokens().check(w1, "one")).isTrue();
      allowed.set(true);
      await("the change", () -> tokens.tokens().check(w1, "another"));

      written("");
      Path witness = Files.writeString(folder.resolve("witness.txt"), "w1: a\n");
      try (var other = TokenFile.open(witness, Tokens::ofWorkers, Duration.ofMillis(20))) {
        Files.writeString(witness, "w1: another\n");
        await("the witness", () -> other.tokens().check(w1, "another"));
      }
      assertThat(tokens.tokens().check(w1, "another")).as("beside an empty file").isTrue();
    }
  }

  @Test
  void anEmptyFileOpensNothingToEverybody() throws IOException {
    Path file = written("# nobody yet\n");
    assertThatThrownBy(() -> Tokens.ofAdmins(file))
        .isInstanceOf(IOException.class)
        .hasMessage(file + ": expected at least one token, but found none");
    assertThat(Tokens.ofWorkers(file).check(new WorkerName("w1"), "")).isFalse();
  }

  private static void await(String what, BooleanSupplier so) {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
    while (!so.getAsBoolean()) {
      assertThat(System.nanoTime()).as("waiting for " + what).isLessThan(end);
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(5));
    }
  }

  @Test
  void aFileThatIsNotThereIsTold() {
    Path file = folder.resolve("workers.txt");
    assertThatThrownBy(() -> Tokens.ofWorkers(file))
        .isInstanceOf(IOException.class)
        .hasMessage("the tokens file " + file + " can't be read: there is no such file");
  }

  private Path written(String text) throws IOException {
    return Files.writeString(folder.resolve("tokens.txt"), text);
  }
}
