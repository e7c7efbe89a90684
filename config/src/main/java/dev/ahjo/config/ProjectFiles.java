package dev.ahjo.config;

import dev.ahjo.config.project.ProjectReader;
import dev.ahjo.config.yaml.Document;
import dev.ahjo.config.yaml.Problems;
import dev.ahjo.core.project.ProjectDefinition;
import java.util.Optional;

/**
 * Project files: YAML, or JSON, which is YAML too. Their format is told in docs/project-files.md.
 */
public final class ProjectFiles {
  private ProjectFiles() {}

  /**
   * Reads a project file. Never throws, whatever the text is.
   *
   * @param fileName how the file is called in problems
   * @param text at most {@link Document#MAX_BYTES} bytes of UTF-8
   */
  public static Reading<ProjectDefinition> read(String fileName, String text) {
    var problems = new Problems(fileName);
    Optional<ProjectDefinition> project =
        Document.read(fileName, text, problems, new ProjectReader(problems)::read);
    return project.isPresent() && !problems.errors()
        ? new Reading.Valid<>(project.get(), problems.inFileOrder())
        : new Reading.Invalid<>(problems.inFileOrder());
  }
}
