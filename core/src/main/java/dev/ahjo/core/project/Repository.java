package dev.ahjo.core.project;

import java.time.Duration;
import java.util.Optional;

/**
 * A codebase of a project: where it is, its default branch, and how often it is polled, if at all.
 */
public record Repository(String git, String branch, Optional<Duration> poll) {}
