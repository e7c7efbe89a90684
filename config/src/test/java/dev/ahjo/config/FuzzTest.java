package dev.ahjo.config;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ahjo.config.Problem.Severity;
import dev.ahjo.config.Reading.Invalid;
import dev.ahjo.config.Reading.Valid;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Random;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.Size;

/** Whatever a file holds, reading it ends with a value or with problems that have a place. */
class FuzzTest {
  private static final List<String> SEEDS =
      Stream.concat(
              Examples.GOOD.stream().map(Examples::text),
              Mistakes.all().stream().map(Mistakes::file))
          .toList();

  /** What breaks parsers: the signs of YAML, templates and conditions, and odd characters. */
  private static final List<String> BITS =
      List.of(
          "[",
          "]",
          "{",
          "}",
          ":",
          ": ",
          "- ",
          "\n",
          "\r",
          "\t",
          "  ",
          "#",
          "&a ",
          "*a",
          "<<: *a",
          "!",
          "!!int ",
          "|",
          ">-\n",
          "'",
          "\"",
          "\\",
          "\\U00110000",
          "\\ud800",
          "\ud800",
          "\0",
          "\u0085",
          "\u2028",
          "\uFEFF",
          "😀",
          "${",
          "}",
          "$${",
          "==",
          "=~",
          " and ",
          "(",
          "%YAML 9.9\n",
          "---\n",
          "...\n",
          "~",
          "null",
          "true",
          "-1",
          "1e9",
          "99999999999999999999",
          "0x7f",
          "like: ",
          "needs: ",
          "a",
          "..",
          "/",
          "properties.");

  private static final Pattern WORD = Pattern.compile("[^\\s,:\\[\\]{}\"]+|\"[^\"\n]*\"");

  /** All words of all files, and values that readers and schemas take differently. */
  private static final List<String> WORDS =
      Stream.concat(
              Stream.of(
                  "0",
                  "00",
                  "-1",
                  "1.5",
                  "1e3",
                  "0x10",
                  "true",
                  "\"true\"",
                  "\"7\"",
                  "a b",
                  "1 kB"),
              Stream.concat(
                  Examples.GOOD.stream().map(Examples::text),
                  Mistakes.all().stream().map(Mistakes::file)))
          .flatMap(text -> WORD.matcher(text).results().map(MatchResult::group))
          .distinct()
          .toList();

  @Property(tries = 1500)
  void changedFiles(@ForAll("changed") String text) {
    read(text);
  }

  @Property(tries = 1500)
  void filesWithAnotherWord(@ForAll("exchanged") String text) {
    read(text);
  }

  @Property(tries = 1000)
  void anyBytes(@ForAll @Size(max = 300) byte[] bytes) {
    read(new String(bytes, StandardCharsets.UTF_8));
    read(new String(bytes, StandardCharsets.UTF_16));
  }

  static void read(String text) {
    switch (ProjectFiles.read("f", text)) {
      case Valid<?> valid ->
          assertThat(valid.problems()).allMatch(p -> p.severity() == Severity.WARNING);
      case Invalid<?> invalid -> {
        assertThat(invalid.problems()).anyMatch(p -> p.severity() == Severity.ERROR);
        long lines = text.split("\r\n|\r|\n", -1).length;
        assertThat(invalid.problems())
            .allMatch(p -> p.line() >= 1 && p.line() <= lines)
            .allMatch(p -> p.column() >= 1 && p.column() <= text.length() + 1)
            .noneMatch(p -> p.message().chars().anyMatch(Character::isISOControl));
      }
    }
  }

  @Provide
  Arbitrary<String> exchanged() {
    return Arbitraries.longs().map(seed -> exchangeWords(new Random(seed)));
  }

  @Provide
  Arbitrary<String> changed() {
    return Arbitraries.longs().map(seed -> change(new Random(seed)));
  }

  /** A file with up to six places cut out, doubled, exchanged or filled with something odd. */
  static String change(Random random) {
    return change(random, SEEDS);
  }

  static String change(Random random, List<String> seeds) {
    var text = new StringBuilder(seeds.get(random.nextInt(seeds.size())));
    for (int n = 1 + random.nextInt(6); n > 0; n--) {
      int from = random.nextInt(text.length() + 1);
      int to = Math.min(text.length(), from + random.nextInt(1 + random.nextInt(30)));
      String bit = BITS.get(random.nextInt(BITS.size()));
      switch (random.nextInt(5)) {
        case 0 -> text.delete(from, to);
        case 1 -> text.insert(from, text.substring(from, to));
        case 2 -> text.replace(from, to, bit);
        case 3 -> text.insert(random.nextInt(text.length() + 1), text.substring(from, to));
        default -> text.insert(from, bit);
      }
    }
    return text.toString();
  }

  /** A good file in which one word stands for another: mild enough that many are still good. */
  static String exchangeWords(Random random) {
    Words seed = GOOD.get(random.nextInt(GOOD.size()));
    Place place = seed.places.get(random.nextInt(seed.places.size()));
    String word = WORDS.get(random.nextInt(WORDS.size()));
    return seed.text.substring(0, place.from) + word + seed.text.substring(place.to);
  }

  private record Place(int from, int to) {}

  /** Found once: a match keeps a copy of all that it was found in. */
  private record Words(String text, List<Place> places) {
    static Words of(String text) {
      return new Words(
          text, WORD.matcher(text).results().map(m -> new Place(m.start(), m.end())).toList());
    }
  }

  private static final List<Words> GOOD =
      Examples.GOOD.stream().map(Examples::text).map(Words::of).toList();
}
