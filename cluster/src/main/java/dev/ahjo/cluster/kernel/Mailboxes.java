package dev.ahjo.cluster.kernel;

import dev.ahjo.core.kernel.EntityRef;
import org.apache.pekko.actor.typed.ActorRef;

/**
 * The way to every entity's mailbox, wherever it is. Mail may be lost; who posts it sees to that.
 */
@FunctionalInterface
public interface Mailboxes {
  void post(EntityRef to, Mail mail);

  /**
   * An entity has woken on this node, and is told by {@link Mail.Signal#RETOUCH} when another node
   * was lost. Safe for many threads, as is {@link #rested}.
   */
  default void awake(ActorRef<Mail> self) {}

  /**
   * Whether other nodes may have taken over the entities of this one, so that nothing may be
   * decided here any more.
   */
  default boolean fenced() {
    return false;
  }

  /** Whether other nodes have come or gone just now, so that mail may have been lost. */
  default boolean unsettled() {
    return false;
  }

  /**
   * Whether other nodes may be about to do so, or this one has only been slow: what is said is kept
   * until it is known which.
   */
  default boolean unheard() {
    return false;
  }

  /** It has gone to rest, or ended. */
  default void rested(ActorRef<Mail> self) {}

  /** It can't be woken on this node, for a damaged record. Safe for many threads. */
  default void unreadable(EntityRef entity) {}

  /** It could be woken after all, or is not tried any more. */
  default void readable(EntityRef entity) {}
}
