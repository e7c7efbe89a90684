package dev.ahjo.config;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The table in {@code mistakes.txt}: a bad file each, and everything that is to be said of it.
 *
 * @param shape whether an editor's schema is to refuse it as well
 */
record Mistakes(String name, boolean shape, String file, List<String> expected) {
  static List<Mistakes> all() {
    List<Mistakes> all = new ArrayList<>();
    for (String section : Examples.resource("/mistakes.txt").split("(?m)^=== ")) {
      if (section.isEmpty()) {
        continue;
      }
      int title = section.indexOf('\n');
      int answer = section.lastIndexOf("\n---\n");
      boolean shape = section.startsWith("[shape] ");
      all.add(
          new Mistakes(
              section.substring(shape ? 8 : 0, title),
              shape,
              section.substring(title + 1, answer + 1),
              Arrays.stream(section.substring(answer + 5).split("\n"))
                  .filter(line -> !line.isBlank())
                  .toList()));
    }
    return all;
  }
}
