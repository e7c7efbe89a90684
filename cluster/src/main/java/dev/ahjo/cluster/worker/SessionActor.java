package dev.ahjo.cluster.worker;

import dev.ahjo.core.build.Build;
import dev.ahjo.core.id.Attempt;
import dev.ahjo.core.id.BuildKey;
import dev.ahjo.core.id.SessionId;
import dev.ahjo.core.kernel.EntityRef;
import dev.ahjo.core.kernel.Refusal;
import dev.ahjo.core.log.Chunk;
import dev.ahjo.core.log.Piece;
import dev.ahjo.core.log.StreamKey;
import dev.ahjo.core.port.Entities;
import dev.ahjo.core.port.Entities.Answer;
import dev.ahjo.core.step.StepReport;
import dev.ahjo.core.worker.Protocol;
import dev.ahjo.core.worker.Protocol.ToAgent;
import dev.ahjo.core.worker.Protocol.ToGate;
import dev.ahjo.core.worker.Worker;
import dev.ahjo.wire.ProtocolCodec;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.PostStop;
import org.apache.pekko.actor.typed.javadsl.AbstractBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.Receive;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One connection of one agent, from its Hello to its end: an actor of its own, so that a slow one
 * holds up no other. It hands reports to the builds' entities and chunks to the store, and
 * acknowledges what these have taken; of what it does not acknowledge it remembers nothing, since
 * the agent sends it again.
 */
final class SessionActor extends AbstractBehavior<SessionActor.In> {
  private static final Logger LOG = LoggerFactory.getLogger(SessionActor.class);

  /**
   * Questions of one session that are being answered; more are dropped, and the agent asks again.
   * An answer may be a thousand times as long as its question, whose bytes thus bound nothing.
   */
  private static final int MAX_ASKS = 64;

  /**
   * How often the worker's entity is told again that the session is open: should it have taken the
   * session for lost, the agent learns it and comes again. Also how long a token that is taken back
   * serves a session that it has opened.
   */
  private static final Duration CONFIRM = Duration.ofSeconds(90);

  private static final String JOINING = "join";

  sealed interface In {}

  /** What the peer has sent; {@code length} bytes are returned when it is dealt with. */
  record Bytes(byte[] bytes) implements In {}

  record Deliver(ToAgent message) implements In {}

  record Joined(Answer answer) implements In {}

  record WorkerRead(Object state) implements In {}

  record Failed(String what, Throwable problem) implements In {}

  /**
   * @param last the number of the last report of those that were told
   * @param ended whether that one is the build's end
   */
  record ReportsAnswered(
      BuildKey build, long first, long last, boolean ended, long bytes, @Nullable Answer answer)
      implements In {
    /** Whether the build's end is on disk. */
    boolean ends() {
      return ended && answer instanceof Answer.Done;
    }
  }

  /** What a build says to its reports' being refused for good; nothing when it was not told. */
  record ReportsGivenUp(BuildKey build, String why, @Nullable Answer answer) implements In {}

  record StreamAnswered(StreamKey stream, ToAgent answer, long bytes) implements In {}

  /** To a question of {@code bytes}; empty when the store could not answer it. */
  record Reply(Optional<ToAgent> message, long bytes) implements In {}

  /** It is to end; its agent is told so unless it can be expected to know. */
  record End(String why, boolean tellAgent) implements In {}

  enum Pulse implements In {
    /** Nothing was heard for too long. */
    SILENT,
    /** Its turn to join has come. */
    JOIN,
    /** Time to ask whether the worker's entity still knows it. */
    CONFIRM
  }

  /**
   * What a session finds around it.
   *
   * @param form in which the peer speaks
   * @param outlives whether a Hello may come by it long after its agent has gone elsewhere
   * @param out sends to the peer that said Hello, and to no other
   * @param bytesInFlight of this session's messages, counted up by the door
   * @param again tells the door of another Hello of the same peer
   * @param ended tells the door that the session is over
   * @param heart kept beating by the door, whenever the peer is heard
   */
  record Line(
      ProtocolCodec.Form form,
      boolean outlives,
      Consumer<ToAgent> out,
      AtomicLong bytesInFlight,
      Consumer<Protocol.Hello> again,
      Runnable ended,
      Heartbeats.Heart heart) {}

