package dev.ahjo.core.status;

import dev.ahjo.core.id.ProjectName;
import dev.ahjo.core.kernel.EntityRef;
import java.time.Instant;
import java.util.Optional;

/**
 * Something that watchers may want to know at once. Sent once the read tables show it.
 *
 * @param offset in the journal; with {@code index}, the event's id: later events have greater ones
 * @param kind the fact's name in snake case, such as {@code build_finished}
 * @param entity whom it is about
 * @param data the fact
 */
public record StatusEvent(
    long offset,
    int index,
    Instant at,
    String kind,
    EntityRef entity,
    Optional<ProjectName> project,
    dev.ahjo.core.kernel.Fact data) {}
