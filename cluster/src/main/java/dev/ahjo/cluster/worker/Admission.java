package dev.ahjo.cluster.worker;

import dev.ahjo.core.worker.Protocol;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.IntSupplier;
import java.util.function.LongSupplier;

/**
 * Who may open a session, and when, whichever way he comes. A storm of agents is let in at a steady
 * pace: those in line hold a connection and nothing else, and hear pings meanwhile.
 */
final class Admission {
  private static final int MAX_SLOTS = 1_000;

  /** Sessions that may begin at once after a quiet time. */
  private static final int BURST = 200;

  /** Who would have to stand in line for longer is sent away, to come again or elsewhere. */
  private static final Duration LONGEST_LINE = Duration.ofSeconds(45);

  /** Begins the session of an agent that has proved its name. */
  @FunctionalInterface
  interface Opener {
    /**
     * @param turn how long the worker's entity is not to be troubled yet
     */
    Consumer<SessionActor.In> open(Protocol.Hello hello, SessionActor.Line line, Duration turn);
  }

  /** What became of a Hello. */
  sealed interface Verdict {
    record Open(Consumer<SessionActor.In> session) implements Verdict {}

    record TurnedAway(Protocol.Rejected why) implements Verdict {}
  }

  private final GateSettings settings;
  private final WorkerTokens tokens;
  private final Opener opener;
  private final IntSupplier sessions;
  private final LongSupplier nanos;
  private final long between;
  private long nextTurn;
  private volatile boolean closing;

  /**
   * @param sessions how many are open
   */
  Admission(
      GateSettings settings,
      WorkerTokens tokens,
      Opener opener,
      IntSupplier sessions,
      LongSupplier nanos) {
    this.settings = settings;
    this.tokens = tokens;
    this.opener = opener;
    this.sessions = sessions;
    this.nanos = nanos;
    this.between = Duration.ofSeconds(1).toNanos() / settings.joinsPerSecond();
    this.nextTurn = nanos.getAsLong() - BURST * between;
  }

  LongSupplier nanos() {
    return nanos;
  }

  long maxBytesPerSession() {
    return settings.maxBytesPerSession();
  }

  /** From now on agents are sent elsewhere. */
  void close() {
    closing = true;
  }

  /** Opens a session behind {@code line}, or says why not. */
  Verdict admit(Protocol.Hello hello, SessionActor.Line line) {
    Optional<Protocol.Rejected> no = refuse(hello);
    if (no.isPresent()) {
      return new Verdict.TurnedAway(no.get());
    }
    Duration turn = turn();
    if (turn.compareTo(LONGEST_LINE) > 0) {
      return new Verdict.TurnedAway(
          new Protocol.Rejected("Too many agents come at once; try again", true));
    }
    return new Verdict.Open(opener.open(hello, line, turn));
  }

  private Optional<Protocol.Rejected> refuse(Protocol.Hello hello) {
    if (hello.version() != Protocol.VERSION) {
      return never(
          "This farm speaks version "
              + Protocol.VERSION
              + " of the protocol, the agent version "
              + hello.version());
    }
    if (!tokens.check(hello.worker(), hello.token())) {
      return never("The token does not fit the name '" + hello.worker() + "'");
    }
    if (hello.slots() < 1 || hello.slots() > MAX_SLOTS) {
      return never("slots: expected 1 to " + MAX_SLOTS + ", but found " + hello.slots());
    }
    if (closing) {
      return later("This gate is closing; go to another");
    }
    if (sessions.getAsInt() >= settings.maxSessions()) {
      return later("The gate is full: " + settings.maxSessions() + " sessions");
    }
    return Optional.empty();
  }

  private static Optional<Protocol.Rejected> never(String why) {
    return Optional.of(new Protocol.Rejected(why, false));
  }

  private static Optional<Protocol.Rejected> later(String why) {
    return Optional.of(new Protocol.Rejected(why, true));
  }

  /** How long the next in line has to wait; takes the place unless the line is too long. */
  private synchronized Duration turn() {
    long now = nanos.getAsLong();
    nextTurn = Math.max(nextTurn, now - BURST * between);
    long wait = Math.max(0, nextTurn - now);
    if (wait <= LONGEST_LINE.toNanos()) {
      nextTurn += between;
    }
    return Duration.ofNanos(wait);
  }
}
