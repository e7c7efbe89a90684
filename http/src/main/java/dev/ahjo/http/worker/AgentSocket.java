package dev.ahjo.http.worker;

import dev.ahjo.http.exchange.Call;
import dev.ahjo.http.exchange.Problem;
import dev.ahjo.http.exchange.Route;
import dev.ahjo.wire.ProtocolCodec;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.pekko.NotUsed;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.headers.RawHeader;
import org.apache.pekko.http.javadsl.model.ws.BinaryMessage;
import org.apache.pekko.http.javadsl.model.ws.Message;
import org.apache.pekko.http.javadsl.model.ws.TextMessage;
import org.apache.pekko.japi.Pair;
import org.apache.pekko.stream.BoundedSourceQueue;
import org.apache.pekko.stream.Materializer;
import org.apache.pekko.stream.QueueOfferResult;
import org.apache.pekko.stream.javadsl.Flow;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.util.ByteString;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The workers' way in on HTTP's port: a WebSocket whose text messages are JSON and whose binary
 * ones are CBOR. One message is read at a time, so who sends faster than it is taken is held back
 * by his connection.
 */
public final class AgentSocket {
  /** Who connects proves himself by his Hello, not by a token of people's. */
  public static final String PATH = "/api/v1/worker";

  private static final Logger LOG = LoggerFactory.getLogger(AgentSocket.class);

  /**
   * Messages that wait for a slow agent; what comes beyond is lost, and repeated by who owes it.
   */
  private static final int MAX_WAITING = 1_000;

  /** Bytes of them. */
  private static final int MAX_WAITING_BYTES = 4 * 1024 * 1024;

  /** Who connects and says nothing is shown out. */
  private static final Duration HELLO = Duration.ofSeconds(10);

  private final AgentDoor door;
  private final Materializer materializer;

  public AgentSocket(AgentDoor door, Materializer materializer) {
    this.door = door;
    this.materializer = materializer;
  }

  public List<Route> routes() {
    return List.of(Route.get(PATH, this::open));
  }

  private HttpResponse open(Call call) {
    return call.webSocket()
        .map(upgrade -> upgrade.handleMessagesWith(conversation(call.from())))
        .orElseThrow(() ->
            new Problem(
                Problem.Kind.UPGRADE_NEEDED,
                "Expected a WebSocket: docs/worker-protocol.md tells what is spoken here",
                List.of(),
                List.of(
                    RawHeader.create("Upgrade", "websocket"),
                    RawHeader.create("Sec-WebSocket-Version", "13"))));
  }

  private Flow<Message, Message, NotUsed> conversation(String from) {
    Pair<BoundedSourceQueue<Outgoing>, Source<Outgoing, NotUsed>> out =
        Source.<Outgoing>queue(MAX_WAITING).preMaterialize(materializer);
    var waiting = new AtomicInteger();
    AgentDoor.Visit visit = door.enter(new Socket(out.first(), waiting, from));
    Source<Message, NotUsed> said =
        out.second()
            .map(message -> {
              waiting.addAndGet(-message.bytes().length);
              return message.framed();
            });
    Sink<Message, NotUsed> heard =
        Flow.<Message>create()
            .initialTimeout(HELLO)
            .mapAsync(1, this::whole)
            .takeWhile(Optional::isPresent)
            .map(message -> {
              message.ifPresent(whole -> visit.hear(whole.bytes(), whole.text()));
              return message;
            })
            // Who is silent, too loud or cut off ends it, and is not worth a line in the log.
            .onErrorComplete()
            .to(Sink.ignore());
    return Flow.fromSinkAndSourceCoupled(heard, said)
        .watchTermination((ignored, done) -> {
          done.whenComplete((_, _) -> visit.left());
          return ignored;
        });
  }

  /** A message as it goes over the wire. */
  private record Outgoing(byte[] bytes, boolean text) {
    Message framed() {
      return text
          ? TextMessage.create(new String(bytes, StandardCharsets.UTF_8))
          : BinaryMessage.create(ByteString.fromArrayUnsafe(bytes));
    }
  }

  private record Incoming(byte[] bytes, boolean text) {}

  /** A long message comes in parts; empty if it is too long or never became whole. */
  private CompletionStage<Optional<Incoming>> whole(Message message) {
    CompletionStage<Incoming> whole =
        message.isText() ? text(message.asTextMessage()) : binary(message.asBinaryMessage());
    return whole
        .thenApply(
            in -> Optional.of(in).filter(all -> all.bytes().length <= ProtocolCodec.MAX_BYTES))
        .exceptionally(_ -> Optional.empty());
  }

  private CompletionStage<Incoming> text(TextMessage text) {
    if (text.isStrict()) {
      return CompletableFuture.completedStage(
          new Incoming(text.getStrictText().getBytes(StandardCharsets.UTF_8), true));
    }
    return text.getStreamedText()
        .limitWeighted(ProtocolCodec.MAX_BYTES, part -> (long) part.length())
        .runFold(new StringBuilder(), StringBuilder::append, materializer)
        .thenApply(all -> new Incoming(all.toString().getBytes(StandardCharsets.UTF_8), true));
  }

  private CompletionStage<Incoming> binary(BinaryMessage binary) {
    if (binary.isStrict()) {
      return CompletableFuture.completedStage(
          new Incoming(binary.getStrictData().toArrayUnsafe(), false));
    }
    return binary
        .getStreamedData()
        .limitWeighted(ProtocolCodec.MAX_BYTES, part -> (long) part.size())
        .runFold(ByteString.emptyByteString(), ByteString::concat, materializer)
        .thenApply(all -> new Incoming(all.toArrayUnsafe(), false));
  }

  private record Socket(BoundedSourceQueue<Outgoing> out, AtomicInteger waiting, String from)
      implements AgentDoor.Peer {
    @Override
    public void say(byte[] message, boolean text) {
      if (waiting.addAndGet(message.length) > MAX_WAITING_BYTES
          || out.offer(new Outgoing(message, text)) != QueueOfferResult.enqueued()) {
        waiting.addAndGet(-message.length);
        LOG.debug("A message of {} bytes to {} is lost", message.length, from);
      }
    }

    @Override
    public void close() {
      out.complete();
    }
  }
}
