package dev.ahjo.cluster.kernel;

import dev.ahjo.core.kernel.EntityRef;
import dev.ahjo.persistence.journal.CorruptRecord;
import java.util.ArrayList;
import java.util.List;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.BehaviorInterceptor;
import org.apache.pekko.actor.typed.PostStop;
import org.apache.pekko.actor.typed.Signal;
import org.apache.pekko.actor.typed.TypedActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.jspecify.annotations.Nullable;

/**
 * Answers for an entity that can't be woken because a record of its journal is damaged: whoever
 * says something to it hears which record, and does not wait in vain. Waking is tried again and
 * again, so it goes on when the record has been mended, or a newer version reads it; those who
 * spoke before anything was known are then obeyed as well.
 */
final class Unreadable extends BehaviorInterceptor<Mail, Mail> {
  /** Of those who speak before it is known, the rest must ask again. */
  private static final int MOST_EARLY = 1_000;

  private final EntityRef me;
  private final Mailboxes mailboxes;
  private List<Mail.Say> early = new ArrayList<>();
  private boolean woken;
  private @Nullable String problem;

  Unreadable(EntityRef me, Mailboxes mailboxes) {
    super(Mail.class);
    this.me = me;
    this.mailboxes = mailboxes;
  }

  @Override
  public Behavior<Mail> aroundReceive(
      TypedActorContext<Mail> context, Mail mail, ReceiveTarget<Mail> target) {
    if (!woken && mail instanceof Mail.Say say) {
      if (problem != null) {
        refuse(say, problem);
        return Behaviors.same();
      }
      if (early.size() < MOST_EARLY) {
        early.add(say);
      }
    }
    if (problem != null && mail == Mail.Signal.STOP) {
      // It would lie there until the record can be read, and hold up a shard that moves.
      return Behaviors.stopped();
    }
    return target.apply(context, mail);
  }

  @Override
  public Behavior<Mail> aroundSignal(
      TypedActorContext<Mail> context, Signal signal, SignalTarget<Mail> target) {
    if (signal instanceof PostStop) {
      // Also of one that ends while it rests from a failure: what lies inside does not hear of it.
      mailboxes.rested(context.asJava().getSelf());
      if (problem != null) {
        mailboxes.readable(me);
      }
    }
    return target.apply(context, signal);
  }

  /** Its journal was read to the end. */
  void woke() {
    woken = true;
    early = List.of();
    if (problem != null) {
      problem = null;
      mailboxes.readable(me);
    }
  }

  /** Its journal could not be read, for good or for now. */
  void failed(Throwable why) {
    for (@Nullable Throwable each = why; each != null; each = each.getCause()) {
      if (each instanceof CorruptRecord) {
        String told = me + ": " + each.getMessage();
        problem = told;
        early.forEach(say -> refuse(say, told));
        mailboxes.unreadable(me);
        break;
      }
    }
    woken = false;
    early = new ArrayList<>();
  }

  private static void refuse(Mail.Say say, String problem) {
    say.replyTo().tell(new Mail.Broke(say.number(), problem));
  }
}
