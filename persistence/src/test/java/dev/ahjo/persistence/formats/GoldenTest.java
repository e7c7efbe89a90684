package dev.ahjo.persistence.formats;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.ahjo.core.arbitrary.Arbitrary;
import dev.ahjo.core.kernel.Fact;
import dev.ahjo.persistence.formats.Kinds.Kind;
import dev.ahjo.wire.Json;
import java.lang.reflect.RecordComponent;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every fact that was ever published can be read, and is written as it always was. One file for
 * each version of each fact stands in {@code src/test/resources/golden}; {@code
 * -Dgolden.write=true} writes those that are missing and never touches one that is there.
 */
class GoldenTest {
  private static final Path FOLDER = Path.of("src/test/resources/golden");
  private static final Instant AT = Instant.parse("2026-11-23T01:02:03Z");

  record Case(Kind kind, Class<?> fact) {
    /** The file of the version that is written today. */
    Path file() {
      return folder(kind)
          .resolve(Upcasters.CURRENT.written(kind.type(), fact.getSimpleName()) + ".json");
    }

    @Override
    public String toString() {
      return kind.type().label() + "/" + fact.getSimpleName();
    }
  }

  private static Path folder(Kind kind) {
    return FOLDER.resolve(kind.type().label());
  }

  static Stream<Case> facts() {
    return Kinds.all().stream().flatMap(k -> k.factTypes().stream().map(f -> new Case(k, f)));
  }

  @ParameterizedTest
  @MethodSource("facts")
  void isWrittenAsItAlwaysWas(Case published) throws Exception {
    Path file = published.file();
    if (!Files.exists(file)) {
      if (!Boolean.getBoolean("golden.write")) {
        fail("There is no %s: see docs/howto/add-a-fact.md".formatted(file));
      }
      Files.createDirectories(file.getParent());
      Files.writeString(file, pretty(sample(published)));
    }
    JsonNode golden = Json.text().readTree(Files.readString(file));
    Recorded read = FactFormat.CURRENT.read(bytes(golden), manifest(published.kind()));
    assertThat(read.facts()).singleElement().isInstanceOf(published.fact());
    assertThat(Json.text().readTree(FactFormat.CURRENT.write(read)))
        .as("%s written again. A published fact never changes: add a version beside it", file)
        .isEqualTo(golden);
    List<String> missing = new ArrayList<>();
    requireComplete(read.facts().getFirst(), golden.path("facts").path(0), "", missing);
    assertThat(missing)
        .as("Components that %s does not show. A published fact never changes", file)
        .isEmpty();
  }

  static Stream<Kind> kinds() {
    return Kinds.all().stream();
  }

  /** Also those of earlier versions, which nothing writes any more. */
  @ParameterizedTest
  @MethodSource("kinds")
  void everyGoldenFileIsRead(Kind kind) throws Exception {
    try (var files = Files.list(folder(kind))) {
      for (Path file : files.toList()) {
        Recorded read = FactFormat.CURRENT.read(Files.readAllBytes(file), manifest(kind));
        assertThat(read.at()).as(file.toString()).isEqualTo(AT);
        assertThat(read.facts()).as(file.toString()).hasSize(1);
      }
    }
  }

  @Test
  void aMissingComponentIsSeen() {
    var missing = new ArrayList<String>();
    requireComplete(
        new Pair(Optional.empty(), List.of("x")),
        Json.text().createObjectNode().set("list", Json.text().createArrayNode().add("x")),
        "",
        missing);
    assertThat(missing).containsExactly(".left");
  }

  record Pair(Optional<String> left, List<String> list) {}

  private static Recorded sample(Case published) {
    Arbitrary values = Arbitrary.full(published.toString().hashCode());
    return new Recorded(AT, List.of((Fact) values.value(published.fact())));
  }

  private static String pretty(Recorded row) throws Exception {
    return Json.text()
            .writer()
            .with(SerializationFeature.INDENT_OUTPUT)
            .writeValueAsString(Json.text().readTree(FactFormat.CURRENT.write(row)))
        + "\n";
  }

  private static byte[] bytes(JsonNode tree) {
    return tree.toString().getBytes(StandardCharsets.UTF_8);
  }

  private static String manifest(Kind kind) {
    return kind.type().label() + ".1";
  }

  /**
   * Golden files have every optional and every collection filled, so each component is to be seen.
   */
  private static void requireComplete(
      Object value, JsonNode written, String at, List<String> missing) {
    switch (value) {
      case Optional<?> optional ->
          optional.ifPresent(present -> requireComplete(present, written, at, missing));
      case Map<?, ?> map -> {
        var values = map.values().iterator();
        if (values.hasNext() && written instanceof ObjectNode entries && !entries.isEmpty()) {
          requireComplete(values.next(), entries.elements().next(), at + "{}", missing);
        }
      }
      case Iterable<?> elements -> {
        var each = elements.iterator();
        if (each.hasNext() && written.has(0)) {
          requireComplete(each.next(), written.path(0), at + "[]", missing);
        }
      }
      case Record record when written.isObject() -> {
        for (RecordComponent component : record.getClass().getRecordComponents()) {
          String path = at + "." + component.getName();
          if (written.has(component.getName())) {
            requireComplete(
                component(record, component), written.path(component.getName()), path, missing);
          } else {
            missing.add(path);
          }
        }
      }
      default -> {
        // a scalar is complete by being there
      }
    }
  }

  private static Object component(Record record, RecordComponent component) {
    try {
      component.getAccessor().setAccessible(true);
      return component.getAccessor().invoke(record);
    } catch (ReflectiveOperationException closed) {
      throw new AssertionError(closed);
    }
  }
}
