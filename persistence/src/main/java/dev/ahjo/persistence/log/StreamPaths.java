package dev.ahjo.persistence.log;

import dev.ahjo.core.id.BuildKey;
import dev.ahjo.core.log.StreamKey;
import dev.ahjo.core.log.StreamKey.Kind;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Where a stream's file is: {@code project/builder/number/step-kind-name}. An artifact's name is a
 * path that somebody's build made up, so every byte of it that is not plain is escaped; no name can
 * lead out of its build's folder, not even {@code ../x}, nor name a device or two files at once. A
 * name too long for a file system ends in its digest, and stands in full within the file.
 */
final class StreamPaths {
  /** Bytes of an escaped name; file systems take 255 in all. */
  private static final int MAX_NAME = 160;

  private StreamPaths() {}

  static Path folder(Path root, BuildKey build) {
    return root.resolve(build.builder().project().value())
        .resolve(build.builder().builder().value())
        .resolve(Long.toString(build.number()));
  }

  static Path file(Path root, StreamKey stream) {
    return folder(root, stream.build()).resolve(fileName(stream));
  }

  static String fileName(StreamKey stream) {
    String name = escape(stream.name());
    if (name.length() > MAX_NAME) {
      name = name.substring(0, MAX_NAME - 33) + "~" + digest(stream.name());
    }
    return stream.step() + "-" + stream.kind().name().toLowerCase(Locale.ROOT) + "-" + name;
  }

  /** What a file's name tells of its stream; the stream's own name stands within the file. */
  record Told(int step, Kind kind) {}

  static Optional<Told> tell(String fileName) {
    String[] parts = fileName.split("-", 3);
    if (parts.length < 3) {
      return Optional.empty();
    }
    OptionalInt step = number(parts[0]);
    for (Kind kind : Kind.values()) {
      if (step.isPresent() && kind.name().toLowerCase(Locale.ROOT).equals(parts[1])) {
        return Optional.of(new Told(step.getAsInt(), kind));
      }
    }
    return Optional.empty();
  }

  private static OptionalInt number(String text) {
    try {
      return OptionalInt.of(Integer.parseInt(text));
    } catch (NumberFormatException other) {
      return OptionalInt.empty();
    }
  }

  private static String escape(String name) {
    var escaped = new StringBuilder();
    for (byte b : name.getBytes(StandardCharsets.UTF_8)) {
      // Capitals too: some file systems take Log and log for one name.
      boolean plain = (b >= 'a' && b <= 'z') || (b >= '0' && b <= '9') || b == '_' || b == '.';
      if (plain) {
        escaped.append((char) b);
      } else {
        escaped.append('%').append(HexFormat.of().toHexDigits(b));
      }
    }
    return escaped.toString();
  }

  private static String digest(String name) {
    try {
      byte[] sha =
          MessageDigest.getInstance("SHA-256").digest(name.getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(sha, 0, 16);
    } catch (NoSuchAlgorithmException missing) {
      throw new IllegalStateException("Every JDK has SHA-256", missing);
    }
  }
}
