package dev.ahjo.core.id;

import java.util.Comparator;

/**
 * One build, farm-wide: written {@code project/builder#number}. Numbers of a builder start at 1 and
 * have no gaps; every attempt of a request is a build with a number of its own, so a build's key
 * alone fences its reports and logs from those of any other attempt.
 */
public record BuildKey(BuilderKey builder, long number) implements Comparable<BuildKey> {
  private static final Comparator<BuildKey> ORDER =
      Comparator.comparing(BuildKey::builder).thenComparingLong(BuildKey::number);

  public BuildKey {
    if (number < 1) {
      throw new IllegalArgumentException("Expected a build number from 1, but found " + number);
    }
  }

  /**
   * @throws IllegalArgumentException when {@code text} is not {@code project/builder#number}
   */
  public static BuildKey parse(String text) {
    int hash = text.lastIndexOf('#');
    try {
      if (hash > 0) {
        return new BuildKey(
            BuilderKey.parse(text.substring(0, hash)), Long.parseLong(text.substring(hash + 1)));
      }
    } catch (NumberFormatException notANumber) {
      // told below, with the whole text
    }
    throw new IllegalArgumentException("Expected project/builder#number, but found '" + text + "'");
  }

  @Override
  public int compareTo(BuildKey other) {
    return ORDER.compare(this, other);
  }

  @Override
  public String toString() {
    return builder + "#" + number;
  }
}
