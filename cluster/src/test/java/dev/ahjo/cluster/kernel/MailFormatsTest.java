package dev.ahjo.cluster.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.ahjo.core.arbitrary.Arbitrary;
import dev.ahjo.core.build.Build;
import dev.ahjo.core.builder.Builder;
import dev.ahjo.core.buildset.Buildset;
import dev.ahjo.core.kernel.Message;
import dev.ahjo.core.lock.Lock;
import dev.ahjo.core.pool.Pool;
import dev.ahjo.core.port.Entities.Answer;
import dev.ahjo.core.project.Project;
import dev.ahjo.core.request.BuildRequest;
import dev.ahjo.core.worker.Worker;
import dev.ahjo.wire.Json;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/**
 * Nodes of two versions work together while a farm is upgraded: what a node of an earlier version
 * says to an entity is understood, and what a later one adds is passed over. Each message that was
 * ever said stands as a line of {@code golden/mail.jsonl}; {@code -Dgolden.write=true} adds those
 * that are missing and never touches one that is there.
 */
class MailFormatsTest {
  private static final Path GOLDEN = Path.of("src/test/resources/golden/mail.jsonl");

  private static final List<Class<?>> ROOTS =
      List.of(
          Answer.class,
          Build.Command.class,
          Build.HandsOn.class,
          BuildRequest.Command.class,
          BuildRequest.HandsOn.class,
          Builder.Command.class,
          Builder.HandsOn.class,
          Buildset.Command.class,
          Buildset.HandsOn.class,
          Lock.Command.class,
          Pool.Command.class,
          Project.Command.class,
          Project.HandsOn.class,
          Worker.Command.class);

  private record Said(Message message) {}

  private record Heard(Answer answer) {}

  private static String name(Class<?> record) {
    return record.getName().replace("dev.ahjo.core.", "");
  }

  private static Map<String, JsonNode> golden() throws Exception {
    Map<String, JsonNode> lines = new TreeMap<>();
    if (Files.exists(GOLDEN)) {
      for (String line : Files.readAllLines(GOLDEN)) {
        JsonNode node = Json.text().readTree(line);
        lines.put(node.path("of").asText(), node.path("json"));
      }
    }
    return lines;
  }

  private static List<Class<?>> messages() {
    return ROOTS.stream()
        .flatMap(root -> Arbitrary.records(root).stream())
        .sorted(Comparator.comparing(Class::getName))
        .toList();
  }

  private static Object wrapped(Object value) {
    return value instanceof Message message ? new Said(message) : new Heard((Answer) value);
  }

  private static Class<?> wrapper(JsonNode json) {
    return json.has("message") ? Said.class : Heard.class;
  }

  @Test
  void everyMessageHasItsLine() throws Exception {
    Map<String, JsonNode> golden = golden();
    for (Class<?> kind : messages()) {
      if (!golden.containsKey(name(kind))) {
        if (!Boolean.getBoolean("golden.write")) {
          fail("%s has no line in %s: run this once with -Dgolden.write=true", name(kind), GOLDEN);
        }
        Object value = Arbitrary.full(name(kind).hashCode()).value(kind);
        golden.put(name(kind), Json.text().valueToTree(wrapped(value)));
      }
    }
    if (Boolean.getBoolean("golden.write")) {
      List<String> lines = new ArrayList<>();
      for (var line : golden.entrySet()) {
        ObjectNode node = Json.text().createObjectNode().put("of", line.getKey());
        lines.add(node.set("json", line.getValue()).toString());
      }
      Files.createDirectories(GOLDEN.getParent());
      Files.write(GOLDEN, lines);
    }
    assertThat(golden).hasSizeGreaterThan(60);
  }

  @Test
  void whatAnEarlierNodeSaysIsUnderstood() throws Exception {
    for (var line : golden().entrySet()) {
      byte[] cbor = Json.binary().writeValueAsBytes(line.getValue());
      Object read = Json.binary().readValue(cbor, wrapper(line.getValue()));
      JsonNode again = Json.text().valueToTree(read);
      assertThat(lost(line.getValue(), again, ""))
          .as("%s: what was said, but is not understood any more", line.getKey())
          .isEmpty();
    }
  }

  @Test
  void whatALaterNodeAddsIsPassedOver() throws Exception {
    for (var line : golden().entrySet()) {
      JsonNode later = line.getValue().deepCopy();
      ((ObjectNode) later).put("added_later", 1);
      ((ObjectNode) later.elements().next()).putObject("added_later").put("x", "y");
      assertThat(Json.binary().readValue(bytes(later), wrapper(later)))
          .as(line.getKey())
          .isEqualTo(Json.binary().readValue(bytes(line.getValue()), wrapper(later)));
    }
  }

  private static byte[] bytes(JsonNode node) throws Exception {
    return Json.binary().writeValueAsBytes(node);
  }

  /** Where {@code then} says something that {@code now} does not say in the same way. */
  private static List<String> lost(JsonNode then, JsonNode now, String at) {
    List<String> lost = new ArrayList<>();
    if (then.isObject()) {
      for (Iterator<String> names = then.fieldNames(); names.hasNext(); ) {
        String name = names.next();
        lost.addAll(lost(then.path(name), now.path(name), at + "." + name));
      }
    } else if (then.isArray()) {
      for (int i = 0; i < then.size(); i++) {
        lost.addAll(lost(then.path(i), now.path(i), at + "[" + i + "]"));
      }
    } else if (!then.asText().equals(now.asText())) {
      lost.add(at + ": " + then + ", now " + now);
    }
    return lost;
  }
}
