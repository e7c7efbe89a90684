package dev.ahjo.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.ahjo.core.id.BuildKey;

/** A build as people write it, {@code project/builder#number}, and its address on a node. */
public record BuildName(BuildKey key) {
  /** Reads {@code project/builder#number}; wrong use when it is not one. */
  public static BuildName parse(String text) {
    try {
      return new BuildName(BuildKey.parse(text));
    } catch (IllegalArgumentException wrong) {
      String message = wrong.getMessage();
      throw new CommandFailed(
          Exit.USAGE, message == null ? "Not a build: " + text : message, wrong);
    }
  }

  /** Reads {@code {project, builder, number}}, as a node's JSON names a build. */
  public static BuildName of(JsonNode build) {
    return parse(
        build.path("project").asText()
            + "/"
            + build.path("builder").asText()
            + "#"
            + build.path("number").asText());
  }

  /** Its path on a node, with {@code further} segments behind. */
  public String path(String... further) {
    String[] segments = new String[4 + further.length];
    segments[0] = "builds";
    segments[1] = key.builder().project().value();
    segments[2] = key.builder().builder().value();
    segments[3] = Long.toString(key.number());
    System.arraycopy(further, 0, segments, 4, further.length);
    return Client.path(segments);
  }

  @Override
  public String toString() {
    return key.toString();
  }
}
