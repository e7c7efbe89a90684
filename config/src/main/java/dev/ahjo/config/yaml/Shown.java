package dev.ahjo.config.yaml;

import java.util.Collection;
import java.util.Comparator;
import java.util.Locale;
import java.util.Optional;

/** Parts of messages: what was found, and what was perhaps meant. */
public final class Shown {
  private static final int LONGEST = 60;

  /** Guessing takes time by the square of the length, and hostile files have many names. */
  private static final int LONGEST_GUESSED = 40;

  private Shown() {}

  /** {@code text} in quotes, shortened. */
  public static String quoted(String text) {
    return "'" + (text.length() <= LONGEST ? text : text.substring(0, LONGEST - 1) + "…") + "'";
  }

  /** Files are written by strangers, messages are read on terminals: no control characters. */
  static String oneLine(String text) {
    var plain = new StringBuilder(text.length());
    text.codePoints()
        .forEach(c -> {
          if (c == '\n') {
            plain.append("\\n");
          } else if (Character.isISOControl(c) || Character.getType(c) == Character.SURROGATE) {
            plain.append(String.format(Locale.ROOT, "\\u%04x", c));
          } else {
            plain.appendCodePoint(c);
          }
        });
    return plain.toString();
  }

  /** {@code "; did you mean 'steps'?"}, or nothing when no candidate is near. */
  public static String nearest(String written, Collection<String> candidates) {
    return near(written, candidates).map(c -> "; did you mean '" + c + "'?").orElse("");
  }

  /** The candidate that takes the fewest edits to reach, if they are few for its length. */
  public static Optional<String> near(String written, Collection<String> candidates) {
    if (written.length() > LONGEST_GUESSED) {
      return Optional.empty();
    }
    String word = written.toLowerCase(Locale.ROOT).replace('-', '_');
    record Candidate(String name, int edits) {}
    return candidates.stream()
        .filter(c -> Math.abs(c.length() - written.length()) <= most(written, c))
        .map(c -> new Candidate(c, edits(word, c.toLowerCase(Locale.ROOT).replace('-', '_'))))
        .filter(c -> c.edits <= most(written, c.name) && c.edits < written.length())
        .min(Comparator.comparingInt(Candidate::edits).thenComparing(Candidate::name))
        .map(Candidate::name);
  }

  /** A third of the word; only the last part of a dotted name counts where the rest is the same. */
  private static int most(String written, String candidate) {
    int last = written.lastIndexOf('.') + 1;
    boolean same = candidate.startsWith(written.substring(0, last));
    return Math.max(1, (written.length() - (same ? last : 0)) / 3);
  }

  /** Edits between two words; two neighbours that changed places count as one. */
  private static int edits(String a, String b) {
    int[][] cost = new int[a.length() + 1][b.length() + 1];
    for (int i = 0; i <= a.length(); i++) {
      for (int j = 0; j <= b.length(); j++) {
        if (i == 0 || j == 0) {
          cost[i][j] = i + j;
          continue;
        }
        int change = cost[i - 1][j - 1] + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        cost[i][j] = Math.min(change, 1 + Math.min(cost[i - 1][j], cost[i][j - 1]));
        if (i > 1
            && j > 1
            && a.charAt(i - 1) == b.charAt(j - 2)
            && a.charAt(i - 2) == b.charAt(j - 1)) {
          cost[i][j] = Math.min(cost[i][j], 1 + cost[i - 2][j - 2]);
        }
      }
    }
    return cost[a.length()][b.length()];
  }
}
