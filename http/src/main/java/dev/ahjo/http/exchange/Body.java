package dev.ahjo.http.exchange;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeType;
import dev.ahjo.core.kernel.Refusal;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;

/**
 * A JSON object that a caller sent, read field by field; every mistake is kept, so that {@link
 * #done} tells them all at once.
 */
public final class Body {
  /** The most mistakes that are told of one body. */
  private static final int MAX_FAULTS = 100;

  private final String prefix;
  private final Map<String, JsonNode> fields;
  private final Set<String> read = new TreeSet<>();
  private final List<Refusal.Invalid> wrong;

  private Body(String prefix, Map<String, JsonNode> fields, List<Refusal.Invalid> wrong) {
    this.prefix = prefix;
    this.fields = fields;
    this.wrong = wrong;
  }

  /**
   * The body of {@code call}; nothing at all is an object without fields.
   *
   * @throws Problem when it is not a JSON object
   */
  public static Body of(Call call) {
    if (call.body().length == 0) {
      return new Body("", Map.of(), new ArrayList<>());
    }
    if (!call.bodyType().isEmpty() && !call.bodyType().endsWith("json")) {
      throw new Problem(
          Problem.Kind.UNSUPPORTED_TYPE,
          "Expected a body of application/json, but found " + call.bodyType());
    }
    JsonNode document = parse(call.body());
    if (!document.isObject()) {
      throw new Problem(
          Problem.Kind.INVALID, "Expected a JSON object, but found " + found(document));
    }
    return new Body("", object(document), new ArrayList<>());
  }

  private static JsonNode parse(byte[] bytes) {
    try {
      return Json.MAPPER.readTree(bytes);
    } catch (JsonProcessingException e) {
      var at = e.getLocation();
      int line = at == null ? 0 : at.getLineNr();
      int column = at == null ? 0 : at.getColumnNr();
      String message = "expected JSON: " + e.getOriginalMessage();
      throw new Problem(
          Problem.Kind.MALFORMED,
          "The body is not JSON, at line " + line + ", column " + column,
          List.of(Problem.Fault.place(line, column, message)));
    } catch (IOException e) {
      throw new Problem(Problem.Kind.MALFORMED, "The body can't be read: " + e.getMessage());
    }
  }

  private static Map<String, JsonNode> object(JsonNode node) {
    Map<String, JsonNode> fields = new LinkedHashMap<>();
    node.properties().forEach(e -> fields.put(e.getKey(), e.getValue()));
    return fields;
  }

  public Optional<String> text(String name) {
    return value(name, JsonNodeType.STRING, "a text")
        .map(JsonNode::asText)
        .filter(text -> writable(prefix + name, text));
  }

  /** A text that must be there. */
  public String needed(String name) {
    Optional<String> value = text(name);
    JsonNode given = fields.get(name);
    if (given == null || given.isNull()) {
      fault(prefix + name, "expected a text, but it is missing");
    }
    return value.orElse("");
  }

  public Optional<Integer> whole(String name) {
    return value(name, JsonNodeType.NUMBER, "a whole number")
        .flatMap(n -> {
          if (n.isIntegralNumber() && n.canConvertToInt()) {
            return Optional.of(n.intValue());
          }
          fault(prefix + name, "expected a whole number, but found " + n);
          return Optional.empty();
        });
  }

  /** A whole number that must be there; empty only where {@link #done} will tell so. */
  public Optional<Integer> needWhole(String name) {
    JsonNode given = fields.get(name);
    if (given == null || given.isNull()) {
      fault(prefix + name, "expected a whole number, but it is missing");
    }
    return whole(name);
  }

