package dev.ahjo.persistence.formats;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.ahjo.core.arbitrary.Arbitrary;
import dev.ahjo.core.arbitrary.Greeting;
import dev.ahjo.core.kernel.EntityType;
import dev.ahjo.core.kernel.Fact;
import dev.ahjo.core.kernel.Message;
import dev.ahjo.core.request.BuildRequest;
import dev.ahjo.persistence.formats.Kinds.Kind;
import java.io.IOException;
import java.io.NotSerializableException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class FormatsTest {
  private static final Instant AT = Instant.parse("2026-11-23T01:02:03.004Z");

  static Stream<Kind> kinds() {
    return Kinds.all().stream();
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void aRowOfFactsComesBack(Kind kind) throws Exception {
    for (long seed = 0; seed < 20; seed++) {
      Arbitrary values = Arbitrary.seeded(seed);
      List<Fact> facts = new ArrayList<>();
      for (Class<?> type : kind.factTypes()) {
        facts.add((Fact) values.value(type));
      }
      var row = new Recorded(AT, facts);
      var serializer = new FactSerializer();
      assertThat(serializer.fromBinary(serializer.toBinary(row), serializer.manifest(row)))
          .isEqualTo(row);
    }
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void aStateComesBack(Kind kind) throws Exception {
    var serializer = new StateSerializer();
    for (Class<?> type : Arbitrary.records(kind.state())) {
      for (long seed = 0; seed < 20; seed++) {
        Object state =
            Arbitrary.seeded(seed).choose(Message.class, List.of(Greeting.class)).value(type);
        assertThat(serializer.fromBinary(serializer.toBinary(state), serializer.manifest(state)))
            .isEqualTo(state);
      }
    }
  }

  @Test
  void aSnapshotOfAnotherShapeIsRefused() {
    var serializer = new StateSerializer();
    Object state = new BuildRequest.State.Absent();
    byte[] bytes = serializer.toBinary(state);
    assertThatThrownBy(() -> serializer.fromBinary(bytes, "request.0ld5hape"))
        .isInstanceOf(NotSerializableException.class)
        .hasMessageContaining("request.0ld5hape");
  }

  record One(String name) {}

  record Two(String name, int more) {}

  @Test
  void aShapeChangesWithAnyComponent() {
    assertThat(Shape.of(One.class))
        .isNotEqualTo(Shape.of(Two.class))
        .isEqualTo(Shape.of(One.class));
  }

  @Test
  void anOldFactIsReadAsTodays() throws Exception {
    // Once upon a time a request was unshelved by a user, and before that by a "who".
    var upcasters =
        Upcasters.none()
            .with(EntityType.REQUEST, "RequestUnshelved", 1, f -> renamed(f, "who", "user"))
            .with(EntityType.REQUEST, "RequestUnshelved", 2, f -> renamed(f, "user", "by"));
    var format = new FactFormat(upcasters);
    for (String written :
        List.of(
            "{'type':'RequestUnshelved','who':'eve'}",
            "{'type':'RequestUnshelved.2','user':'eve'}",
            "{'type':'RequestUnshelved.3','by':'eve'}")) {
      Recorded read = format.read(row(written), "request.1");
      assertThat(read.facts()).containsExactly(new BuildRequest.Fact.RequestUnshelved("eve"));
      assertThat(new String(format.write(read), StandardCharsets.UTF_8))
          .contains("\"type\":\"RequestUnshelved.3\"");
    }
    assertThatThrownBy(
            () -> format.read(row("{'type':'RequestUnshelved.4','by':'eve'}"), "request.1"))
        .isInstanceOf(NewerVersion.class)
        .hasMessageContaining("RequestUnshelved.4")
        .hasMessageContaining("newer");
  }

  /** So that whoever must not pass it over can tell it from what is damaged. */
  @Test
  void whatANewerVersionWroteIsToldFromWhatIsDamaged() {
    record Newer(String fact, String manifest) {}
    for (Newer newer :
        List.of(
            new Newer("{'type':'RequestUnshelved.2','by':'eve'}", "request.1"),
            new Newer("{'type':'RequestEnchanted'}", "request.1"),
            new Newer("{'type':'RequestUnshelved','by':'eve'}", "request.2"),
            new Newer("{'type':'WizardHired'}", "wizard.1"))) {
      assertThatThrownBy(() -> FactFormat.CURRENT.read(row(newer.fact()), newer.manifest()))
          .as(newer.toString())
          .isInstanceOf(NewerVersion.class);
    }
    for (String damaged : List.of("{'type':'RequestUnshelved'", "{'by':'eve'}", "17")) {
      assertThatThrownBy(() -> FactFormat.CURRENT.read(row(damaged), "request.1"))
          .as(damaged)
          .isInstanceOf(IOException.class)
          .isNotInstanceOf(NewerVersion.class);
    }
  }

  @Test
  void upcastersHaveNoGaps() {
    assertThatThrownBy(() -> Upcasters.none().with(EntityType.REQUEST, "X", 2, f -> f))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("from version 1 of X");
  }

  @Test
  void whatIsNoRowSaysWhatIsWrong() {
    record Wrong(String text, String manifest, String says) {}
    for (Wrong wrong :
        List.of(
            new Wrong("{}", "request.1", "at"),
            new Wrong("{'at':'2026-11-23T01:02:03Z'}", "request.2", "request.2"),
            new Wrong("{'at':'2026-11-23T01:02:03Z'}", "wizard.1", "wizard"),
            new Wrong("{'at':'2026-11-23T01:02:03Z','facts':[{'type':'Nope'}]}", "lock.1", "Nope"),
            new Wrong("{'at':'2026-11-23T01:02:03Z','fac", "lock.1", "end-of-input"),
            new Wrong("\0\0\0", "lock.1", "character"))) {
      assertThatThrownBy(() ->
              FactFormat.CURRENT.read(
                  wrong.text().replace('\'', '"').getBytes(StandardCharsets.UTF_8),
                  wrong.manifest()))
          .as(wrong.toString())
          .isInstanceOf(IOException.class)
          .hasMessageContaining(wrong.says());
    }
  }

  private static byte[] row(String fact) {
    return ("{\"at\":\"2026-11-23T01:02:03Z\",\"facts\":[" + fact.replace('\'', '"') + "]}")
        .getBytes(StandardCharsets.UTF_8);
  }

  private static ObjectNode renamed(ObjectNode fact, String from, String to) {
    fact.set(to, fact.remove(from));
    return fact;
  }
}
