package dev.ahjo.config;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ahjo.config.Reading.Invalid;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Every kind of mistake is told at its place, all of a file's at once. */
class MistakesTest {
  @TestFactory
  Stream<DynamicTest> everyMistakeOfAFileIsToldAtOnce() {
    return Mistakes.all().stream()
        .map(m ->
            DynamicTest.dynamicTest(
                m.name(),
                () -> {
                  var reading = ProjectFiles.read("f", m.file());

                  assertThat(reading).isInstanceOf(Invalid.class);
                  assertThat(String.join("\n", told(reading)))
                      .isEqualTo(String.join("\n", m.expected()));
                }));
  }

  private static List<String> told(Reading<?> reading) {
    return reading.problems().stream().map(p -> p.toString().substring("f:".length())).toList();
  }

  @Test
  void aFileThatIsTooLarge() {
    assertThat(told(ProjectFiles.read("f", "a: " + "ä".repeat(600_000))))
        .containsExactly("1:1: expected at most 1048576 bytes, but found more");
  }

  @Test
  void aFileThatIsTooDeep() {
    assertThat(told(ProjectFiles.read("f", "[".repeat(1_000_000))))
        .containsExactly("1:33: expected at most 32 levels, but found more");
  }

  @Test
  void aHoleWithAnEndlessName() {
    String file =
        """
        project: p
        repositories: {p: {git: "https://git.example.org/p.git", branch: master}}
        builders:
          b: {worker: {labels: [x]}, steps: [{run: "echo ${%sa}"}]}
        """
            .formatted("a.".repeat(200_000));

    assertThat(told(ProjectFiles.read("f", file)))
        .containsExactly("4:52: run: expected a name of at most 200 characters, but found 400001");
  }

  @Test
  void halfASurrogatePairIsNoText() {
    String file =
        """
        project: p
        repositories: {p: {git: "https://git.example.org/p.git", branch: master}}
        properties: {x: "a\\ud800b", "k\\udc00": v}
        builders:
          b: {worker: {labels: [x]}, steps: [{run: "echo \\ud83d\\ude00"}]}
        """;

    assertThat(told(ProjectFiles.read("f", file)))
        .containsExactly(
            "3:17: x: expected text, but found half a surrogate pair in it",
            "3:29: a key of properties: expected a name, but found half a surrogate pair in it");
  }

  @Test
  void aliasesThatMultiply() {
    var bomb = new StringBuilder("a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
    for (int i = 1; i < 9; i++) {
      bomb.append("a%d: &a%d [%s]\n".formatted(i, i, ("*a" + (i - 1) + ", ").repeat(5)));
    }
    assertThat(told(ProjectFiles.read("f", bomb.toString())))
        .containsExactly(
            "1:1: expected at most 1048576 values once aliases are followed, but found more");
    assertThat(told(ProjectFiles.read("f", "a: &a [x]\nb: [" + "*a, ".repeat(60) + "]")))
        .containsExactly(
            "1:1: cannot be read as YAML: Number of aliases for non-scalar nodes exceeds the"
                + " specified max=50");
  }

  @Test
  void tooManyBuildersAndSteps() {
    var builders = new StringBuilder("project: p\nbuilders:\n");
    for (int i = 0; i < 1001; i++) {
      builders.append("  b%d: {steps: [{run: x}]}\n".formatted(i));
    }
    assertThat(told(ProjectFiles.read("f", builders.toString())))
        .containsExactly("3:3: builders: expected at most 1000 keys, but found 1001");

    String spread =
        """
        project: p
        builders:
          a: {matrix: {x: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16], \
        y: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]}, steps: [{run: x}]}
          b: {like: a}
          c: {like: a}
          d: {like: a}
        """;
    assertThat(told(ProjectFiles.read("f", spread)))
        .containsExactly(
            "6:3: expected at most 1000 builders once every matrix is spread, but found more");

    String steps = "project: p\nbuilders: {a: {steps: [" + "{run: x},\n".repeat(501) + "]}}";
    assertThat(told(ProjectFiles.read("f", steps)))
        .containsExactly("2:23: steps: expected at most 500 elements, but found 501");
  }

  @Test
  void charactersThatAreNotAllowed() {
    assertThat(told(ProjectFiles.read("f", "project: p\nbuilders: \u0007x")))
        .containsExactly(
            "2:11: cannot be read as YAML: found the character U+0007, which is not allowed");
  }

  @Test
  void aFileThatIsWrongAllOverEndsSoon() {
    String file =
        "project: p\nbuilders:\n  a: {steps: [{run: '"
            + "${nobody.knows.this}".repeat(50_000)
            + "'}]}";
    List<String> told = told(ProjectFiles.read("f", file));

    assertThat(told).hasSize(501);
    assertThat(told.getLast()).endsWith("expected fewer problems; only 500 are told");
  }

  @Test
  void messagesStayOnOneLineAndOutOfTheTerminalsHands() {
    Problem problem =
        ProjectFiles.read("f", "\"pro\\e[31mject\\n\": p").problems().stream()
            .filter(p -> p.message().startsWith("unknown"))
            .findFirst()
            .orElseThrow();

    assertThat(problem.message()).startsWith("unknown key 'pro\\u001b[31mject\\n' in");
  }
}
