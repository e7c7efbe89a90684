package dev.ahjo.worker.step;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ahjo.core.project.RetryPolicy.Rule;
import dev.ahjo.core.project.StepDefinition;
import dev.ahjo.core.project.StepDefinition.Kind;
import dev.ahjo.core.project.StepDefinition.OnFailure;
import dev.ahjo.core.property.Condition;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OutputTest {
  @TempDir Path folder;
  private Path file;

  @BeforeEach
  void aLog() throws IOException {
    file = folder.resolve("stdio");
    Files.writeString(file, "disk full\n" + "x".repeat(Output.TAIL) + "\nno route to host\n");
  }

  private static StepDefinition step(String name) {
    return new StepDefinition(
        name,
        new Kind.Run(List.of(), true, Optional.empty(), Optional.empty(), Optional.empty()),
        Condition.ALWAYS,
        false,
        OnFailure.STOP,
        Map.of(),
        Optional.empty(),
        Duration.ofMinutes(1),
        Duration.ofMinutes(1),
        1);
  }

  private static Rule rule(
      Set<String> steps, Set<Integer> codes, Set<String> signals, Optional<String> output) {
    return new Rule("it", steps, codes, signals, output);
  }

  private boolean fits(Rule rule) throws IOException {
    return Output.retryRule(
            List.of(rule),
            step("fetch"),
            OptionalInt.of(137),
            Optional.of("KILL"),
            file,
            Files.size(file))
        .isPresent();
  }

  @Test
  void aRuleFitsWhenAllThatItNamesFits() throws IOException {
    assertThat(fits(rule(Set.of(), Set.of(137), Set.of(), Optional.empty()))).isTrue();
    assertThat(fits(rule(Set.of(), Set.of(1, 2), Set.of(), Optional.empty()))).isFalse();
    assertThat(fits(rule(Set.of("fetch"), Set.of(), Set.of("KILL"), Optional.empty()))).isTrue();
    assertThat(fits(rule(Set.of("other"), Set.of(), Set.of("KILL"), Optional.empty()))).isFalse();
    assertThat(fits(rule(Set.of(), Set.of(), Set.of("TERM"), Optional.empty()))).isFalse();
    assertThat(fits(rule(Set.of(), Set.of(137), Set.of(), Optional.of("^no route")))).isTrue();
    assertThat(fits(rule(Set.of(), Set.of(1), Set.of(), Optional.of("^no route")))).isFalse();
  }

  @Test
  void aRuleSeesOnlyTheOutputsEnd() throws IOException {
    assertThat(fits(rule(Set.of(), Set.of(), Set.of(), Optional.of("disk full")))).isFalse();
  }

  @Test
  void aRuleDoesNotSeeWhatWasPrintedBeyondTheLimit() throws IOException {
    assertThat(
            Output.retryRule(
                List.of(rule(Set.of(), Set.of(), Set.of(), Optional.of("no route"))),
                step("fetch"),
                OptionalInt.of(1),
                Optional.empty(),
                file,
                100))
        .isEmpty();
  }

  @Test
  void anExpressionThatIsNoneIsNamed() {
    assertThatThrownBy(() -> fits(rule(Set.of(), Set.of(), Set.of(), Optional.of("(["))))
        .isInstanceOf(Output.Unfit.class)
        .hasMessageContaining("'(['");
  }

  @Test
  void warningsAreCountedUpToTheLimitAndInTheLastLineToo() throws IOException {
    Files.writeString(file, "a.c:1: warning: x\nb\na.c:2: warning: y");
    assertThat(Output.warnings(file, Files.size(file), "gcc")).isEqualTo(2);
    assertThat(Output.warnings(file, 20, "gcc")).isEqualTo(1);
  }
}
