package dev.ahjo.core.property;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ahjo.core.property.Condition.Operand;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.CharRange;
import net.jqwik.api.constraints.StringLength;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PropertyTest {
  private static final Function<String, Optional<String>> VALUES =
      name ->
          Optional.ofNullable(
              Map.of("branch", "master", "properties.jobs", "4", "properties.none", "").get(name));

  @ParameterizedTest
  @CsvSource({
    "make,                          make",
    "make -j${properties.jobs},     make -j4",
    "${branch}-${branch},           master-master",
    "${ branch },                   master",
    "a${properties.none}b,          ab",
    "$HOME $(date) $$,              $HOME $(date) $$",
    "$${branch},                    ${branch}",
    "100$,                          100$"
  })
  void aTemplateIsFilled(String source, String filled) {
    assertThat(Template.parse(source).fill(VALUES)).isEqualTo(filled);
  }

  @ParameterizedTest
  @ValueSource(strings = {"${", "${}", "${branch", "${a b}", "${.a}", "${1}", "x ${a..b}"})
  void aHoleThatIsNoneIsToldWithItsColumn(String source) {
    assertThatThrownBy(() -> Template.parse(source))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("column " + source.indexOf("${") + ":");
  }

  @Test
  void anEndlessNameIsToldAndNotReadToTheEndOfTheStack() {
    assertThat(Template.parse("${" + "a.".repeat(99) + "aa}").names()).hasSize(1);
    for (int dots : new int[] {100, 5_000, 500_000}) {
      assertThatThrownBy(() -> Template.parse("ab ${" + "a.".repeat(dots) + "a}"))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage(
              "column 3: expected a name of at most 200 characters, but found " + (2 * dots + 1));
    }
  }

  @Test
  void anUnknownNameIsAnError() {
    assertThatThrownBy(() -> Template.parse("${properties.nothing}").fill(VALUES))
        .isInstanceOfSatisfying(
            Template.UnknownName.class, e -> assertThat(e.name()).isEqualTo("properties.nothing"));
  }

  @Property(tries = 300)
  void aTemplateIsWrittenAsItWasRead(
      @ForAll
          @CharRange(from = '#', to = '&')
          @CharRange(from = 'a', to = 'c')
          @CharRange(from = '{', to = '}')
          @StringLength(max = 12)
          String source) {
    Template read;
    try {
      read = Template.parse(source);
    } catch (IllegalArgumentException noTemplate) {
      return;
    }
    assertThat(Template.parse(read.toString())).isEqualTo(read);
  }

  @ParameterizedTest
  @CsvSource({
    "*,         anything,      true",
    "release/*, release/1.2,   true",
    "release/*, release,       false",
    "*.c,       a.c,           true",
    "*.c,       a.cc,          false",
    "a?c,       abc,           true",
    "a?c,       ac,            false",
    "a*b*c,     a-b-b-c,       true",
    "a*b*c,     a-c-b,         false",
    "master,    masters,       false"
  })
  void aGlobMatchesTheWholeText(String glob, String text, boolean matches) {
    assertThat(Glob.matches(glob, text)).isEqualTo(matches);
  }

  @Property(tries = 500)
  void aGlobAgreesWithTheRegularExpression(
      @ForAll
          @CharRange(from = 'a', to = 'b')
          @CharRange(from = '*', to = '*')
          @CharRange(from = '?', to = '?')
          @StringLength(max = 6)
          String glob,
      @ForAll @CharRange(from = 'a', to = 'b') @StringLength(max = 8) String text) {
    assertThat(Glob.matches(glob, text))
        .isEqualTo(text.matches(glob.replace("*", ".*").replace("?", ".")));
  }

  @Test
  void aConditionJudges() {
    var branch = new Operand.Name("branch");
    var master = new Operand.Text("master");
    var missing = new Operand.Name("properties.nothing");
    assertThat(Condition.ALWAYS.holds(VALUES)).isTrue();
    assertThat(new Condition.Equal(branch, master).holds(VALUES)).isTrue();
    assertThat(new Condition.Equal(missing, new Operand.Text("")).holds(VALUES)).isTrue();
    assertThat(new Condition.Matches(branch, "mas*").holds(VALUES)).isTrue();
    assertThat(new Condition.Truthy(branch).holds(VALUES)).isTrue();
    assertThat(new Condition.Truthy(missing).holds(VALUES)).isFalse();
    assertThat(new Condition.Truthy(new Operand.Text("0")).holds(VALUES)).isFalse();
    assertThat(new Condition.Truthy(new Operand.Text("false")).holds(VALUES)).isFalse();
    assertThat(new Condition.Not(Condition.ALWAYS).holds(VALUES)).isFalse();
    var never = new Condition.Not(Condition.ALWAYS);
    assertThat(new Condition.All(List.of(Condition.ALWAYS, never)).holds(VALUES)).isFalse();
    assertThat(new Condition.Any(List.of(Condition.ALWAYS, never)).holds(VALUES)).isTrue();
    assertThat(new Condition.All(List.of()).holds(VALUES)).isTrue();
    assertThat(new Condition.Any(List.of()).holds(VALUES)).isFalse();
  }
}
