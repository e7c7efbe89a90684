package dev.ahjo.config.yaml;

import dev.ahjo.config.Problem.Severity;
import java.nio.charset.StandardCharsets;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.composer.Composer;
import org.snakeyaml.engine.v2.events.Event;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.ReaderException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.SequenceNode;
import org.snakeyaml.engine.v2.nodes.Tag;
import org.snakeyaml.engine.v2.parser.Parser;
import org.snakeyaml.engine.v2.parser.ParserImpl;
import org.snakeyaml.engine.v2.scanner.StreamReader;
import org.snakeyaml.engine.v2.schema.CoreSchema;

/**
 * One YAML document, composed into nodes and no further: nodes know their place, and nothing in the
 * file can name a Java class. Size, depth and what aliases multiply are bounded before anybody
 * walks the tree.
 */
public final class Document {
  /** Bytes of UTF-8. */
  public static final int MAX_BYTES = 1 << 20;

  static final int MAX_DEPTH = 32;
  private static final int MAX_ALIASES = 50;

  /** Nodes after every alias is followed; a file of the largest size has fewer without any. */
  private static final long MAX_NODES = 1 << 20;

  private static final Set<Tag> PLAIN_TAGS =
      Set.of(Tag.STR, Tag.INT, Tag.FLOAT, Tag.BOOL, Tag.NULL, Tag.SEQ, Tag.MAP);

  private final Problems problems;
  private final List<String> lines;

  private Document(String text, Problems problems) {
    this.problems = problems;
    this.lines = List.of(text.split("\r\n|\r|\n", -1));
  }

  /** What {@code reader} makes of the document's root; empty when {@code problems} says why not. */
  public static <T> Optional<T> read(
      String file, String text, Problems problems, Function<Value, Optional<T>> reader) {
    try {
      return root(file, text, problems).flatMap(reader);
    } catch (Problems.Enough enough) {
      return Optional.empty();
    }
  }

  private static Optional<Value> root(String file, String text, Problems problems) {
    if (text.length() > MAX_BYTES || text.getBytes(StandardCharsets.UTF_8).length > MAX_BYTES) {
      problems.add(
          1, 1, "expected at most " + MAX_BYTES + " bytes, but found more", Severity.ERROR);
      return Optional.empty();
    }
    String plain = text.startsWith("\uFEFF") ? text.substring(1) : text;
    var document = new Document(plain, problems);
    try {
      return document.compose(file, plain).filter(document::bounded).map(n -> document.root(n));
    } catch (MarkedYamlEngineException e) {
      String context = e.getContext() == null ? "" : e.getContext() + ", ";
      String problem = e.getProblem() == null ? "unreadable" : e.getProblem();
      Optional<Mark> mark = e.getProblemMark().or(e::getContextMark);
      document.error(mark, "cannot be read as YAML: " + context + problem);
    } catch (ReaderException e) {
      int at = Math.clamp(e.getPosition(), 0, plain.codePointCount(0, plain.length()));
      String before = plain.substring(0, plain.offsetByCodePoints(0, at));
      List<String> lines = List.of(before.split("\r\n|\r|\n", -1));
      String message = "cannot be read as YAML: found the character U+%04X, which is not allowed";
      problems.add(
          lines.size(),
          lines.getLast().codePointCount(0, lines.getLast().length()) + 1,
          message.formatted(e.getCodePoint()),
          Severity.ERROR);
    } catch (TooDeep e) {
      document.error(e.mark, "expected at most " + MAX_DEPTH + " levels, but found more");
    } catch (YamlEngineException | IllegalArgumentException e) {
      // The library has no place for these (too many aliases, an escape beyond Unicode).
      problems.add(1, 1, "cannot be read as YAML: " + e.getMessage(), Severity.ERROR);
    }
    return Optional.empty();
  }

  private Value root(Node node) {
    return new Value(this, node, "the file");
  }

