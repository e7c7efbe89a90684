package dev.ahjo.wire;

import dev.ahjo.core.log.StreamKey;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/** How many artifacts one answer can name, and in which order; both sides reckon alike. */
public final class ArtifactList {
  /** Artifacts in one answer. */
  public static final int MAX_NAMED = 2_000;

  /** Bytes of them as they are written, with some room for the rest of the message. */
  private static final int MAX_BYTES = ProtocolCodec.MAX_BYTES - 64 * 1024;

  /** What a stream takes beside its names: the fields of a JSON object. */
  private static final int FIELDS = 80;

  private static final Comparator<StreamKey> ORDER =
      Comparator.comparingInt(StreamKey::step).thenComparing(StreamKey::name);

  private ArtifactList() {}

  /** Whether {@code one} comes behind {@code other} in the order of the answers. */
  public static boolean isAfter(StreamKey one, StreamKey other) {
    return ORDER.compare(one, other) > 0;
  }

  /** As many of those after {@code after} as one answer can name. */
  public static List<StreamKey> page(List<StreamKey> all, Optional<StreamKey> after) {
    List<StreamKey> named = new ArrayList<>();
    int bytes = 0;
    for (StreamKey stream : all.stream().sorted(ORDER).toList()) {
      if (after.isPresent() && !isAfter(stream, after.get())) {
        continue;
      }
      if (named.size() >= MAX_NAMED || bytes >= MAX_BYTES) {
        break;
      }
      named.add(stream);
      bytes += length(stream);
    }
    return named;
  }

  /** Whether an answer is full, and there may thus be more than it names. */
  public static boolean isFull(List<StreamKey> named) {
    return named.size() >= MAX_NAMED
        || named.stream().mapToInt(ArtifactList::length).sum() >= MAX_BYTES;
  }

  private static int length(StreamKey stream) {
    String name = stream.name();
    long escapes = name.chars().filter(c -> c == '"').count();
    return FIELDS
        + stream.build().toString().length()
        + name.getBytes(StandardCharsets.UTF_8).length
        + (int) escapes;
  }
}
