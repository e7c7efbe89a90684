package dev.ahjo.worker;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.ahjo.core.worker.Protocol.ToAgent;
import dev.ahjo.core.worker.Protocol.ToGate;
import dev.ahjo.wire.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What {@code docs/worker-protocol.md} shows is what goes over the wire. */
class ProtocolPageTest {
  private static final Pattern EXAMPLE = Pattern.compile("```json\n(.*?)```", Pattern.DOTALL);

  private static final Set<String> TO_GATE = names(ToGate.class);
  private static final Set<String> TO_AGENT = names(ToAgent.class);

  private static Set<String> names(Class<?> messages) {
    return Stream.of(messages.getPermittedSubclasses())
        .map(Class::getSimpleName)
        .collect(Collectors.toSet());
  }

  static List<String> examples() throws IOException {
    String page = Files.readString(Path.of("../docs/worker-protocol.md"));
    return EXAMPLE.matcher(page).results().map(m -> m.group(1)).toList();
  }

  @ParameterizedTest
  @MethodSource("examples")
  void isReadAndWrittenAsItStands(String example) throws IOException {
    JsonNode shown = new ObjectMapper().readTree(example);
    Class<?> side = TO_GATE.contains(shown.get("type").textValue()) ? ToGate.class : ToAgent.class;
    Object message = Json.text().readerFor(side).readValue(example);

    JsonNode written =
        Json.text().readTree(Json.text().writerFor(side).writeValueAsString(message));
    assertThat(bare(written)).isEqualTo(bare(shown));
  }

  @Test
  void everyMessageIsShown() throws IOException {
    var shown = new HashSet<String>();
    for (String example : examples()) {
      shown.add(new ObjectMapper().readTree(example).get("type").textValue());
    }
    assertThat(shown).containsAll(TO_GATE).containsAll(TO_AGENT);
  }

  /** Without empty lists and maps, which may be left out; the order of sets does not matter. */
  private static JsonNode bare(JsonNode node) {
    if (node instanceof ObjectNode object) {
      ObjectNode result = object.objectNode();
      object
          .properties()
          .forEach(e -> {
            if (!(e.getValue().isContainerNode() && e.getValue().isEmpty())) {
              result.set(e.getKey(), bare(e.getValue()));
            }
          });
      return result;
    }
    if (node instanceof ArrayNode array) {
      ArrayNode result = array.arrayNode();
      Stream<JsonNode> parts = array.valueStream().map(ProtocolPageTest::bare);
      boolean words = !array.isEmpty() && array.valueStream().allMatch(JsonNode::isTextual);
      (words ? parts.sorted((a, b) -> a.textValue().compareTo(b.textValue())) : parts)
          .forEach(result::add);
      return result;
    }
    return node.isNumber() ? asLong(node) : node;
  }

  private static JsonNode asLong(JsonNode number) {
    return com.fasterxml.jackson.databind.node.LongNode.valueOf(number.longValue());
  }
}
