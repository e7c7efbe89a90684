package dev.ahjo.cluster;

import dev.ahjo.cluster.worker.WorkerTokens;
import dev.ahjo.core.id.WorkerName;
import dev.ahjo.http.HttpSettings;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Reads files of tokens: a line {@code NAME: TOKEN} for one bearer, a line with a token alone for
 * everyone who has none of their own; blank lines and those that begin with {@code #} do not count.
 */
final class Tokens {
  private Tokens() {}

  /** The tokens of workers. */
  static WorkerTokens ofWorkers(Path file) throws IOException {
    Map<String, String> lines = read(file);
    Optional<String> shared = Optional.ofNullable(lines.remove(""));
    Map<WorkerName, String> own = new HashMap<>();
    for (var line : lines.entrySet()) {
      try {
        own.put(new WorkerName(line.getKey()), line.getValue());
      } catch (IllegalArgumentException notAName) {
        throw new IOException(file + ": " + notAName.getMessage(), notAName);
      }
    }
    return WorkerTokens.of(own, shared);
  }

  /** The tokens of those who may change things; one without a name is {@code admin}'s. */
  static List<HttpSettings.Token> ofAdmins(Path file) throws IOException {
    List<HttpSettings.Token> tokens = new ArrayList<>();
    Map<String, String> lines = read(file);
    if (lines.isEmpty()) {
      // Without any token everybody may do everything: that must not come of an empty file.
      throw new IOException(file + ": expected at least one token, but found none");
    }
    lines.forEach((name, secret) ->
        tokens.add(new HttpSettings.Token(name.isEmpty() ? "admin" : name, secret)));
    return tokens;
  }

  /**
   * Tokens by their bearer's name, in the file's order; the one without a name under {@code ""}.
   */
  private static Map<String, String> read(Path file) throws IOException {
    Map<String, String> tokens = new LinkedHashMap<>();
    int number = 0;
    for (String line : lines(file)) {
      number++;
      String text = line.strip();
      if (text.isEmpty() || text.startsWith("#")) {
        continue;
      }
      int colon = text.indexOf(':');
      String name = colon < 0 ? "" : text.substring(0, colon).strip();
      String token = text.substring(colon + 1).strip();
      String at = file + ":" + number + ": expected NAME: TOKEN, or one TOKEN for all others, but ";
      if (token.isEmpty()) {
        throw new IOException(at + "found no token after the colon");
      }
      if (token.chars().anyMatch(Character::isWhitespace)) {
        throw new IOException(at + "found white space within the token");
      }
      if (tokens.put(name, token) != null) {
        throw new IOException(
            at + "found a second token for " + (name.isEmpty() ? "all others" : "'" + name + "'"));
      }
    }
    return tokens;
  }

  /** Of a file that is not there, Java tells its name and nothing else. */
  private static List<String> lines(Path file) throws IOException {
    try {
      return Files.readAllLines(file);
    } catch (IOException unreadable) {
      throw new IOException(
          "the tokens file "
              + file
              + " can't be read: "
              + switch (unreadable) {
                case NoSuchFileException _ -> "there is no such file";
                case AccessDeniedException _ -> "this user may not";
                case CharacterCodingException _ -> "expected text in UTF-8";
                default -> unreadable.toString();
              },
          unreadable);
    }
  }
}
