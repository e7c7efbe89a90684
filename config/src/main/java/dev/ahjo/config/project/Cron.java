package dev.ahjo.config.project;

import dev.ahjo.config.yaml.Shown;
import dev.ahjo.config.yaml.Value;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Checks a cron expression of five fields: minute, hour, day of month, month, day of week. */
final class Cron {
  private record Field(String name, int from, int to, List<String> words) {}

  private static final List<Field> FIELDS =
      List.of(
          new Field("minute", 0, 59, List.of()),
          new Field("hour", 0, 23, List.of()),
          new Field("day of month", 1, 31, List.of()),
          new Field(
              "month",
              1,
              12,
              List.of(
                  "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov",
                  "dec")),
          new Field("day of week", 0, 7, List.of("sun", "mon", "tue", "wed", "thu", "fri", "sat")));

  private Cron() {}

  /** The expression with one blank between fields. */
  static Optional<String> read(Value value) {
    Optional<String> text =
        value.text("a cron expression such as 0 3 * * *", t -> t.length() <= 500);
    if (text.isEmpty()) {
      return Optional.empty();
    }
    List<String> fields = List.of(text.get().strip().split("\\s+"));
    if (fields.size() != FIELDS.size()) {
      value.error(
          "cron: expected five fields (minute, hour, day of month, month, day of week), but found "
              + (text.get().isBlank() ? 0 : fields.size()));
      return Optional.empty();
    }
    int from = 0;
    for (int i = 0; i < fields.size(); i++) {
      from = text.get().indexOf(fields.get(i), from);
      Field field = FIELDS.get(i);
      if (!List.of(fields.get(i).split(",", -1)).stream().allMatch(part -> fits(field, part))) {
        value.error(
            from,
            "cron: expected for the "
                + field.name
                + " numbers"
                + " from "
                + field.from
                + " to "
                + field.to
                + ", but found "
                + Shown.quoted(fields.get(i)));
        return Optional.empty();
      }
      from += fields.get(i).length();
    }
    return Optional.of(String.join(" ", fields));
  }

  /** {@code *}, {@code 5}, {@code 1-5}, each perhaps with a step: {@code /15}. */
  private static boolean fits(Field field, String part) {
    String[] step = part.split("/", -1);
    if (step.length > 2 || (step.length == 2 && !between(step[1], 1, field.to))) {
      return false;
    }
    if (step[0].equals("*")) {
      return true;
    }
    String[] range = step[0].split("-", -1);
    if (range.length == 1) {
      return number(field, range[0]) >= 0;
    }
    int first = number(field, range[0]);
    int last = number(field, range[1]);
    return range.length == 2 && first >= 0 && last >= first;
  }

  /** The value of a number or word, or -1 when it is neither. */
  private static int number(Field field, String text) {
    int word = field.words.indexOf(text.toLowerCase(Locale.ROOT));
    if (word >= 0) {
      return word + field.from;
    }
    return between(text, field.from, field.to) ? Integer.parseInt(text) : -1;
  }

  private static boolean between(String text, int from, int to) {
    return text.matches("[0-9]{1,2}")
        && Integer.parseInt(text) >= from
        && Integer.parseInt(text) <= to;
  }
}
