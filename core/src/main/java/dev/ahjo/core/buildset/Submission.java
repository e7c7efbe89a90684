package dev.ahjo.core.buildset;

import dev.ahjo.core.id.BuilderName;
import dev.ahjo.core.id.ProjectName;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What a person, a hook or a schedule asks for.
 *
 * @param builders empty means all of the project's
 * @param branch of the first repository, unless a stamp says otherwise
 * @param stamps revisions by repository name, for those that differ
 * @param priority higher is sooner; 0 is ordinary
 * @param by who asks
 */
public record Submission(
    ProjectName project,
    List<BuilderName> builders,
    Optional<String> branch,
    Optional<String> revision,
    Map<String, StampWish> stamps,
    Map<String, String> properties,
    int priority,
    String reason,
    String by) {
  /** Characters of a reason, which every list shows. */
  public static final int MAX_REASON = 1_000;

  /** Priorities reach from minus this to this. */
  public static final int MAX_PRIORITY = 1000;

  public Submission {
    builders = List.copyOf(builders);
    stamps = Map.copyOf(stamps);
    properties = Map.copyOf(properties);
  }

  /** Where one repository should stand. */
  public record StampWish(Optional<String> branch, Optional<String> revision) {}
}