  /** What all sessions of a gate share. */
  record Surroundings(
      Entities entities,
      Sessions sessions,
      StreamDesk streams,
      SessionIds ids,
      Turns turns,
      WorkerTokens tokens) {}

  private final Protocol.Hello hello;
  private final SessionId id;
  private final Line line;
  private final Surroundings around;
  private final Sessions.Open session;
  private Turns.@Nullable Turn turn;
  private final HeldBuilds builds;
  private final StreamDesk.Lanes lanes;
  private boolean open;
  private int nonsense;
  private int asks;

  static Behavior<In> of(Protocol.Hello hello, SessionId id, Line line, Surroundings around) {
    return Behaviors.setup(context ->
        Behaviors.withTimers(timers -> new SessionActor(context, timers, hello, id, line, around)));
  }

  private SessionActor(
      ActorContext<In> context,
      TimerScheduler<In> timers,
      Protocol.Hello hello,
      SessionId id,
      Line line,
      Surroundings around) {
    super(context);
    this.hello = hello;
    this.id = id;
    this.line = line;
    this.around = around;
    var self = context.getSelf();
    this.builds = new HeldBuilds(new Courier());
    this.lanes = around.streams().lanes(answered -> self.tell(answered));
    line.heart().begin(() -> self.tell(Pulse.SILENT));
    timers.startTimerWithFixedDelay(Pulse.CONFIRM, Pulse.CONFIRM, CONFIRM);
    // Open before the entity hears of it, so that the entity's watch finds it.
    this.session =
        around
            .sessions()
            .open(
                id,
                hello.worker(),
                hello.instance(),
                message -> self.tell(new Deliver(message)),
                (why, tellAgent) -> self.tell(new End(why, tellAgent)));
    // An agent that hears something knows that its Hello was heard, and does not say it again.
    send(new Protocol.Ping());
    if (!line.outlives()) {
      standInLine();
    }
  }

  private void standInLine() {
    var self = getContext().getSelf();
    line.heart().waits();
    turn = around.turns().stand(() -> self.tell(Pulse.JOIN));
  }

  private void leaveLine() {
    if (turn != null) {
      turn.over();
    }
  }

  private void join() {
    var registration =
        new Worker.Registration(
            hello.worker(),
            hello.instance(),
            hello.slots(),
            hello.labels(),
            hello.pool(),
            hello.system());
    List<BuildKey> holds = hello.holds().stream().map(Protocol.Held::build).toList();
    ask(
        JOINING,
        around
            .entities()
            .tell(EntityRef.of(hello.worker()), new Worker.Command.Join(id, registration, holds)),
        Joined::new);
  }

  private <T> void ask(
      String what, CompletionStage<T> stage, java.util.function.Function<T, In> then) {
    getContext()
        .pipeToSelf(
            stage,
            (answer, problem) -> problem == null ? then.apply(answer) : new Failed(what, problem));
  }

  @Override
  public Receive<In> createReceive() {
    return newReceiveBuilder()
        .onAnyMessage(this::receive)
        .onSignal(
            PostStop.class,
            _ -> {
              line.heart().end();
              leaveLine();
              session.end();
              line.ended().run();
              return this;
            })
        .build();
  }

