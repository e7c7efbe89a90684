package dev.ahjo.core.kernel;

import dev.ahjo.core.id.SessionId;
import dev.ahjo.core.id.WorkerName;
import dev.ahjo.core.worker.Protocol;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * What a state owes the world. A duty is derived from state, so an entity that crashed, moved or
 * lost a message simply owes it again; who receives it a second time answers that it is already so.
 */
public sealed interface Duty {

  /**
   * A message owed to another entity until it answers.
   *
   * @param after the key of a duty of the same state that must be answered first
   * @param onAnswer said to oneself once the receiver has accepted, where that must be remembered
   * @param onRefusal said to oneself when the receiver refuses: a grant that its grantee refuses is
   *     taken back. Without one a refusal counts as an answer and is logged.
   */
  record Tell(
      EntityRef to,
      Message message,
      Optional<String> after,
      Optional<Message> onAnswer,
      Optional<Message> onRefusal)
      implements Duty {
    public Tell(EntityRef to, Message message) {
      this(to, message, Optional.empty(), Optional.empty(), Optional.empty());
    }

    public Tell after(String key) {
      return new Tell(to, message, Optional.of(key), onAnswer, onRefusal);
    }

    public Tell onAnswer(Message command) {
      return new Tell(to, message, after, Optional.of(command), onRefusal);
    }

    public Tell onRefusal(Message command) {
      return new Tell(to, message, after, onAnswer, Optional.of(command));
    }
  }

  /**
   * A command to oneself, at {@code at} by the clock on the wall of whoever drives the entity. But
   * clocks are set, and those of two nodes differ: counted from when the duty was first owed there,
   * by a clock that only goes forward, it comes neither before {@code atLeast} nor after {@code
   * atMost}. Whoever takes the entity over counts anew. What must not come early by anybody's clock
   * says {@code atLeast}, and its command must not be held against a clock again.
   */
  record Wake(Instant at, Duration atLeast, Duration atMost, Message command) implements Duty {
    /** Of the calendar: by the clock on the wall alone. */
    public Wake(Instant at, Message command) {
      this(at, Duration.ZERO, FOREVER, command);
    }

    /** How long after it was first owed it comes, if the wall's clock shows {@code wall} then. */
    public Duration after(Instant wall) {
      Duration wait = wall.isBefore(at) ? Duration.between(wall, at) : Duration.ZERO;
      return wait.compareTo(atLeast) < 0 ? atLeast : wait.compareTo(atMost) > 0 ? atMost : wait;
    }
  }

  /** Longer than any node runs. */
  Duration FOREVER = Duration.ofDays(365_000);

  /**
   * A message owed to a worker's agent, again and again with backoff, until the state no longer
   * owes it: agents answer with reports, and these change the state.
   */
  record Deliver(WorkerName to, Protocol.ToAgent message, Optional<String> after) implements Duty {}

  /** To be told {@code whenGone} once that session has ended, or at once if it already has. */
  record Watch(SessionId session, Message whenGone) implements Duty {}
}
