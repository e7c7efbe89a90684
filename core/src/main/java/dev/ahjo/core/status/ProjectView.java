package dev.ahjo.core.status;

import dev.ahjo.core.project.ProjectDefinition;
import java.time.Instant;

/** A project as it is defined now; {@code version} counts its definitions. */
public record ProjectView(
    ProjectDefinition definition, long version, boolean removed, String by, Instant changedAt) {}
