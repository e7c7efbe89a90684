package dev.ahjo.core.id;

/** The name of a project, unique on a farm. */
public record ProjectName(String value) implements Comparable<ProjectName> {
  public ProjectName {
    Names.require("project name", value);
  }

  @Override
  public int compareTo(ProjectName other) {
    return value.compareTo(other.value);
  }

  @Override
  public String toString() {
    return value;
  }
}
