package dev.ahjo.core.id;

import java.util.Comparator;

/** A builder, farm-wide: written {@code project/builder}. */
public record BuilderKey(ProjectName project, BuilderName builder)
    implements Comparable<BuilderKey> {
  private static final Comparator<BuilderKey> ORDER =
      Comparator.comparing(BuilderKey::project).thenComparing(BuilderKey::builder);

  /**
   * @throws IllegalArgumentException when {@code text} is not {@code project/builder}
   */
  public static BuilderKey parse(String text) {
    int slash = text.indexOf('/');
    if (slash < 0) {
      throw new IllegalArgumentException("Expected project/builder, but found '" + text + "'");
    }
    return new BuilderKey(
        new ProjectName(text.substring(0, slash)), new BuilderName(text.substring(slash + 1)));
  }

  @Override
  public int compareTo(BuilderKey other) {
    return ORDER.compare(this, other);
  }

  @Override
  public String toString() {
    return project + "/" + builder;
  }
}
