package dev.ahjo.cluster.worker;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigValueFactory;
import dev.ahjo.core.id.SessionId;
import dev.ahjo.core.port.Entities;
import dev.ahjo.core.port.StreamStore;
import dev.ahjo.http.worker.AgentDoor;
import java.io.IOException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;
import org.apache.pekko.actor.Address;
import org.apache.pekko.actor.Cancellable;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.Props;
import org.apache.pekko.remote.RemoteTransportException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where agents come in: an actor system of its own with one actor in it, in untrusted mode. The
 * sessions live in the inner system, which no agent can reach or name.
 */
public final class Gate implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Gate.class);

  /** How long sessions may take to end. */
  private static final Duration FAREWELL = Duration.ofSeconds(2);

  private final org.apache.pekko.actor.ActorSystem outer;
  private final StreamDesk streams;
  private final Sessions sessions;
  private final Admission admission;
  private final Cancellable rounds;

  private Gate(
      org.apache.pekko.actor.ActorSystem outer,
      StreamDesk streams,
      Sessions sessions,
      Admission admission,
      Cancellable rounds) {
    this.outer = outer;
    this.streams = streams;
    this.sessions = sessions;
    this.admission = admission;
    this.rounds = rounds;
  }

  /**
   * Opens the gate; agents may come at once.
   *
   * @param inner where the sessions are processed
   * @throws IOException when nothing can listen at that address
   */
  public static Gate open(
      GateSettings settings,
      WorkerTokens tokens,
      ActorSystem<?> inner,
      Entities entities,
      StreamStore store,
      Sessions sessions,
      InstantSource clock)
      throws IOException {
    return open(settings, tokens, inner, entities, store, sessions, clock, System::nanoTime);
  }

  /** As above, hearing silence by {@code nanos}. */
  static Gate open(
      GateSettings settings,
      WorkerTokens tokens,
      ActorSystem<?> inner,
      Entities entities,
      StreamStore store,
      Sessions sessions,
      InstantSource clock,
      LongSupplier nanos)
      throws IOException {
    Config tls =
        settings.tls().isPresent()
            ? WorkersTls.config(settings.tls().get())
            : ConfigFactory.empty();
    var config =
        tls.withFallback(ConfigFactory.load("ahjo-gate"))
            .withValue(
                "pekko.remote.artery.canonical.hostname",
                ConfigValueFactory.fromAnyRef(settings.name()))
            .withValue(
                "pekko.remote.artery.bind.hostname", ConfigValueFactory.fromAnyRef(settings.host()))
            .withValue(
                "pekko.remote.artery.canonical.port",
                ConfigValueFactory.fromAnyRef(settings.port()));
    org.apache.pekko.actor.ActorSystem outer;
    try {
      outer = org.apache.pekko.actor.ActorSystem.create("gate", config);
    } catch (RemoteTransportException failed) {
      throw new IOException(
          "The workers' gate can't listen on "
              + settings.host()
              + ":"
              + settings.port()
              + ": "
              + rootOf(failed).getMessage(),
          failed);
    }
    StreamDesk streams = new StreamDesk(store);
    var ids = new SessionIds(clock, sessions.node());
    var around =
        new SessionActor.Surroundings(
            entities, sessions, streams, ids, new Turns(settings.joinsAtOnce()), tokens);
    Admission.Opener opener =
        (hello, line) -> {
          SessionId id = ids.next();
          ActorRef<SessionActor.In> session =
              inner.systemActorOf(
                  SessionActor.of(hello, id, line, around), "session-" + id, Props.empty());
          return session::tell;
        };
    var admission = new Admission(settings, tokens, opener, sessions::count, nanos);
    outer.actorOf(Door.props(admission), "gate");
    Cancellable rounds =
        inner
            .scheduler()
            .scheduleWithFixedDelay(
                Heartbeats.ROUND, Heartbeats.ROUND, admission::round, inner.executionContext());
    return new Gate(outer, streams, sessions, admission, rounds);
  }

  /** Where agents join, as {@code pekko://HOST:PORT}. */
  public String address() {
    Address address = outer.provider().getDefaultAddress();
    return "pekko://" + address.host().get() + ":" + address.port().get();
  }

  /** Agents that come by WebSocket have the same sessions. */
  public AgentDoor webSocket() {
    return new SocketDoor(admission);
  }

  /**
   * Sends the agents to other gates and lets no more in; their builds go on meanwhile. Returns at
   * once; draining twice is harmless.
   */
  public void drain() {
    admission.close();
    sessions.sendAway("This gate is closing; go to another");
  }

  /** Drains and closes the gate; agents go on, elsewhere or here when it is open again. */
  @Override
  public void close() {
    drain();
    awaitFarewells();
    rounds.cancel();
    outer.terminate();
    try {
      outer.getWhenTerminated().toCompletableFuture().get(5, TimeUnit.SECONDS);
    } catch (TimeoutException | ExecutionException late) {
      LOG.warn("The gate's actor system did not end in time", late);
    } catch (InterruptedException stop) {
      Thread.currentThread().interrupt();
    }
    streams.close();
  }

  /** Without their last words agents would find out by silence. */
  private void awaitFarewells() {
    long deadline = System.nanoTime() + FAREWELL.toNanos();
    while (sessions.count() > 0 && System.nanoTime() - deadline < 0) {
      LockSupport.parkNanos(Duration.ofMillis(5).toNanos());
    }
    if (sessions.count() > 0) {
      LOG.warn("{} sessions did not end in time", sessions.count());
    }
  }

  private static Throwable rootOf(Throwable problem) {
    Throwable root = problem;
    for (@Nullable Throwable cause = root.getCause(); cause != null; cause = cause.getCause()) {
      root = cause;
    }
    return root;
  }
}
