package dev.ahjo.config.yaml;

import dev.ahjo.config.Problem.Severity;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Function;
import java.util.function.Predicate;
import org.snakeyaml.engine.v2.common.ScalarStyle;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;
import org.snakeyaml.engine.v2.nodes.Tag;

/**
 * A value of a file, with its place and the name of the key under which it stands. Each reading
 * method answers empty after it has told what is wrong, so that a reader goes on and finds the next
 * mistake.
 */
public final class Value {
  private static final int MAX_INT_DIGITS = 9;

  private final Document document;
  private final Node node;
  private final String label;

  Value(Document document, Node node, String label) {
    this.document = document;
    this.node = node;
    this.label = label;
  }

  /** The name of the key, or what stands for it in messages. */
  public String label() {
    return label;
  }

  /** Tells an error at the start of this value. */
  public void error(String message) {
    tell(Severity.ERROR, 0, message);
  }

  /** Tells an error at a character of this text, from 0. */
  public void error(int index, String message) {
    tell(Severity.ERROR, index, message);
  }

  /** Tells what deserves a look, but forbids nothing. */
  public void warning(String message) {
    tell(Severity.WARNING, 0, message);
  }

  private void tell(Severity severity, int index, String message) {
    Mark mark = node.getStartMark().orElseThrow();
    int line = mark.getLine();
    int column = mark.getColumn();
    if (index > 0 && node instanceof ScalarNode scalar) {
      int[] place = inside(scalar, index, line, column);
      line = place[0];
      column = place[1];
    }
    document.problems().add(line + 1, column + 1, message, severity);
  }

  /**
   * Where the {@code index}-th character of a text stands in the file, as {line, column} from 0;
   * its start when it is folded over lines.
   */
  private int[] inside(ScalarNode scalar, int index, int line, int column) {
    String value = scalar.getValue();
    String before = value.substring(0, Math.min(index, value.length()));
    ScalarStyle style = scalar.getScalarStyle();
    if (style == ScalarStyle.LITERAL) {
      int down = (int) before.chars().filter(c -> c == '\n').count();
      int lineStart = before.lastIndexOf('\n') + 1;
      int lineEnd = value.indexOf('\n', lineStart);
      String inValue = value.substring(lineStart, lineEnd < 0 ? value.length() : lineEnd);
      String inFile = document.line(line + 1 + down);
      if (!inFile.endsWith(inValue)) {
        return new int[] {line, column};
      }
      int at = inFile.length() - inValue.length() + before.length() - lineStart;
      return new int[] {line + 1 + down, inFile.codePointCount(0, at)};
    }
    if (style == ScalarStyle.FOLDED) {
      return new int[] {line, column};
    }
    String inFile = document.line(line);
    int start =
        inFile.offsetByCodePoints(0, Math.min(column, inFile.codePointCount(0, inFile.length())));
    int at = start + (style == ScalarStyle.PLAIN ? 0 : 1);
    for (int i = 0; i < before.length(); i++) {
      if (at >= inFile.length()) {
        return new int[] {line, column};
      }
      if (style == ScalarStyle.DOUBLE_QUOTED && inFile.charAt(at) == '\\') {
        at += escapeLength(inFile, at);
      } else if (style == ScalarStyle.SINGLE_QUOTED && inFile.startsWith("''", at)) {
        at += 2;
      } else if (inFile.charAt(at) != before.charAt(i)) {
        return new int[] {line, column};
      } else {
        at++;
      }
    }
    return new int[] {line, inFile.codePointCount(0, Math.min(at, inFile.length()))};
  }

  private static int escapeLength(String line, int at) {
    return switch (at + 1 < line.length() ? line.charAt(at + 1) : ' ') {
      case 'x' -> 4;
      case 'u' -> 6;
      case 'U' -> 10;
      default -> 2;
    };
  }

  private <T> Optional<T> expected(String what) {
    error(label + ": expected " + what + ", but found " + found());
    return Optional.empty();
  }

  /** What stands here, for a message. */
  public String found() {
    return switch (node) {
      case SequenceNode s when s.getValue().isEmpty() -> "an empty list";
      case SequenceNode _ -> "a list";
      case MappingNode _ -> "a mapping";
      case ScalarNode s when s.getTag().equals(Tag.NULL) -> "nothing";
      case ScalarNode s -> Shown.quoted(s.getValue());
      default -> "something else";
    };
  }

  public boolean isList() {
    return node instanceof SequenceNode;
  }

  public boolean isEmptyList() {
    return node instanceof SequenceNode sequence && sequence.getValue().isEmpty();
  }

  public boolean isMapping() {
    return node instanceof MappingNode;
  }

  /** A text; a number or truth value stands for its characters. */
  public Optional<String> text() {
    return text("text");
  }

