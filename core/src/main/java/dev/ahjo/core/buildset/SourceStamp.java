package dev.ahjo.core.buildset;

import java.util.Optional;

/**
 * One revision of one repository. Without a revision it means the branch's newest at the time of
 * the checkout; the first build that resolves it reports what it found.
 */
public record SourceStamp(
    String repository, String url, String branch, Optional<String> revision) {}
