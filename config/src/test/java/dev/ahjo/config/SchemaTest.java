package dev.ahjo.config;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SpecVersion;
import com.networknt.schema.ValidationMessage;
import dev.ahjo.config.Reading.Valid;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.ShrinkingMode;
import net.jqwik.api.statistics.Statistics;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.schema.CoreSchema;

/** What an editor says by the schema agrees with what the reader says. */
class SchemaTest {
  private static final JsonSchema SCHEMA =
      JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V202012)
          .getSchema(Examples.resource("/dev/ahjo/config/ahjo.schema.json"));

  private static Set<ValidationMessage> complaints(String yaml) {
    var load = new Load(LoadSettings.builder().setSchema(new CoreSchema()).build());
    JsonNode json = new ObjectMapper().valueToTree(load.loadFromString(yaml));
    return SCHEMA.validate(json);
  }

  @TestFactory
  Stream<DynamicTest> goodFilesAreGoodForBoth() {
    return Examples.GOOD.stream()
        .map(name ->
            DynamicTest.dynamicTest(
                name,
                () -> {
                  assertThat(ProjectFiles.read(name, Examples.text(name)))
                      .isInstanceOf(Valid.class);
                  assertThat(complaints(Examples.text(name))).isEmpty();
                }));
  }

  @TestFactory
  Stream<DynamicTest> mistakesOfShapeAreSeenByBoth() {
    return Mistakes.all().stream()
        .filter(Mistakes::shape)
        .map(m ->
            DynamicTest.dynamicTest(m.name(), () -> assertThat(complaints(m.file())).isNotEmpty()));
  }

  /** An editor must not underline what the reader takes; the other way round it cannot know all. */
  @Property(tries = 1500, shrinking = ShrinkingMode.OFF)
  void whatTheReaderTakesTheSchemaTakes(@ForAll("exchanged") String text) {
    boolean taken = ProjectFiles.read("f", text) instanceof Valid;
    if (taken) {
      assertThat(complaints(text)).as(text).isEmpty();
    }
    Statistics.label("taken by the reader")
        .collect(taken)
        .coverage(c -> c.check(true).percentage(p -> p >= 15));
  }

  @Provide
  Arbitrary<String> exchanged() {
    return Arbitraries.longs().map(seed -> FuzzTest.exchangeWords(new Random(seed)));
  }
}
