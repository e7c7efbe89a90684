package dev.ahjo.cli.up;

import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * In a checkout's own project file a repository may be the checkout itself: {@code git: .}, or
 * another folder near it: {@code git: ../lib}. A worker builds elsewhere, so these become whole
 * paths.
 */
final class LocalRepositories {
  private static final Pattern RELATIVE =
      Pattern.compile(
          "(\\bgit:\\s*)([\"']?)(\\.{1,2}(?:/[^\"',}\\s]*)?)\\2(?=\\s*(?:[,}#]|$))",
          Pattern.MULTILINE);

  private LocalRepositories() {}

  /** The project file {@code text}, with what is relative to {@code folder} made absolute. */
  static String absolute(String text, Path folder) {
    return RELATIVE
        .matcher(text)
        .replaceAll(found ->
            Matcher.quoteReplacement(
                found.group(1)
                    + "\""
                    + folder
                        .resolve(found.group(3))
                        .toAbsolutePath()
                        .normalize()
                        .toString()
                        .replace("\\", "\\\\")
                        .replace("\"", "\\\"")
                    + "\""));
  }
}