  private Optional<Node> compose(String file, String text) {
    LoadSettings settings =
        LoadSettings.builder()
            .setLabel(file)
            .setMaxAliasesForCollections(MAX_ALIASES)
            .setCodePointLimit(MAX_BYTES)
            .setSchema(new CoreSchema())
            .build();
    var parser = new ParserImpl(settings, new StreamReader(settings, text));
    var composer = new Composer(settings, new DepthBound(parser));
    if (!composer.hasNext()) {
      problems.add(1, 1, "expected a mapping, but found an empty file", Severity.ERROR);
      return Optional.empty();
    }
    Node root = composer.next();
    if (composer.hasNext()) {
      error(composer.next().getStartMark(), "expected one document, but found a second one");
      return Optional.empty();
    }
    return Optional.of(root);
  }

  private boolean bounded(Node root) {
    Map<Node, Measure> measured = new IdentityHashMap<>();
    Measure all = measure(root, measured);
    if (all.nodes > MAX_NODES || all.depth > MAX_DEPTH) {
      String limit = all.nodes > MAX_NODES ? MAX_NODES + " values" : MAX_DEPTH + " levels";
      error(
          root.getStartMark(),
          "expected at most " + limit + " once aliases are followed, but found more");
      return false;
    }
    return !problems.errors();
  }

  /** What stands under a node once aliases are followed. */
  private record Measure(long nodes, int depth) {
    static final Measure OPEN = new Measure(-1, -1);
  }

  /** Visits every node once, however many aliases name it. */
  private Measure measure(Node node, Map<Node, Measure> measured) {
    Measure known = measured.get(node);
    if (known == Measure.OPEN) {
      error(node.getStartMark(), "expected a value, but found an anchor that contains itself");
      return new Measure(1, 1);
    }
    if (known != null) {
      return known;
    }
    measured.put(node, Measure.OPEN);
    if (!PLAIN_TAGS.contains(node.getTag())) {
      String tag = Shown.quoted(node.getTag().getValue());
      error(
          node.getStartMark(),
          "expected no tag, but found " + tag + "; put text that starts with ! into quotes");
    }
    long nodes = 1;
    int depth = 0;
    for (Node child : children(node)) {
      Measure m = measure(child, measured);
      nodes = Math.min(nodes + m.nodes, MAX_NODES + 1);
      depth = Math.max(depth, m.depth);
    }
    var measure = new Measure(nodes, depth + 1);
    measured.put(node, measure);
    return measure;
  }

  private static List<Node> children(Node node) {
    return switch (node) {
      case SequenceNode s -> s.getValue();
      case MappingNode m ->
          m.getValue().stream()
              .<Node>mapMulti((t, sink) -> {
                sink.accept(t.getKeyNode());
                sink.accept(t.getValueNode());
              })
              .toList();
      default -> List.of();
    };
  }

  private void error(Optional<Mark> mark, String message) {
    problems.add(
        mark.map(Mark::getLine).orElse(0) + 1,
        mark.map(Mark::getColumn).orElse(0) + 1,
        message,
        Severity.ERROR);
  }

  Problems problems() {
    return problems;
  }

  /** Line {@code number} from 0, without its end; empty past the last. */
  String line(int number) {
    return number < lines.size() ? lines.get(number) : "";
  }

  /** The composer calls itself for each level, so depth is bounded before it sees the events. */
  private static final class DepthBound implements Parser {
    private final Parser inner;
    private int depth;

    DepthBound(Parser inner) {
      this.inner = inner;
    }

    @Override
    public boolean checkEvent(Event.ID choice) {
      return inner.checkEvent(choice);
    }

    @Override
    public Event peekEvent() {
      return inner.peekEvent();
    }

    @Override
    public boolean hasNext() {
      return inner.hasNext();
    }

    @Override
    public Event next() {
      Event event = inner.next();
      switch (event.getEventId()) {
        case MappingStart, SequenceStart -> {
          if (++depth > MAX_DEPTH) {
            throw new TooDeep(event.getStartMark());
          }
        }
        case MappingEnd, SequenceEnd -> depth--;
        default -> {}
      }
      return event;
    }
  }

  private static final class TooDeep extends RuntimeException {
    private static final long serialVersionUID = 1;
    private final transient Optional<Mark> mark;

    TooDeep(Optional<Mark> mark) {
      this.mark = mark;
    }
  }
}
