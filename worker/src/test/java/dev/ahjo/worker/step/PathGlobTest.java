package dev.ahjo.worker.step;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PathGlobTest {
  @ParameterizedTest(name = "{0} on {1}: {2}")
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          *.xml            | a.xml           | true
          *.xml            | d/a.xml         | false
          **/*.xml         | a.xml           | true
          **/*.xml         | d/e/a.xml       | true
          ./d/*            | d/a             | true
          dist/**          | dist/a/b        | true
          dist/**          | distant         | false
          **               | any/thing       | true
          a?c              | abc             | true
          a?c              | a/c             | false
          [a-c]x           | bx              | true
          [!a-c]x          | bx              | false
          [!a-c]x          | dx              | true
          *.{jar,war}      | a.war           | true
          *.{jar,war}      | a.ear           | false
          a,b              | a,b             | true
          a{b              | a{b             | true
          a}b              | a}b             | true
          a[b              | a[b             | true
          a.b+(c)$^        | a.b+(c)$^       | true
          [z-a].txt        | [z-a].txt       | true
          [z-a].txt        | b.txt           | false
          """)
  void stands(String glob, String path, boolean expected) {
    assertThat(PathGlob.of(glob).matches(path)).isEqualTo(expected);
  }
}
