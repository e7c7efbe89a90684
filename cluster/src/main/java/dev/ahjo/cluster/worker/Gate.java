package dev.ahjo.cluster.worker;

import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigValueFactory;
import dev.ahjo.core.id.Ids;
import dev.ahjo.core.id.SessionId;
import dev.ahjo.core.port.Entities;
import dev.ahjo.core.port.StreamStore;
import java.io.IOException;
import java.security.SecureRandom;
import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.LongSupplier;
import org.apache.pekko.actor.Address;
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

  private final org.apache.pekko.actor.ActorSystem outer;
  private final StreamDesk streams;

  private Gate(org.apache.pekko.actor.ActorSystem outer, StreamDesk streams) {
    this.outer = outer;
    this.streams = streams;
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
    var config =
        ConfigFactory.load("ahjo-gate")
            .withValue(
                "pekko.remote.artery.canonical.hostname",
                ConfigValueFactory.fromAnyRef(settings.host()))
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
    SessionIds ids = new SessionIds(clock);
    Door.Opener opener =
        (hello, line) -> {
          SessionId id = ids.next();
          ActorRef<SessionActor.In> session =
              inner.systemActorOf(
                  SessionActor.of(hello, id, line, entities, sessions, streams),
                  "session-" + id,
                  Props.empty());
          return session::tell;
        };
    outer.actorOf(Door.props(settings, tokens, opener, nanos), "gate");
    return new Gate(outer, streams);
  }

  /** Where agents join, as {@code pekko://HOST:PORT}. */
  public String address() {
    Address address = outer.provider().getDefaultAddress();
    return "pekko://" + address.host().get() + ":" + address.port().get();
  }

  /** Closes the gate; agents go on and come back to the next one. */
  @Override
  public void close() {
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

  private static Throwable rootOf(Throwable problem) {
    Throwable root = problem;
    for (@Nullable Throwable cause = root.getCause(); cause != null; cause = cause.getCause()) {
      root = cause;
    }
    return root;
  }

  /** Ids that rise on this node even when its clock does not: later sessions compare as later. */
  private static final class SessionIds {
    private final InstantSource clock;
    private final SecureRandom chance = new SecureRandom();
    private Instant last = Instant.EPOCH;

    SessionIds(InstantSource clock) {
      this.clock = clock;
    }

    synchronized SessionId next() {
      Instant now = clock.instant();
      last = now.isAfter(last.plusMillis(1)) ? now : last.plusMillis(1);
      return new SessionId(Ids.at(last, chance.nextInt(1 << 16), chance.nextLong()));
    }
  }
}
