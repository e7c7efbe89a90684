package dev.ahjo.http.worker;

import dev.ahjo.wire.ProtocolCodec;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.pekko.http.javadsl.model.ws.BinaryMessage;
import org.apache.pekko.http.javadsl.model.ws.Message;
import org.apache.pekko.http.javadsl.model.ws.TextMessage;
import org.apache.pekko.stream.Attributes;
import org.apache.pekko.stream.FlowShape;
import org.apache.pekko.stream.Inlet;
import org.apache.pekko.stream.Materializer;
import org.apache.pekko.stream.Outlet;
import org.apache.pekko.stream.stage.AsyncCallback;
import org.apache.pekko.stream.stage.GraphStage;
import org.apache.pekko.stream.stage.GraphStageLogic;
import org.apache.pekko.stream.stage.InHandler;
import org.apache.pekko.stream.stage.OutHandler;
import org.apache.pekko.stream.stage.TimerGraphStageLogic;
import org.apache.pekko.util.ByteString;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One agent's connection, both directions in one stage: there are ten thousand of them, and each
 * stage and each hop between threads is paid ten thousand times every three seconds.
 */
final class AgentLine extends GraphStage<FlowShape<Message, Message>> {
  private static final Logger LOG = LoggerFactory.getLogger(AgentLine.class);

  /**
   * Messages that wait for a slow agent; what comes beyond is lost, and repeated by who owes it.
   */
  private static final int MAX_WAITING = 1_000;

  /** Bytes of them. */
  private static final int MAX_WAITING_BYTES = 4 * 1024 * 1024;

  /** Who connects and says nothing is shown out. */
  private static final Duration HELLO = Duration.ofSeconds(10);

  private final Inlet<Message> in = Inlet.create("heard");
  private final Outlet<Message> out = Outlet.create("said");
  private final FlowShape<Message, Message> shape = FlowShape.of(in, out);
  private final AgentDoor door;
  private final String from;
  private final Materializer materializer;

  /**
   * @param from where the agent connects from, for people
   */
  AgentLine(AgentDoor door, String from, Materializer materializer) {
    this.door = door;
    this.from = from;
    this.materializer = materializer;
  }

  @Override
  public FlowShape<Message, Message> shape() {
    return shape;
  }

  @Override
  public GraphStageLogic createLogic(Attributes inheritedAttributes) {
    return new Logic();
  }

  /** A message as it goes over the wire. */
  private record Outgoing(byte[] bytes, boolean text) {
    Message framed() {
      return text
          ? TextMessage.create(new String(bytes, StandardCharsets.UTF_8))
          : BinaryMessage.create(ByteString.fromArrayUnsafe(bytes));
    }
  }

  /** A message that came in parts; null if it was too long or never became whole. */
  private record Incoming(byte @Nullable [] bytes, boolean text) {}

  private final class Logic extends TimerGraphStageLogic
      implements InHandler, OutHandler, AgentDoor.Peer {
    private static final String MUTE = "mute";

    private final AsyncCallback<Outgoing> said = createAsyncCallback(this::send);
    private final AsyncCallback<Incoming> whole = createAsyncCallback(this::take);
    private final AsyncCallback<Logic> closed = createAsyncCallback(_ -> endWhenSaid());
    private final ArrayDeque<Outgoing> waiting = new ArrayDeque<>(2);
    private final AtomicInteger waitingMessages = new AtomicInteger();
    private final AtomicInteger waitingBytes = new AtomicInteger();
    private AgentDoor.@Nullable Visit visit;
    private volatile @Nullable Thread hearing;
    private boolean greeted;
    private boolean closing;

    Logic() {
      super(shape);
      setHandler(in, this);
      setHandler(out, this);
    }

    @Override
    public void preStart() {
      visit = door.enter(this);
      scheduleOnce(MUTE, HELLO);
      pull(in);
    }

    @Override
    public void onTimer(Object timerKey) {
      completeStage();
    }

    @Override
    public void onPush() {
      Message message = grab(in);
      if (!greeted) {
        greeted = true;
        cancelTimer(MUTE);
      }
      if (!message.isStrict()) {
        collect(message)
            .whenComplete((bytes, failed) ->
                whole.invoke(new Incoming(failed == null ? bytes : null, message.isText())));
      } else if (message.isText()) {
        String text = message.asTextMessage().getStrictText();
        take(new Incoming(text.getBytes(StandardCharsets.UTF_8), true));
      } else {
        take(new Incoming(message.asBinaryMessage().getStrictData().toArrayUnsafe(), false));
      }
    }

    private CompletionStage<byte[]> collect(Message message) {
      if (message.isText()) {
        return message
            .asTextMessage()
            .getStreamedText()
            .limitWeighted(ProtocolCodec.MAX_BYTES, part -> (long) part.length())
            .runFold(new StringBuilder(), StringBuilder::append, materializer)
            .thenApply(all -> all.toString().getBytes(StandardCharsets.UTF_8));
      }
      return message
          .asBinaryMessage()
          .getStreamedData()
          .limitWeighted(ProtocolCodec.MAX_BYTES, part -> (long) part.size())
          .runFold(ByteString.emptyByteString(), ByteString::concat, materializer)
          .thenApply(ByteString::toArrayUnsafe);
    }

    private void take(Incoming message) {
      byte[] bytes = message.bytes();
      AgentDoor.Visit visitor = visit;
      if (bytes == null || visitor == null || bytes.length > ProtocolCodec.MAX_BYTES) {
        completeStage();
        return;
      }
      // What is said in answer needs no way round by the mailbox.
      hearing = Thread.currentThread();
      try {
        visitor.hear(bytes, message.text());
      } finally {
        hearing = null;
      }
      if (!isClosed(in) && !hasBeenPulled(in)) {
        pull(in);
      }
    }

    @Override
    public void say(byte[] message, boolean text) {
      int bytes = waitingBytes.addAndGet(message.length);
      int messages = waitingMessages.incrementAndGet();
      if (bytes > MAX_WAITING_BYTES || messages > MAX_WAITING) {
        LOG.debug("A message of {} bytes to {} is lost", message.length, from);
        waitingBytes.addAndGet(-message.length);
        waitingMessages.decrementAndGet();
        return;
      }
      var outgoing = new Outgoing(message, text);
      if (hearing == Thread.currentThread()) {
        send(outgoing);
      } else {
        said.invoke(outgoing);
      }
    }

    private void send(Outgoing message) {
      if (closing || isClosed(out)) {
        return;
      }
      if (waiting.isEmpty() && isAvailable(out)) {
        pushOut(message);
      } else {
        waiting.add(message);
      }
    }

    private void pushOut(Outgoing message) {
      waitingBytes.addAndGet(-message.bytes().length);
      waitingMessages.decrementAndGet();
      push(out, message.framed());
    }

    @Override
    public void onPull() {
      Outgoing next = waiting.poll();
      if (next != null) {
        pushOut(next);
      }
      if (closing && waiting.isEmpty()) {
        completeStage();
      }
    }

    @Override
    public void close() {
      closed.invoke(this);
    }

    private void endWhenSaid() {
      closing = true;
      if (waiting.isEmpty()) {
        completeStage();
      }
    }

    @Override
    public String from() {
      return from;
    }

    /** Who is cut off ends it, and is not worth a line in the log. */
    @Override
    public void onUpstreamFailure(Throwable broken) {
      completeStage();
    }

    @Override
    public void postStop() {
      AgentDoor.Visit visitor = visit;
      if (visitor != null) {
        visitor.left();
      }
    }
  }
}
