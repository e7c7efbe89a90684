package dev.ahjo.http.project;

import dev.ahjo.core.project.ProjectDefinition;
import java.util.List;
import java.util.Optional;

/** Reads a project file; the reader itself lives beside http, not in it. */
@FunctionalInterface
public interface ProjectReader {
  /**
   * @param file a name that ends in {@code .yaml} or {@code .json}
   */
  Read read(String file, String text);

  /** A definition, or what is wrong; a definition may come with warnings. */
  record Read(Optional<ProjectDefinition> definition, List<FileProblem> problems) {
    public Read {
      problems = List.copyOf(problems);
    }
  }

  /** A place in the file, counted from 1, and what is wrong there. */
  record FileProblem(int line, int column, String message, boolean error) {}
}
