package dev.ahjo.core.property;

/**
 * A value that a build carries, and where it came from.
 *
 * @param source {@code project}, {@code builder}, {@code matrix}, {@code submit}, {@code step NAME}
 */
public record Property(String value, String source) {}
