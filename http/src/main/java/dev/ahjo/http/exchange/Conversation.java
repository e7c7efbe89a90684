package dev.ahjo.http.exchange;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import org.apache.pekko.NotUsed;
import org.apache.pekko.http.javadsl.model.AttributeKey;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.ResponseEntity;
import org.apache.pekko.stream.Attributes;
import org.apache.pekko.stream.FlowShape;
import org.apache.pekko.stream.Inlet;
import org.apache.pekko.stream.KillSwitch;
import org.apache.pekko.stream.KillSwitches;
import org.apache.pekko.stream.Outlet;
import org.apache.pekko.stream.SharedKillSwitch;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.stream.stage.AsyncCallback;
import org.apache.pekko.stream.stage.GraphStage;
import org.apache.pekko.stream.stage.GraphStageLogic;
import org.apache.pekko.stream.stage.InHandler;
import org.apache.pekko.stream.stage.OutHandler;
import org.apache.pekko.stream.stage.TimerGraphStageLogic;
import org.apache.pekko.util.ByteString;
import org.jspecify.annotations.Nullable;

/**
 * One connection's requests and answers, in turn. It ends when no whole request has come for a
 * while; that while does not run during an answer, however long its stream is silent. (Pekko's own
 * idle timeout can't tell a quiet build's log from a dead client.)
 */
public final class Conversation extends GraphStage<FlowShape<HttpRequest, HttpResponse>> {
  private static final AttributeKey<Streaming> STREAMING =
      AttributeKey.create("ahjo-streaming", Streaming.class);

  private final Inlet<HttpRequest> in = Inlet.create("requests");
  private final Outlet<HttpResponse> out = Outlet.create("answers");
  private final FlowShape<HttpRequest, HttpResponse> shape = FlowShape.of(in, out);
  private final Function<HttpRequest, CompletionStage<HttpResponse>> router;
  private final Duration idle;

  public Conversation(Function<HttpRequest, CompletionStage<HttpResponse>> router, Duration idle) {
    this.router = router;
    this.idle = idle;
  }

  /**
   * @param end done once the stream of an answer has ended, in whatever way
   * @param stop ends it
   */
  private record Streaming(CompletionStage<?> end, KillSwitch stop) {}

  /** An answer whose body is a stream: the connection is busy until it ends. */
  public static HttpResponse streaming(
      HttpResponse answer,
      Source<ByteString, ?> body,
      Function<Source<ByteString, NotUsed>, ResponseEntity> entity) {
    var end = new CompletableFuture<Void>();
    SharedKillSwitch stop = KillSwitches.shared("answer");
    Source<ByteString, NotUsed> watched =
        body.via(stop.flow())
            .watchTermination((_, done) -> {
              done.whenComplete((_, _) -> end.complete(null));
              return NotUsed.getInstance();
            });
    return answer
        .addAttribute(STREAMING, new Streaming(end, stop))
        .withEntity(entity.apply(watched));
  }

  @Override
  public FlowShape<HttpRequest, HttpResponse> shape() {
    return shape;
  }

  @Override
  public GraphStageLogic createLogic(Attributes inheritedAttributes) {
    return new Logic();
  }

  private final class Logic extends TimerGraphStageLogic implements InHandler, OutHandler {
    private static final String QUIET = "quiet";

    private final AsyncCallback<Done> answered = createAsyncCallback(this::answered);
    private final AsyncCallback<Streaming> streamed = createAsyncCallback(_ -> streamed());
    private boolean answering;
    private @Nullable Streaming streaming;
    private boolean head;

    private record Done(HttpResponse answer) {}

    Logic() {
      super(shape);
      setHandler(in, this);
      setHandler(out, this);
    }

    @Override
    public void onPush() {
      cancelTimer(QUIET);
      answering = true;
      HttpRequest request = grab(in);
      head = request.method().value().equals("HEAD");
      router.apply(request).thenAccept(answer -> answered.invoke(new Done(answer)));
    }

    private void answered(Done done) {
      answering = false;
      Optional<Streaming> stream = done.answer().getAttribute(STREAMING);
      // Nobody reads the body of an answer to HEAD, so its end would never be told.
      if (stream.isPresent() && !head) {
        streaming = stream.get();
        stream.get().end().whenComplete((_, _) -> streamed.invoke(stream.get()));
      }
      push(out, done.answer());
      if (isClosed(in)) {
        onUpstreamFinish();
      }
    }

    private void streamed() {
      streaming = null;
      if (isClosed(in)) {
        completeStage();
      } else {
        awaitRequest();
      }
    }

    @Override
    public void onPull() {
      if (!isClosed(in)) {
        pull(in);
        awaitRequest();
      }
    }

    private void awaitRequest() {
      if (streaming == null && !answering) {
        scheduleOnce(QUIET, idle);
      }
    }

    @Override
    public void onTimer(Object timerKey) {
      if (streaming == null && !answering) {
        completeStage();
      }
    }

    @Override
    public void onUpstreamFinish() {
      if (streaming != null) {
        // Who has hung up reads no more. Without this a quiet stream would find out only when it
        // next had something to say.
        streaming.stop().shutdown();
      } else if (!answering) {
        completeStage();
      }
    }
  }
}