  /** As {@link #text()}, with words for what is expected. */
  public Optional<String> text(String what) {
    if (!(node instanceof ScalarNode scalar) || scalar.getTag().equals(Tag.NULL)) {
      return expected(what);
    }
    int nul = scalar.getValue().indexOf('\0');
    if (nul >= 0) {
      error(nul, label + ": expected " + what + ", but found the character NUL in it");
      return Optional.empty();
    }
    if (!StandardCharsets.UTF_8.newEncoder().canEncode(scalar.getValue())) {
      // An escape makes it, and no agent could be sent it.
      error(label + ": expected " + what + ", but found half a surrogate pair in it");
      return Optional.empty();
    }
    return Optional.of(scalar.getValue());
  }

  /** A text that {@code fits}. */
  public Optional<String> text(String what, Predicate<String> fits) {
    return parsed(what, text -> Optional.of(text).filter(fits));
  }

  /** What {@code parse} makes of the text; empty from it means that the text is wrong. */
  public <T> Optional<T> parsed(String what, Function<String, Optional<T>> parse) {
    Optional<String> text = text(what);
    if (text.isEmpty()) {
      return Optional.empty();
    }
    Optional<T> parsed = parse.apply(text.get());
    return parsed.isPresent() ? parsed : expected(what);
  }

  /** A whole number of a range. */
  public OptionalInt integer(int from, int to) {
    String what = "a whole number from " + from + " to " + to;
    return parsed(what, text -> wholeNumber(text).filter(n -> n >= from && n <= to))
        .map(OptionalInt::of)
        .orElse(OptionalInt.empty());
  }

  private static Optional<Integer> wholeNumber(String text) {
    return text.matches("-?[0-9]{1," + MAX_INT_DIGITS + "}")
        ? Optional.of(Integer.valueOf(text))
        : Optional.empty();
  }

  /** {@code true} or {@code false}. */
  public Optional<Boolean> truth() {
    return parsed(
        "true or false",
        text ->
            switch (text) {
              case "true" -> Optional.of(true);
              case "false" -> Optional.of(false);
              default -> Optional.empty();
            });
  }

  /** One of a few words. */
  public <T> Optional<T> oneOf(Map<String, T> words) {
    String what =
        words.size() == 1
            ? words.keySet().iterator().next()
            : "one of " + String.join(", ", words.keySet());
    Optional<String> text = text(what);
    if (text.isPresent() && !words.containsKey(text.get())) {
      String near = Shown.nearest(text.get(), words.keySet());
      error(label + ": expected " + what + ", but found " + found() + near);
    }
    return text.flatMap(t -> Optional.ofNullable(words.get(t)));
  }

  /** The elements of a list, of which there may be {@code most}. */
  public List<Value> list(int most) {
    if (!(node instanceof SequenceNode sequence)) {
      expected("a list");
      return List.of();
    }
    List<Node> elements = sequence.getValue();
    if (elements.size() > most) {
      error(label + ": expected at most " + most + " elements, but found " + elements.size());
    }
    List<Value> values = new ArrayList<>();
    for (Node element : elements.subList(0, Math.min(most, elements.size()))) {
      values.add(new Value(document, element, "an element of " + label));
    }
    return values;
  }

  /** The list's elements, each read by {@code read}. */
  public <T> List<T> list(int most, Function<Value, Optional<T>> read) {
    return list(most).stream().flatMap(v -> read.apply(v).stream()).toList();
  }

  /** The fields of a mapping whose keys are known; {@code what} names it in messages. */
  public Optional<Fields> fields(String what) {
    if (!isMapping()) {
      return expected("a mapping");
    }
    return Optional.of(new Fields(this, what, entries(Integer.MAX_VALUE)));
  }

  /** The entries of a mapping whose keys are free, in the order of the file. */
  public Map<String, Entry> entries(int most) {
    Map<String, Entry> entries = new LinkedHashMap<>();
    if (!(node instanceof MappingNode mapping)) {
      expected("a mapping");
      return entries;
    }
    if (mapping.getValue().size() > most) {
      error(label + ": expected at most " + most + " keys, but found " + mapping.getValue().size());
    }
    for (NodeTuple tuple : mapping.getValue()) {
      var key = new Value(document, tuple.getKeyNode(), "a key of " + label);
      Optional<String> name = key.text("a name");
      if (name.isEmpty() || entries.size() >= most) {
        continue;
      }
      var entry = new Entry(key, new Value(document, tuple.getValueNode(), name.get()));
      if (entries.putIfAbsent(name.get(), entry) != null) {
        int first = entries.get(name.get()).key.node.getStartMark().orElseThrow().getLine() + 1;
        key.error(
            "the key " + Shown.quoted(name.get()) + " stands twice (first in line " + first + ")");
      }
    }
    return entries;
  }

  /** A key and its value, each with its place. */
  public record Entry(Value key, Value value) {}
}
