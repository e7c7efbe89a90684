package dev.ahjo.http.page;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.apache.pekko.http.javadsl.model.ContentType;
import org.apache.pekko.http.javadsl.model.ContentTypes;

/**
 * The files of the pages, read once. All stand under one prefix that is a hash of them all: a
 * browser may keep them for ever, and modules find each other by relative names.
 */
final class Assets {
  private static final List<String> FILES =
      List.of(
          "ahjo.css",
          "ansi.js",
          "ansi_up.js",
          "api.js",
          "build.js",
          "home.js",
          "icon.svg",
          "log.js",
          "show.js");
  private static final Map<String, ContentType> TYPES =
      Map.of(
          "css", ContentTypes.parse("text/css; charset=UTF-8"),
          "js", ContentTypes.parse("text/javascript; charset=UTF-8"),
          "svg", ContentTypes.parse("image/svg+xml"));

  private final Map<String, byte[]> files = new TreeMap<>();
  private final String version;

  Assets() {
    try {
      var hash = MessageDigest.getInstance("SHA-256");
      for (String name : FILES) {
        byte[] bytes = load(name);
        hash.update(bytes);
        files.put(name, bytes);
      }
      version = HexFormat.of().formatHex(hash.digest(), 0, 6);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("Every JDK has SHA-256", e);
    }
  }

  /** A file and what it is. */
  record Asset(byte[] bytes, ContentType type) {}

  Optional<Asset> file(String wanted, String name) {
    byte[] bytes = files.get(name);
    ContentType type = TYPES.get(name.substring(name.lastIndexOf('.') + 1));
    return bytes == null || type == null || !wanted.equals(version)
        ? Optional.empty()
        : Optional.of(new Asset(bytes, type));
  }

  /** A page with the names of its files filled in. */
  byte[] page(String name) {
    return new String(load(name), StandardCharsets.UTF_8)
        .replace("{ui}", "/ui/" + version)
        .getBytes(StandardCharsets.UTF_8);
  }

  private static byte[] load(String name) {
    try (InputStream in = Assets.class.getResourceAsStream("/dev/ahjo/http/ui/" + name)) {
      if (in == null) {
        throw new IllegalStateException("The program lacks its page file " + name);
      }
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
