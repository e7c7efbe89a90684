package dev.ahjo.cluster.worker;

import dev.ahjo.core.id.Names;
import dev.ahjo.core.worker.Protocol;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.IntSupplier;
import java.util.function.LongSupplier;

/** Who may open a session, whichever way he comes. */
final class Admission {
  private static final int MAX_SLOTS = 1_000;
  private static final int MAX_LABELS = 100;
  private static final int MAX_SYSTEM = 50;
  private static final int MAX_SYSTEM_TEXT = 500;

  /** More than any agent keeps: it would have to be away while each slot was used many times. */
  private static final int MAX_HELD = 5_000;

  /** Begins the session of an agent that has proved its name. */
  @FunctionalInterface
  interface Opener {
    Consumer<SessionActor.In> open(Protocol.Hello hello, SessionActor.Line line);
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
  private final Heartbeats heartbeats;
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
    this.heartbeats = new Heartbeats(nanos, System::nanoTime);
  }

  LongSupplier nanos() {
    return nanos;
  }

  /** A new session's, whose rounds {@link #round} makes. */
  Heartbeats.Heart heart(Runnable ping) {
    return heartbeats.heart(ping);
  }

  /** To be called every {@link Heartbeats#ROUND}. */
  void round() {
    heartbeats.round();
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
    return refuse(hello)
        .<Verdict>map(Verdict.TurnedAway::new)
        .orElseGet(() -> new Verdict.Open(opener.open(hello, line)));
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
    Optional<String> excess = excess(hello);
    if (excess.isPresent()) {
      return never(excess.get());
    }
    if (closing) {
      return later("This gate is closing; go to another");
    }
    if (sessions.getAsInt() >= settings.maxSessions()) {
      return later("The gate is full: " + settings.maxSessions() + " sessions");
    }
    return Optional.empty();
  }

  /** What is journaled of a Hello must be read again: nothing in it may be of any length. */
  private static Optional<String> excess(Protocol.Hello hello) {
    if (!Names.valid(hello.instance())) {
      return Optional.of("instance: expected letters, digits and . _ + -");
    }
    if (hello.labels().size() > MAX_LABELS || !hello.labels().stream().allMatch(Names::valid)) {
      return Optional.of(
          "labels: expected at most " + MAX_LABELS + " of letters, digits and . _ + -");
    }
    if (hello.system().size() > MAX_SYSTEM
        || hello.system().entrySet().stream()
            .anyMatch(e -> e.getKey().length() + e.getValue().length() > MAX_SYSTEM_TEXT)) {
      return Optional.of(
          "system: expected at most "
              + MAX_SYSTEM
              + " entries of at most "
              + MAX_SYSTEM_TEXT
              + " characters");
    }
    return hello.holds().size() > MAX_HELD
        ? Optional.of("holds: expected at most " + MAX_HELD + " builds")
        : Optional.empty();
  }

  private static Optional<Protocol.Rejected> never(String why) {
    return Optional.of(new Protocol.Rejected(why, false));
  }

  private static Optional<Protocol.Rejected> later(String why) {
    return Optional.of(new Protocol.Rejected(why, true));
  }
}
