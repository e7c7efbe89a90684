package dev.ahjo.cluster.kernel;

import dev.ahjo.core.kernel.Message;
import dev.ahjo.core.port.Entities;
import org.apache.pekko.actor.typed.ActorRef;

/** What may lie in an entity's mailbox. */
public sealed interface Mail {

  /** What crosses from one node to another; all else stays between an actor and itself. */
  sealed interface Posted {}

  /**
   * A message for the entity to decide on.
   *
   * @param number the speaker's own; it comes back with the answer
   */
  record Say(Message message, long number, ActorRef<Response> replyTo) implements Mail, Posted {}

  /** Asks for the present state. */
  record Read(ActorRef<Shown> replyTo) implements Mail, Posted {}

  /** The state of an entity, of the type that its class names. */
  record Shown(Object state) implements Posted {}

  /** Wakes an entity that may owe something; says nothing. */
  record Awake() implements Mail, Posted {}

  /** What came of a {@link Say}. */
  sealed interface Response extends Mail, Posted {
    long number();
  }

  record Answered(long number, Entities.Answer answer) implements Response {}

  /**
   * The message met a bug of ours: nothing has changed, and nobody knows whether it should have.
   */
  record Broke(long number, String problem) implements Response {}

  /** What a duty makes an entity say to itself; {@code key} is the duty's. */
  record Oneself(String key, Message message) implements Mail {}

  /** The session that a duty watched has ended; {@code number} is the debt's. */
  record Ended(long number) implements Mail {}

  /** Signals from the actor's own doing. */
  enum Signal implements Mail {
    /** Whatever was said since the last one is to be decided now. */
    DECIDE,
    /** Some instant that was waited for has come. */
    TICK,
    /** An agent that was away has come back. */
    NUDGE,
    /** A node was lost: those whom this entity has told something may sleep on it for good. */
    RETOUCH,
    /** The shard wants the actor gone. */
    STOP
  }
}
