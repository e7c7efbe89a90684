package dev.ahjo.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ahjo.wire.ProtocolCodec;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.net.http.WebSocketHandshakeException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The WebSocket on HTTP's port, from the JDK's client to a door that repeats what it hears. */
class AgentSocketTest {
  private static final String PATH = "/api/v1/worker";

  private final Desk desk =
      new Desk(
          new HttpSettings(
              "127.0.0.1",
              0,
              HttpSettings.Limits.ORDINARY,
              List.of(new HttpSettings.Token("ann", "s3cret")),
              true,
              Set.of()));
  private final HttpClient client = HttpClient.newHttpClient();

  @AfterEach
  void close() {
    client.shutdownNow();
    desk.close();
  }

  /** What came, in the order in which it came. */
  private static final class Ear implements WebSocket.Listener {
    final LinkedBlockingQueue<String> heard = new LinkedBlockingQueue<>();
    private final StringBuilder text = new StringBuilder();
    private int bytes;

    @Override
    public @Nullable CompletionStage<?> onText(WebSocket socket, CharSequence part, boolean last) {
      text.append(part);
      if (last) {
        heard.add(text.toString());
        text.setLength(0);
      }
      socket.request(1);
      return null;
    }

    @Override
    public @Nullable CompletionStage<?> onBinary(WebSocket socket, ByteBuffer part, boolean last) {
      bytes += part.remaining();
      if (last) {
        heard.add(bytes + " bytes");
        bytes = 0;
      }
      socket.request(1);
      return null;
    }

    @Override
    public @Nullable CompletionStage<?> onClose(WebSocket socket, int status, String reason) {
      heard.add("closed " + status);
      return null;
    }

    @Override
    public void onError(WebSocket socket, Throwable error) {
      heard.add("error");
    }

    String next() throws InterruptedException {
      return heard.poll(20, TimeUnit.SECONDS);
    }
  }

  private WebSocket open(Ear ear, String... headers) {
    WebSocket.Builder builder = client.newWebSocketBuilder();
    for (int i = 0; i < headers.length; i += 2) {
      builder.header(headers[i], headers[i + 1]);
    }
    return builder
        .buildAsync(URI.create(desk.uri(PATH).toString().replace("http:", "ws:")), ear)
        .join();
  }

  private String event() throws InterruptedException {
    return desk.agents.events.poll(20, TimeUnit.SECONDS);
  }

  @Test
  void messagesGoBothWaysInBothFormsHoweverTheyAreCut() throws Exception {
    var ear = new Ear();
    WebSocket socket = open(ear);
    assertThat(event()).isEqualTo("entered");
    socket.sendText("hello ", false).join();
    socket.sendText("gate", true).join();
    assertThat(ear.next()).isEqualTo("HELLO GATE");
    socket.sendBinary(ByteBuffer.wrap(new byte[ProtocolCodec.MAX_BYTES]), true).join();
    assertThat(ear.next()).isEqualTo(ProtocolCodec.MAX_BYTES + " bytes");
    socket.sendText("x".repeat(100_000), true).join();
    assertThat(ear.next()).isEqualTo("X".repeat(100_000));
    socket.sendText("bye", true).join();
    assertThat(ear.next()).isEqualTo("BYE");
    assertThat(ear.next()).isEqualTo("closed 1000");
    assertThat(event()).isEqualTo("left");
  }

  @Test
  void whoHangsUpHasLeft() throws Exception {
    WebSocket socket = open(new Ear());
    assertThat(event()).isEqualTo("entered");
    socket.abort();
    assertThat(event()).isEqualTo("left");
  }

  @Test
  void whoSaysTooMuchAtOnceIsShownOut() throws Exception {
    var ear = new Ear();
    WebSocket socket = open(ear);
    assertThat(event()).isEqualTo("entered");
    socket.sendBinary(ByteBuffer.wrap(new byte[ProtocolCodec.MAX_BYTES + 1]), true);
    assertThat(event()).isEqualTo("left");
    assertThat(ear.next()).startsWith("closed 1");
  }

  @Test
  void aPageOfAnotherSiteCannotOpenIt() {
    assertThatThrownBy(() -> open(new Ear(), "Origin", "https://evil.example"))
        .isInstanceOf(CompletionException.class)
        .hasCauseInstanceOf(WebSocketHandshakeException.class)
        .satisfies(failed ->
            assertThat(
                    ((WebSocketHandshakeException) Objects.requireNonNull(failed.getCause()))
                        .getResponse()
                        .statusCode())
                .isEqualTo(403));
    assertThat(desk.agents.events).isEmpty();
  }

  @Test
  void whoDoesNotUpgradeIsToldWhatIsSpokenHere() {
    var answer = desk.get(PATH);
    assertThat(answer.status()).isEqualTo(426);
    assertThat(answer.header("Upgrade")).isEqualTo("websocket");
  }
}
