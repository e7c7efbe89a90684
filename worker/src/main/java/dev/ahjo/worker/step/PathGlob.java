package dev.ahjo.worker.step;

import java.io.File;
import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * Paths with stars, forward slashes, relative: {@code *} and {@code ?} stay within one name, {@code
 * **} crosses folders and stands for none too, {@code [a-z]} and <code>{one,two}</code> are
 * choices.
 */
public final class PathGlob {
  private final Pattern pattern;

  private PathGlob(Pattern pattern) {
    this.pattern = pattern;
  }

  /** What cannot be understood as a choice stands for itself. */
  public static PathGlob of(String glob) {
    String text = glob.startsWith("./") ? glob.substring(2) : glob;
    var regex = new StringBuilder();
    int braces = 0;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      switch (c) {
        case '*' -> {
          if (text.startsWith("**/", i)) {
            regex.append("(?:.*/)?");
            i += 2;
          } else if (text.startsWith("**", i)) {
            regex.append(".*");
            i++;
          } else {
            regex.append("[^/]*");
          }
        }
        case '?' -> regex.append("[^/]");
        case '[' -> {
          int end = text.indexOf(']', i + 2);
          if (end < 0) {
            regex.append("\\[");
          } else {
            String set = text.substring(i + 1, end);
            boolean not = set.startsWith("!") || set.startsWith("^");
            regex
                .append(not ? "[^/" : "[")
                .append((not ? set.substring(1) : set).replaceAll("([\\\\\\[\\]&^])", "\\\\$1"))
                .append(']');
            i = end;
          }
        }
        case '{' -> {
          if (text.indexOf('}', i) > 0) {
            regex.append("(?:");
            braces++;
          } else {
            regex.append("\\{");
          }
        }
        case '}' -> {
          regex.append(braces > 0 ? ")" : "\\}");
          braces = Math.max(0, braces - 1);
        }
        case ',' -> regex.append(braces > 0 ? "|" : ",");
        default -> regex.append(Pattern.quote(String.valueOf(c)));
      }
    }
    regex.append(")".repeat(braces));
    return new PathGlob(compiled(regex.toString(), text));
  }

  /** A choice that is none, such as {@code [z-a]}, makes the whole a plain name. */
  private static Pattern compiled(String regex, String text) {
    try {
      return Pattern.compile(regex, Pattern.DOTALL);
    } catch (PatternSyntaxException impossible) {
      return Pattern.compile(text, Pattern.LITERAL);
    }
  }

  public boolean matches(String path) {
    return pattern.matcher(path).matches();
  }

  /**
   * The files below {@code folder} that match, sorted, at most {@code limit + 1}; links are not
   * followed out of it, and {@code .git} is left out.
   *
   * @throws IOException when the folder can't be read
   */
  public List<Path> files(Path folder, int limit) throws IOException {
    var found = new ArrayList<Path>();
    Path real = folder.toRealPath();
    Files.walkFileTree(
        folder,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult preVisitDirectory(Path dir, BasicFileAttributes attributes) {
            return dir.endsWith(".git") ? FileVisitResult.SKIP_SUBTREE : FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            if (matches(name(folder, file)) && isWithin(file, attributes)) {
              found.add(file);
            }
            return found.size() > limit ? FileVisitResult.TERMINATE : FileVisitResult.CONTINUE;
          }

          private boolean isWithin(Path file, BasicFileAttributes attributes) throws IOException {
            return attributes.isRegularFile()
                || attributes.isSymbolicLink()
                    && Files.isRegularFile(file)
                    && file.toRealPath().startsWith(real);
          }

          @Override
          public FileVisitResult visitFileFailed(Path file, IOException gone) {
            return FileVisitResult.CONTINUE;
          }
        });
    found.sort(null);
    return found;
  }

  /** A file's path below {@code folder}, with forward slashes. */
  public static String name(Path folder, Path file) {
    return folder.relativize(file).toString().replace(File.separatorChar, '/');
  }
}