  /** A list of texts; one text alone stands for a list of one. */
  public List<String> texts(String name) {
    read.add(name);
    JsonNode node = fields.get(name);
    if (node == null || node.isNull()) {
      return List.of();
    }
    if (node.isTextual()) {
      return text(name).stream().toList();
    }
    if (!node.isArray()) {
      fault(prefix + name, "expected a list of texts, but found " + found(node));
      return List.of();
    }
    List<String> texts = new ArrayList<>();
    for (int i = 0; i < node.size(); i++) {
      String field = prefix + name + "[" + i + "]";
      if (!node.get(i).isTextual()) {
        fault(field, "expected a text, but found " + found(node.get(i)));
      } else if (writable(field, node.get(i).asText())) {
        texts.add(node.get(i).asText());
      }
    }
    return texts;
  }

  /** An object of texts; numbers and booleans are taken as they are written. */
  public Map<String, String> textsByName(String name) {
    Map<String, String> texts = new LinkedHashMap<>();
    value(name, JsonNodeType.OBJECT, "an object")
        .ifPresent(object ->
            object(object)
                .forEach((key, value) -> {
                  String field = prefix + name + "." + key;
                  if (!value.isValueNode() || value.isNull()) {
                    fault(field, "expected a text, but found " + found(value));
                  } else if (writable(field, key) && writable(field, value.asText())) {
                    texts.put(key, value.asText());
                  }
                }));
    return texts;
  }

  /** An object of objects, each read by {@code read}. */
  public <T> Map<String, T> objects(String name, Function<Body, T> read) {
    Map<String, T> objects = new LinkedHashMap<>();
    value(name, JsonNodeType.OBJECT, "an object")
        .ifPresent(object ->
            object(object)
                .forEach((key, value) -> {
                  String path = prefix + name + "." + key;
                  if (value.isObject()) {
                    var inner = new Body(path + ".", object(value), wrong);
                    objects.put(key, read.apply(inner));
                    inner.unknown();
                  } else {
                    fault(path, "expected an object, but found " + found(value));
                  }
                }));
    return objects;
  }

  /** What {@code type} makes of a text, whose objection is a mistake in that field. */
  public <T> Optional<T> as(String field, String text, Function<String, T> type) {
    try {
      return Optional.of(type.apply(text));
    } catch (IllegalArgumentException objection) {
      fault(prefix + field, String.valueOf(objection.getMessage()));
      return Optional.empty();
    }
  }

  private Optional<JsonNode> value(String name, JsonNodeType type, String expected) {
    read.add(name);
    JsonNode node = fields.get(name);
    if (node == null || node.isNull()) {
      return Optional.empty();
    }
    if (node.getNodeType() != type) {
      fault(prefix + name, "expected " + expected + ", but found " + found(node));
      return Optional.empty();
    }
    return Optional.of(node);
  }

  private void unknown() {
    for (String name : fields.keySet()) {
      if (!read.contains(name)) {
        fault(
            prefix + name,
            read.isEmpty()
                ? "there is no such field"
                : "there is no such field, but " + String.join(", ", read));
      }
    }
  }

  /** JSON takes half a surrogate pair; no agent could be sent it. */
  private boolean writable(String field, String text) {
    boolean writable = StandardCharsets.UTF_8.newEncoder().canEncode(text);
    if (!writable) {
      fault(field, "expected a text, but found half a surrogate pair in it");
    }
    return writable;
  }

  private void fault(String field, String message) {
    if (wrong.size() < MAX_FAULTS) {
      wrong.add(new Refusal.Invalid(field, message));
    }
  }

  /**
   * To be called once all fields have been read.
   *
   * @throws Problem naming every field that is wrong or unknown
   */
  public void done() {
    unknown();
    if (!wrong.isEmpty()) {
      throw Problem.invalid(wrong);
    }
  }

  private static String found(JsonNode node) {
    String text = node.toString();
    return switch (node.getNodeType()) {
      case OBJECT -> "an object";
      case ARRAY -> "a list";
      case STRING, NUMBER, BOOLEAN -> text.length() > 60 ? text.substring(0, 60) + "…" : text;
      default -> node.getNodeType().name().toLowerCase(Locale.ROOT);
    };
  }
}
