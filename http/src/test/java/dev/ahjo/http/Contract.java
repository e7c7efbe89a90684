package dev.ahjo.http;

import com.fasterxml.jackson.databind.JsonNode;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SpecVersion.VersionFlag;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;

/** Holds every answer that the tests see against the API's description. */
final class Contract {
  private static final JsonNode DOCUMENT = load();
  private static final JsonSchemaFactory SCHEMAS =
      JsonSchemaFactory.getInstance(VersionFlag.V202012);
  private static final Map<JsonNode, JsonSchema> COMPILED = new ConcurrentHashMap<>();

  private Contract() {}

  private static JsonNode load() {
    try (InputStream in = HttpServer.class.getResourceAsStream("/dev/ahjo/http/openapi.json")) {
      return Desk.JSON.readTree(in);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  /** Every operation of the description, as {@code GET /path}. */
  static List<String> operations() {
    List<String> all = new ArrayList<>();
    DOCUMENT
        .path("paths")
        .properties()
        .forEach(path ->
            path.getValue()
                .properties()
                .forEach(operation -> {
                  if (!operation.getKey().equals("parameters")) {
                    all.add(operation.getKey().toUpperCase(Locale.ROOT) + " " + path.getKey());
                  }
                }));
    return all;
  }

  static void check(String method, String path, Desk.Answer answer) {
    String bare = path.contains("?") ? path.substring(0, path.indexOf('?')) : path;
    String verb = (method.equals("HEAD") ? "GET" : method).toLowerCase(Locale.ROOT);
    Optional<JsonNode> operation = operation(bare, verb);
    if (operation.isEmpty()) {
      expect(
          answer.status() == 404 || answer.status() == 405 || !bare.startsWith("/api/"),
          method + " " + bare + " is answered, but not described");
      return;
    }
    JsonNode responses = operation.get().path("responses");
    JsonNode response =
        responses.has(Integer.toString(answer.status()))
            ? responses.path(Integer.toString(answer.status()))
            : responses.path("default");
    expect(
        answer.status() >= 400 || responses.has(Integer.toString(answer.status())),
        method + " " + bare + " answers " + answer.status() + ", which is not described");
    if (method.equals("HEAD") || answer.status() == 304) {
      return;
    }
    String type = answer.header("Content-Type").replaceAll(";.*", "");
    expect(
        response.path("content").has(type),
        method + " " + bare + " answers " + type + ", which is not described");
    if (type.endsWith("json")) {
      var wrong =
          schema(response.path("content").path(type).path("schema")).validate(answer.json());
      expect(wrong.isEmpty(), method + " " + bare + ": " + wrong + " in " + answer.text());
    }
  }

  private static Optional<JsonNode> operation(String path, String verb) {
    return DOCUMENT.path("paths").properties().stream()
        .filter(p -> fits(p.getKey(), path) && p.getValue().has(verb))
        .map(p -> p.getValue().path(verb))
        .findFirst();
  }

  private static boolean fits(String template, String path) {
    String pattern =
        Pattern.quote(template)
            .replace("{path}", "\\E.+\\Q")
            .replaceAll("\\{[a-z]+}", "\\\\E[^/]+\\\\Q");
    return path.matches(pattern);
  }

  private static JsonSchema schema(JsonNode schema) {
    return COMPILED.computeIfAbsent(
        schema,
        s -> {
          var whole = Desk.JSON.createObjectNode();
          whole.set("components", DOCUMENT.path("components"));
          whole.putArray("allOf").add(s);
          return SCHEMAS.getSchema(whole);
        });
  }

  private static void expect(boolean so, String otherwise) {
    if (!so) {
      throw new AssertionError(otherwise);
    }
  }
}
