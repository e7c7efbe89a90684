package dev.ahjo.cli;

import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Where a command speaks and what surrounds it. Colours appear only on a terminal whose user has
 * not set {@code NO_COLOR}.
 */
public final class Console {
  private final PrintStream out;
  private final PrintStream err;
  private final boolean colours;
  private final boolean terminal;
  private final Map<String, String> variables;
  private final InstantSource clock;

  public Console(
      OutputStream out,
      OutputStream err,
      boolean terminal,
      Map<String, String> variables,
      InstantSource clock) {
    this.out = new PrintStream(out, true, StandardCharsets.UTF_8);
    this.err = new PrintStream(err, true, StandardCharsets.UTF_8);
    this.terminal = terminal;
    this.variables = Map.copyOf(variables);
    this.clock = clock;
    String noColour = variables.getOrDefault("NO_COLOR", "");
    this.colours = terminal && noColour.isEmpty() && !"dumb".equals(variables.get("TERM"));
  }

  /** The process's own; the launcher says whether its output is a terminal. */
  static Console ofProcess() {
    return new Console(
        System.out,
        System.err,
        Boolean.getBoolean("ahjo.terminal"),
        System.getenv(),
        InstantSource.system());
  }

  /** A variable of the environment that is set and not empty. */
  public Optional<String> variable(String name) {
    return Optional.ofNullable(variables.get(name)).filter(value -> !value.isEmpty());
  }

  public boolean terminal() {
    return terminal;
  }

  public Instant now() {
    return clock.instant();
  }

  /** A line of the command's result. */
  public void line(String text) {
    out.println(harmless(text));
  }

  /** A line about the command itself: progress, trouble. Never mixed into the result. */
  public void note(String text) {
    err.println(harmless(text));
  }

  /** What moves a cursor, sets a title or answers for the person; our own colours do not. */
  private static final Pattern CONTROL =
      Pattern.compile("[\\x00-\\x08\\x0b-\\x1a\\x1c-\\x1f\\x7f-\\x9f]|\\x1b(?!\\[\\d{1,2}m)");

  /**
   * Others wrote most of what is told here: reasons, problems, names of branches. Spelled as JSON
   * spells it, so that JSON stays what it was.
   */
  private static String harmless(String text) {
    return CONTROL
        .matcher(text)
        .replaceAll(found -> "\\\\u%04x".formatted((int) found.group().charAt(0)));
  }

  /** The text on one line: a line of its own would look like one of ours. */
  public static String oneLine(String text) {
    return text.replaceAll("\\R|\t", " ");
  }

  /** Bytes as they are, such as those of a log. */
  public void bytes(byte[] data, int offset, int length) {
    out.write(data, offset, length);
    out.flush();
    if (out.checkError()) {
      throw new CommandFailed(Exit.UNREAD, "The reader of this output has gone");
    }
  }

  PrintStream out() {
    return out;
  }

  PrintStream err() {
    return err;
  }

  /** What a text means, which a terminal shows as a colour. */
  public enum Tone {
    PLAIN(""),
    STRONG("1"),
    FAINT("2"),
    GOOD("32"),
    BAD("31"),
    WARN("33"),
    LIVE("36"),
    FAULT("35");

    private final String code;

    Tone(String code) {
      this.code = code;
    }

    /** The tone of a build's or step's result, or of a request's or worker's state. */
    public static Tone of(String word) {
      return switch (word) {
        case "success", "available" -> GOOD;
        case "failure", "away", "quarantined" -> BAD;
        case "warnings", "backoff", "shelved", "paused", "draining" -> WARN;
        case "exception", "retry" -> FAULT;
        case "running", "starting", "stopping" -> LIVE;
        case "cancelled", "skipped", "blocked" -> FAINT;
        default -> PLAIN;
      };
    }
  }

  public String paint(String text, Tone tone) {
    return colours && tone != Tone.PLAIN && !text.isEmpty()
        ? "\u001b[" + tone.code + "m" + text + "\u001b[0m"
        : text;
  }

  /** One field of a table. */
  public record Cell(String text, Tone tone) {
    public Cell {
      text = harmless(oneLine(text));
    }

    public static Cell of(String text) {
      return new Cell(text, Tone.PLAIN);
    }

    /** A result or state, in the colour of what it means. */
    public static Cell word(String word) {
      return new Cell(word.isEmpty() ? "-" : word, Tone.of(word));
    }
  }

  /** Prints aligned columns under a heading; {@code empty} when there are no rows. */
  public void table(List<String> heading, List<List<Cell>> rows, String empty) {
    if (rows.isEmpty()) {
      note(empty);
      return;
    }
    int[] widths = new int[heading.size()];
    for (int column = 0; column < widths.length; column++) {
      widths[column] = width(heading.get(column));
      for (List<Cell> row : rows) {
        widths[column] = Math.max(widths[column], width(row.get(column).text()));
      }
    }
    List<Cell> first = new ArrayList<>();
    heading.forEach(word -> first.add(new Cell(word, Tone.FAINT)));
    line(aligned(first, widths));
    rows.forEach(row -> line(aligned(row, widths)));
  }

  private String aligned(List<Cell> row, int[] widths) {
    StringBuilder text = new StringBuilder();
    for (int column = 0; column < widths.length; column++) {
      Cell cell = row.get(column);
      text.append(paint(cell.text(), cell.tone()));
      if (column < widths.length - 1) {
        text.repeat(' ', widths[column] - width(cell.text()) + 2);
      }
    }
    return text.toString().stripTrailing();
  }

  private static int width(String text) {
    return text.codePointCount(0, text.length());
  }

  /** {@code 3s ago}, from an RFC 3339 time; a dash for none. */
  public String ago(String time) {
    Optional<Instant> at = instant(time);
    return at.map(then -> duration(Duration.between(then, now())) + " ago").orElse("-");
  }

  /** How long from one RFC 3339 time to another, or to now when the second is empty. */
  public String between(String from, String to) {
    Optional<Instant> start = instant(from);
    return start
        .map(s -> duration(Duration.between(s, instant(to).orElseGet(this::now))))
        .orElse("-");
  }

  /** An RFC 3339 time as a person of this machine's zone reads it. */
  public String clock(String time) {
    return instant(time)
        .map(at ->
            DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss")
                .format(at.atZone(ZoneId.systemDefault())))
        .orElse("-");
  }

  private static Optional<Instant> instant(String time) {
    try {
      return time.isEmpty() ? Optional.empty() : Optional.of(Instant.parse(time));
    } catch (DateTimeParseException notATime) {
      return Optional.empty();
    }
  }

  /** The two largest units: {@code 1h 5m}, {@code 12.3s}, {@code 40ms}. */
  public static String duration(Duration time) {
    long millis = Math.max(0, time.toMillis());
    if (millis < 1000) {
      return millis + "ms";
    }
    if (millis < 60_000) {
      return millis / 1000 + "." + millis % 1000 / 100 + "s";
    }
    long seconds = millis / 1000;
    if (seconds < 3600) {
      return seconds / 60 + "m " + seconds % 60 + "s";
    }
    if (seconds < 86_400) {
      return seconds / 3600 + "h " + seconds % 3600 / 60 + "m";
    }
    return seconds / 86_400 + "d " + seconds % 86_400 / 3600 + "h";
  }
}
