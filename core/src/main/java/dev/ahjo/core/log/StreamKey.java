package dev.ahjo.core.log;

import dev.ahjo.core.id.BuildKey;

/**
 * Names one stream of bytes of a build: a log of a step, or an artifact.
 *
 * @param step from 0
 * @param name a log's name such as {@code stdio}, or an artifact's path with forward slashes
 */
public record StreamKey(BuildKey build, int step, Kind kind, String name) {
  public enum Kind {
    LOG,
    ARTIFACT
  }
}