  private Behavior<In> receive(In in) {
    return switch (in) {
      case Bytes(byte[] bytes) -> hear(bytes);
      case Deliver(ToAgent message) -> {
        switch (message) {
          case Protocol.RunBuild run when !session.gives(run.build()) -> {
            LOG.debug("{} is not given to {}: the node drains", run.build(), hello.worker());
            yield this;
          }
          case Protocol.RunBuild run -> builds.lease(run.build());
          default -> {}
        }
        send(message);
        yield this;
      }
      case Joined(Answer.Done _) -> {
        if (!open) {
          ask("read", around.entities().state(EntityRef.of(hello.worker())), WorkerRead::new);
        }
        yield this;
      }
      case Joined(Answer.Refused(Refusal why)) -> {
        if (why instanceof Refusal.Superseded(_, String last)) {
          around.ids().pass(new SessionId(last));
        }
        yield reject(why.text());
      }
      case WorkerRead(Object state) -> welcome((Worker.State) state);
      case Failed(String what, Throwable problem) when open && what.equals(JOINING) -> {
        LOG.debug("Session {} is confirmed later: {}", id, problem.toString());
        yield this;
      }
      case Failed(String what, Throwable problem) -> {
        LOG.warn("Worker {} could not {}: {}", hello.worker(), what, problem.toString());
        yield reject("The farm does not answer now; try again");
      }
      case ReportsAnswered answered -> {
        builds.answered(answered);
        if (answered.ends() || !builds.leased(answered.build())) {
          session.ended(answered.build());
        }
        yield this;
      }
      case ReportsGivenUp(BuildKey build, String why, Answer answer) -> {
        builds.givenUp(build, why, answer != null);
        if (!builds.leased(build)) {
          session.ended(build);
        }
        yield this;
      }
      case StreamAnswered(StreamKey stream, ToAgent answer, long bytes) -> {
        done(bytes);
        if (!lanes.done(stream)) {
          send(answer);
        }
        yield this;
      }
      case Reply(var message, long bytes) -> {
        asks--;
        done(bytes);
        message.ifPresent(this::send);
        yield this;
      }
      case End(String why, boolean tellAgent) -> tellAgent ? reject(why) : end(why);
      case Pulse.SILENT -> end("silent for " + line.heart().silence().toSeconds() + " s");
      case Pulse.JOIN -> {
        join();
        yield this;
      }
      case Pulse.CONFIRM -> {
        if (!around.tokens().check(hello.worker(), hello.token())) {
          send(new Protocol.Rejected("The token is no longer known here", false));
          yield end("its token was taken back");
        }
        if (open) {
          join();
        }
        yield this;
      }
    };
  }

  private Behavior<In> welcome(Worker.State state) {
    List<BuildKey> holds = hello.holds().stream().map(Protocol.Held::build).toList();
    List<BuildKey> resume = Worker.resumes(state, holds);
    resume.forEach(builds::lease);
    resume.forEach(session::began);
    List<BuildKey> stop = Worker.stops(state, holds);
    open = true;
    line.heart().welcome();
    leaveLine();
    // What is delivered from now on comes to this mailbox first, and so goes out after the Welcome.
    session.welcome();
    send(new Protocol.Welcome(id, resume, stop));
    LOG.info(
        "Worker {} is here with {} slots: session {}, {} builds go on, {} are over",
        hello.worker(),
        hello.slots(),
        id,
        resume.size(),
        stop.size());
    return this;
  }

  private Behavior<In> reject(String why) {
    send(new Protocol.Rejected(why, true));
    return end(why);
  }

  private Behavior<In> end(String why) {
    LOG.info("Session {} of worker {} ends: {}", id, hello.worker(), why);
    return Behaviors.stopped();
  }

  private Behavior<In> hear(byte[] bytes) {
    ToGate message;
    try {
      message = ProtocolCodec.toGate(bytes, line.form());
    } catch (IOException garbage) {
      done(bytes.length);
      if (nonsense++ == 0) {
        LOG.warn("Worker {} sends what is no message: {}", hello.worker(), garbage.getMessage());
      }
      return this;
    }
    if (message instanceof Protocol.Append(Chunk chunk)) {
      append(chunk.stream(), StreamDesk.wellFormed(chunk), StreamDesk.Sent.of(chunk), bytes.length);
      return this;
    }
    if (message instanceof Protocol.AppendPiece(Piece piece)) {
      append(piece.stream(), StreamDesk.wellFormed(piece), StreamDesk.Sent.of(piece), bytes.length);
      return this;
    }
    if (!open) {
      done(bytes.length);
      if (turn == null && message instanceof Protocol.Ping) {
        // It waits here: its Hello was not held up by a network while it went elsewhere, got builds
        // there, and would now be taken for one who no longer has them.
        standInLine();
      }
      return this; // a Hello said again, or one who does not wait for his welcome
    }
    switch (message) {
      case Protocol.Hello again -> {
        line.again().accept(again);
        return end("its agent begins anew");
      }
      case Protocol.Goodbye _ -> {
        return end("goodbye");
      }
      case Protocol.CannotTake no -> cannotTake(no, bytes.length);
      case Protocol.Reports reports -> {
        if (!builds.taken(reports, bytes.length)) {
          done(bytes.length);
        }
      }
      case Protocol.ListArtifacts ask when mayAsk(ask.build()) ->
          around.streams().list(ask, reply(bytes.length));
      case Protocol.Fetch ask
          when ask.stream().kind() == StreamKey.Kind.ARTIFACT && mayAsk(ask.stream().build()) ->
          around.streams().fetch(ask, reply(bytes.length));
      case Protocol.ListArtifacts _,
          Protocol.Fetch _,
          Protocol.Ping _,
          Protocol.Append _,
          Protocol.AppendPiece _ ->
          done(bytes.length);
    }
    return this;
  }

