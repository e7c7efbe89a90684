package dev.ahjo.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ahjo.core.id.Attempt;
import dev.ahjo.core.id.BuildKey;
import dev.ahjo.core.id.PoolName;
import dev.ahjo.core.id.RequestId;
import dev.ahjo.core.id.WorkerName;
import dev.ahjo.core.log.Chunk;
import dev.ahjo.core.log.StreamKey;
import dev.ahjo.core.project.Result;
import dev.ahjo.core.step.StepReport;
import dev.ahjo.core.worker.Protocol.Append;
import dev.ahjo.core.worker.Protocol.Goodbye;
import dev.ahjo.core.worker.Protocol.Hello;
import dev.ahjo.core.worker.Protocol.Ping;
import dev.ahjo.core.worker.Protocol.Reports;
import dev.ahjo.core.worker.Protocol.StopBuild;
import dev.ahjo.core.worker.Protocol.Stored;
import dev.ahjo.core.worker.Protocol.ToAgent;
import dev.ahjo.core.worker.Protocol.ToGate;
import dev.ahjo.wire.ProtocolCodec.Form;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Messages of the worker protocol as bytes. */
class ProtocolCodecTest {
  private static final BuildKey BUILD = BuildKey.parse("libxml2/debian#17");

  @Test
  void reportsSurviveTheWire() throws IOException {
    var message =
        new Reports(
            BUILD,
            new Attempt(new RequestId("01h.000"), 2),
            3,
            List.of(
                new StepReport.StepStarted(Instant.ofEpochMilli(1_234_567), 0),
                new StepReport.StepEnded(
                    Instant.ofEpochMilli(2_000_000),
                    0,
                    new StepReport.StepOutcome(
                        Result.FAILURE,
                        OptionalInt.of(137),
                        Optional.of("KILL"),
                        Optional.empty(),
                        Optional.of("oom"),
                        false,
                        List.of(new StepReport.Stream("stdio", false, 12)),
                        Optional.of(new StepReport.Tests(1, 2, 3, List.of("a.b"))),
                        4))));

    assertThat(ProtocolCodec.toGate(ProtocolCodec.encode(message))).isEqualTo(message);
  }

  @Test
  void aChunkCostsItsBytesAndLittleMore() throws IOException {
    var bytes = new byte[100_000];
    new Random(1).nextBytes(bytes);
    var chunk =
        new Chunk(
            new StreamKey(BUILD, 0, StreamKey.Kind.LOG, "stdio"), 1L << 33, 131_072, bytes, true);

    byte[] message = ProtocolCodec.encode(new Append(chunk));

    assertThat(message.length).isLessThan(bytes.length + 300);
    assertThat(ProtocolCodec.toGate(message))
        .isInstanceOfSatisfying(
            Append.class,
            append -> {
              assertThat(append.chunk().zstd()).isEqualTo(bytes);
              assertThat(append.chunk().stream()).isEqualTo(chunk.stream());
              assertThat(append.chunk().end()).isEqualTo((1L << 33) + 131_072);
            });
  }

  @Test
  void aPingIsForBothSides() throws IOException {
    assertThat(ProtocolCodec.toGate(ProtocolCodec.encode((ToGate) new Ping())))
        .isEqualTo(new Ping());
    assertThat(ProtocolCodec.toAgent(ProtocolCodec.encode((ToAgent) new Ping())))
        .isEqualTo(new Ping());
  }

  @ParameterizedTest
  @EnumSource
  void halfASurrogatePairMakesNoMessageThatCannotBeSent(Form form) throws IOException {
    for (String broken : List.of("a\uD800b", "a\uD83D", "\uDC00z", "\uDC00\uD83D\uDE00")) {
      byte[] stop = ProtocolCodec.encode(new StopBuild(BUILD, broken, false), form);
      String whole = broken.replaceAll("[\\x{D800}-\\x{DFFF}]", "\uFFFD");

      assertThat(StandardCharsets.UTF_8.newEncoder().canEncode(whole)).isTrue();
      assertThat(ProtocolCodec.toAgent(stop, form)).isEqualTo(new StopBuild(BUILD, whole, false));
    }
  }

