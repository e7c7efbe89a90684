package dev.ahjo.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonMappingException;
import dev.ahjo.core.id.Attempt;
import dev.ahjo.core.id.BuildKey;
import dev.ahjo.core.id.BuilderKey;
import dev.ahjo.core.id.RequestId;
import dev.ahjo.core.id.WorkerName;
import dev.ahjo.core.kernel.EntityRef;
import dev.ahjo.core.kernel.Message;
import dev.ahjo.core.log.StreamKey;
import dev.ahjo.core.project.RetryPolicy;
import dev.ahjo.core.property.Property;
import dev.ahjo.core.property.Template;
import dev.ahjo.core.step.StepReport;
import dev.ahjo.core.worker.Protocol;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.pcollections.HashTreePMap;
import org.pcollections.OrderedPSet;
import org.pcollections.PMap;
import org.pcollections.PSortedMap;
import org.pcollections.PVector;
import org.pcollections.TreePMap;
import org.pcollections.TreePVector;

class JsonTest {
  private static final BuildKey BUILD = BuildKey.parse("zlib/debian#7");
  private static final Attempt ATTEMPT = new Attempt(new RequestId("01j.000"), 2);

  @Test
  void aPersonCanReadIt() throws Exception {
    var reports =
        new Protocol.Reports(
            BUILD,
            ATTEMPT,
            3,
            List.of(
                new StepReport.RevisionFound(Instant.parse("2026-11-23T00:00:00.5Z"), "zlib", "a1"),
                new StepReport.StepStarted(Instant.EPOCH, 1)));
    assertThat(write(reports))
        .isEqualTo(
            "{'type':'Reports','build':'zlib/debian#7','attempt':'01j.000~2','first':3,'reports':["
                + "{'type':'RevisionFound','at':'2026-11-23T00:00:00.500Z','repository':'zlib',"
                + "'revision':'a1'},"
                + "{'type':'StepStarted','at':'1970-01-01T00:00:00Z','step':1}]}");
  }

  @Test
  void whatIsEmptyIsLeftOut() throws Exception {
    var rule = new RetryPolicy.Rule("lost", Set.of(), Set.of(137), Set.of(), Optional.empty());
    assertThat(write(rule)).isEqualTo("{'name':'lost','exitCodes':[137]}");
    assertThat(read("{'name':'lost','exitCodes':[137]}", RetryPolicy.Rule.class)).isEqualTo(rule);
  }

  @Test
  void templatesStandAsInTheFile() throws Exception {
    Template template = Template.parse("make -j${properties.jobs} $${HOME} $HOME");
    assertThat(write(template)).isEqualTo("'make -j${properties.jobs} $${HOME} $HOME'");
    assertThat(read(write(template), Template.class)).isEqualTo(template);
  }

  @Test
  void durationsAreIso() throws Exception {
    assertThat(write(Duration.ofSeconds(90))).isEqualTo("'PT1M30S'");
  }

  record Keys(
      PMap<Attempt, BuildKey> attempts,
      PSortedMap<BuilderKey, PVector<WorkerName>> queues,
      PMap<EntityRef, Integer> refs,
      Map<StreamKey, Long> streams,
      Map<Set<String>, Integer> sets,
      OrderedPSet<String> order) {}

  @Test
  void keysOfMapsAreText() throws Exception {
    var keys =
        new Keys(
            HashTreePMap.singleton(ATTEMPT, BUILD),
            TreePMap.singleton(BUILD.builder(), TreePVector.singleton(new WorkerName("w1"))),
            HashTreePMap.empty(),
            Map.of(new StreamKey(BUILD, 0, StreamKey.Kind.LOG, "stdio"), 5L),
            Map.of(Set.of("linux"), 3, Set.of(), 4),
            OrderedPSet.from(List.of("b", "a")));
    String written = write(keys);
    assertThat(written)
        .startsWith(
            "{'attempts':{'01j.000~2':'zlib/debian#7'},'queues':{'zlib/debian':['w1']},'streams'");
    assertThat(read(written, Keys.class)).isEqualTo(keys);
    assertThat(read(written, Keys.class).order()).containsExactly("b", "a");
  }

  record Nested(
      Map<String, List<Integer>> lists, Map<String, PMap<String, Optional<String>>> maps) {}

  @Test
  void whatIsEmptyWithinAMapStaysWithItsKey() throws Exception {
    var nested = new Nested(Map.of("none", List.of()), Map.of("none", HashTreePMap.empty()));
    assertThat(write(nested)).isEqualTo("{'lists':{'none':[]},'maps':{'none':{}}}");
    assertThat(read(write(nested), Nested.class)).isEqualTo(nested);
    var optional =
        new Nested(Map.of(), Map.of("m", HashTreePMap.singleton("absent", Optional.empty())));
    assertThat(read(write(optional), Nested.class)).isEqualTo(optional);
  }

  @Test
  void unknownPropertiesArePassedOver() throws Exception {
    assertThat(read("{'value':'v','source':'project','later':[1]}", Property.class))
        .isEqualTo(new Property("v", "project"));
  }

  @Test
  void missingCollectionsAreEmptyButMissingTextIsAnError() throws Exception {
    assertThat(read("{'session':'s1'}", Protocol.Welcome.class).resume()).isEmpty();
    assertThatThrownBy(() -> read("{'value':'v'}", Property.class))
        .isInstanceOf(JsonMappingException.class)
        .hasMessageContaining("source");
  }

  record Holder(PMap<String, Integer> map, PVector<String> vector) {}

  @Test
  void missingPersistentCollectionsAreEmpty() throws Exception {
    assertThat(read("{}", Holder.class))
        .isEqualTo(new Holder(HashTreePMap.empty(), TreePVector.empty()));
    assertThat(read("{'map':null}", Holder.class).map()).isEmpty();
  }

  @Test
  void anUnknownKindNamesTheKnownOnes() {
    assertThatThrownBy(() -> read("{'type':'Explode'}", StepReport.class))
        .isInstanceOf(JsonMappingException.class)
        .hasMessageContaining("Explode")
        .hasMessageContaining("StepStarted");
  }

  @Test
  void aWrongIdSaysWhatWasExpected() {
    assertThatThrownBy(() -> read("'zlib'", BuildKey.class))
        .isInstanceOf(JsonMappingException.class)
        .hasMessageContaining("project/builder#number");
    assertThatThrownBy(() -> read("7", BuildKey.class)).isInstanceOf(JsonMappingException.class);
    assertThatThrownBy(
            () -> Json.text().readValue("{\"x\":1}", new TypeReference<Map<Attempt, Integer>>() {}))
        .isInstanceOf(JsonMappingException.class)
        .hasMessageContaining("request~number");
  }

  @Test
  void onlyMessagesOfCoreCanBeNamed() {
    for (String name : List.of("property.Property", "java.lang.String", "../x", "no.Such", "")) {
      assertThatThrownBy(() -> read("{'type':'" + name + "'}", Message.class))
          .as(name)
          .isInstanceOf(JsonMappingException.class)
          .hasMessageContaining(name);
    }
  }

  private static String write(Object value) throws Exception {
    return Json.text().writeValueAsString(value).replace('"', '\'');
  }

  private static <T> T read(String text, Class<T> type) throws Exception {
    return Json.text().readValue(text.replace('\'', '"'), type);
  }
}