  /** So many bytes that the peer has sent are dealt with, and it may send others. */
  private void done(long bytes) {
    line.bytesInFlight().addAndGet(-bytes);
  }

  private Consumer<Optional<ToAgent>> reply(long bytes) {
    asks++;
    var self = getContext().getSelf();
    return message -> self.tell(new Reply(message, bytes));
  }

  private void append(StreamKey stream, boolean wellFormed, StreamDesk.Sent sent, long bytes) {
    if (!open || !builds.leased(stream.build()) || !wellFormed) {
      done(bytes);
      if (open && nonsense++ == 0) {
        LOG.warn("Worker {} sends a chunk that it may not: {}", hello.worker(), stream);
      }
      return;
    }
    lanes.append(stream, sent, bytes);
  }

  /** Artifacts may be read by those who build for the same project, a few at a time. */
  private boolean mayAsk(BuildKey build) {
    return asks < MAX_ASKS && builds.leasedOf(build.builder().project());
  }

  /** If this is lost, the plan is delivered again, and the agent says it again. */
  private void cannotTake(Protocol.CannotTake no, long bytes) {
    LOG.warn("Worker {} can't take {}: {}", hello.worker(), no.build(), no.reason());
    session.ended(no.build());
    var told = reply(bytes);
    around
        .entities()
        .tell(
            EntityRef.of(no.build()),
            new Build.Command.CannotTake(hello.worker(), no.attempt(), no.reason()))
        .whenComplete((answer, problem) -> {
          if (problem != null) {
            LOG.warn("{} could not be told that it was not taken", no.build(), problem);
          }
          told.accept(Optional.empty());
        });
  }

  /** What the builds' ledger asks of the session. */
  private final class Courier implements HeldBuilds.Courier {
    @Override
    public void tell(
        BuildKey build, Attempt attempt, long first, List<StepReport> reports, long bytes) {
      long last = first + reports.size() - 1;
      boolean ended = reports.getLast() instanceof StepReport.BuildEnded;
      getContext()
          .pipeToSelf(
              around
                  .entities()
                  .tell(
                      EntityRef.of(build),
                      new Build.Command.Report(hello.worker(), id, attempt, first, reports)),
              (answer, problem) -> {
                if (problem != null) {
                  LOG.warn("{} could not be told reports {} to {}", build, first, last, problem);
                }
                return new ReportsAnswered(build, first, last, ended, bytes, answer);
              });
    }

    @Override
    public void giveUp(BuildKey build, Attempt attempt, String why) {
      LOG.warn("Worker {} reports what {} can't take: {}", hello.worker(), build, why);
      getContext()
          .pipeToSelf(
              around
                  .entities()
                  .tell(
                      EntityRef.of(build),
                      new Build.Command.RefuseReports(hello.worker(), attempt, why)),
              (answer, problem) -> {
                if (problem != null) {
                  LOG.warn("{} could not be told that its reports are refused", build, problem);
                }
                return new ReportsGivenUp(build, why, answer);
              });
    }

    @Override
    public void say(ToAgent message) {
      send(message);
    }

    @Override
    public void done(long bytes) {
      SessionActor.this.done(bytes);
    }
  }

  private void send(ToAgent message) {
    line.heart().said();
    try {
      line.out().accept(message);
    } catch (UncheckedIOException unwritable) {
      // The session of a worker must not end for one message, and again each time it is owed.
      LOG.error("Worker {} can't be sent a {}", hello.worker(), message.getClass(), unwritable);
    }
  }
}