  @Test
  void halfASurrogatePairThatAnAgentWritesIsReplacedEverywhere() throws IOException {
    String text =
        """
        {"type":"Hello","version":1,"worker":"w1","instance":"i","token":"t","slots":1,"pool":"p",
        "labels":["a\\udc80"],"system":{"os":"\\udfffx"}}
        """;
    var whole =
        new Hello(
            1,
            new WorkerName("w1"),
            "i",
            "t",
            1,
            Set.of("a\uFFFD"),
            new PoolName("p"),
            List.of(),
            Map.of("os\uFFFD", "\uFFFDx"));
    // The same length in UTF-8, but half a pair.
    String binary =
        new String(ProtocolCodec.encode(whole), StandardCharsets.ISO_8859_1)
            .replace("\u00EF\u00BF\u00BD", "\u00ED\u00A0\u0080");

    assertThat(ProtocolCodec.toGate(text.getBytes(StandardCharsets.UTF_8), Form.TEXT))
        .isInstanceOfSatisfying(
            Hello.class,
            read -> {
              assertThat(read.labels()).containsExactly("a\uFFFD");
              assertThat(read.system()).isEqualTo(Map.of("os", "\uFFFDx"));
            });
    assertThat(ProtocolCodec.toGate(binary.getBytes(StandardCharsets.ISO_8859_1))).isEqualTo(whole);
  }

  @Test
  void messagesInTextAreUtf8AsWebSocketsWantThem() throws IOException {
    byte[] bytes = ProtocolCodec.encode(new StopBuild(BUILD, "a\uD800b", false), Form.TEXT);

    assertThat(StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString())
        .contains("libxml2/debian#17");
  }

  @Test
  void whatIsNoMessageIsAnErrorAndNothingElse() {
    var random = new Random(7);
    byte[] good =
        ProtocolCodec.encode(
            new Stored(new StreamKey(BUILD, 0, StreamKey.Kind.LOG, "stdio"), 5, true, false));
    for (int i = 0; i < 5000; i++) {
      byte[] bad = good.clone();
      for (int n = random.nextInt(4); n >= 0; n--) {
        bad[random.nextInt(bad.length)] = (byte) random.nextInt();
      }
      try {
        ProtocolCodec.toAgent(bad);
      } catch (IOException expected) {
        // told, not thrown through the roof
      }
    }
    assertThatThrownBy(() -> ProtocolCodec.toAgent("nonsense".getBytes(StandardCharsets.UTF_8)))
        .isInstanceOf(IOException.class);
    assertThatThrownBy(() -> ProtocolCodec.toAgent(new byte[ProtocolCodec.MAX_BYTES + 1]))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("524288");
  }

  @Test
  void aPingIsKnownByItsBytesAsMostWriteThem() throws IOException {
    byte[] ours = ProtocolCodec.ping(Form.BINARY);
    byte[] others = {(byte) 0xa1, 0x64, 't', 'y', 'p', 'e', 0x64, 'P', 'i', 'n', 'g'};
    for (byte[] ping : List.of(ours, others)) {
      assertThat(ProtocolCodec.toGate(ping)).isEqualTo(new Ping());
      assertThat(ProtocolCodec.isPing(ping, Form.BINARY)).isTrue();
      assertThat(ProtocolCodec.isPing(ping, Form.TEXT)).isFalse();
    }
    for (String ping : List.of("{\"type\":\"Ping\"}", "{\"type\": \"Ping\"}")) {
      byte[] bytes = ping.getBytes(StandardCharsets.UTF_8);
      assertThat(ProtocolCodec.toGate(bytes, Form.TEXT)).isEqualTo(new Ping());
      assertThat(ProtocolCodec.isPing(bytes, Form.TEXT)).isTrue();
    }
    byte[] goodbye = ProtocolCodec.encode((ToGate) new Goodbye());
    assertThat(ProtocolCodec.isPing(goodbye, Form.BINARY)).isFalse();
  }
}
