package dev.ahjo.wire;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.ahjo.core.arbitrary.Arbitrary;
import dev.ahjo.core.arbitrary.Greeting;
import dev.ahjo.core.kernel.Duty;
import dev.ahjo.core.kernel.Message;
import dev.ahjo.core.kernel.Refusal;
import dev.ahjo.core.port.Entities;
import dev.ahjo.core.project.ProjectDefinition;
import dev.ahjo.core.property.Condition;
import dev.ahjo.core.step.StepReport;
import dev.ahjo.core.worker.Protocol;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Whatever is written is read back as the same value, in both formats, for every record. */
class RoundTripTest {
  private static final int SEEDS = 50;

  static Stream<Class<?>> records() {
    return Stream.of(
            Protocol.ToAgent.class,
            Protocol.ToGate.class,
            StepReport.class,
            ProjectDefinition.class,
            Refusal.class,
            Condition.class,
            Entities.Answer.class)
        .flatMap(root -> Arbitrary.records(root).stream());
  }

  @ParameterizedTest
  @MethodSource("records")
  void everyRecordComesBack(Class<?> type) throws Exception {
    for (ObjectMapper mapper : List.of(Json.text(), Json.binary())) {
      for (long seed = 0; seed < SEEDS; seed++) {
        Object value = arbitrary(seed).value(type);
        assertSame(mapper.readValue(mapper.writeValueAsBytes(value), type), value);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("roots")
  void everyHierarchyComesBackByItsRoot(Class<?> root) throws Exception {
    for (ObjectMapper mapper : List.of(Json.text(), Json.binary())) {
      for (long seed = 0; seed < SEEDS; seed++) {
        Object value = arbitrary(seed).value(root);
        byte[] written = mapper.writerFor(root).writeValueAsBytes(value);
        assertSame(mapper.readValue(written, root), value);
      }
    }
  }

  static Stream<Class<?>> roots() {
    return Stream.of(
        Protocol.ToAgent.class,
        Protocol.ToGate.class,
        StepReport.class,
        Refusal.class,
        Condition.class,
        Entities.Answer.class,
        Duty.class);
  }

  private static Arbitrary arbitrary(long seed) {
    return Arbitrary.seeded(seed).choose(Message.class, List.of(Greeting.class));
  }

  private static void assertSame(Object read, Object value) {
    if (holdsBytes(value)) {
      // Arrays have no equality of their own.
      assertThat(read).usingRecursiveComparison().isEqualTo(value);
    } else {
      assertThat(read).isEqualTo(value);
    }
  }

  private static boolean holdsBytes(Object value) {
    return value instanceof Protocol.Append
        || value instanceof Protocol.AppendPiece
        || value instanceof Protocol.FetchedPiece
        || value instanceof Protocol.Fetched
        || (value instanceof Duty.Deliver d && holdsBytes(d.message()));
  }
}
