package dev.ahjo.core.id;

/** A lock of one project, written {@code project/name}. */
public record LockKey(ProjectName project, String name) implements Comparable<LockKey> {
  public LockKey {
    Names.require("lock name", name);
  }

  /**
   * @throws IllegalArgumentException when {@code text} is not {@code project/name}
   */
  public static LockKey parse(String text) {
    int slash = text.indexOf('/');
    if (slash < 0) {
      throw new IllegalArgumentException("Expected project/lock, but found '" + text + "'");
    }
    return new LockKey(new ProjectName(text.substring(0, slash)), text.substring(slash + 1));
  }

  @Override
  public int compareTo(LockKey other) {
    int byProject = project.compareTo(other.project);
    return byProject != 0 ? byProject : name.compareTo(other.name);
  }

  @Override
  public String toString() {
    return project + "/" + name;
  }
}
