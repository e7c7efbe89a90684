package dev.ahjo.core.builder;

import dev.ahjo.core.builder.Builder.Active;
import dev.ahjo.core.builder.Builder.HandsOn;
import dev.ahjo.core.builder.Builder.Stage;
import dev.ahjo.core.id.Attempt;
import dev.ahjo.core.id.LockKey;
import dev.ahjo.core.kernel.Duty;
import dev.ahjo.core.kernel.EntityRef;
import dev.ahjo.core.kernel.Message;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Something to be given back for an attempt that has left the queue: an offer, a lock. It outlives
 * the attempt's entry and is remembered until its receiver has answered, so that a crash in between
 * leaves no lock held for a request long gone.
 */
record Cleanup(String key, Duty.Tell tell) {

  private static Cleanup of(String key, EntityRef to, Message message) {
    return new Cleanup(key, new Duty.Tell(to, message).onAnswer(new Builder.Command.Cleaned(key)));
  }

  /**
   * What {@code active} leaves behind. {@code withdraw}: its pool is to be told though it was
   * taken.
   */
  static List<Cleanup> of(Active active, boolean withdraw) {
    var ticket = active.ticket();
    var attempt = ticket.attempt();
    var stage = active.stage() instanceof Stage.Collapsing c ? c.was() : active.stage();
    List<Cleanup> owed = new ArrayList<>();
    if (stage instanceof Stage.Offered || (withdraw && stage instanceof Stage.Taken)) {
      owed.add(
          of("withdraw:" + attempt, EntityRef.of(ticket.pool()), new HandsOn.Withdraw(attempt)));
    }
    int locks =
        switch (stage) {
          case null -> 0;
          // The lock it waits for may have been granted on the way.
          case Stage.Locking l -> l.held() + 1;
          default -> ticket.locks().size();
        };
    for (int i = 0; i < locks; i++) {
      var lock = new LockKey(ticket.builder().project(), ticket.locks().get(i).name());
      owed.add(
          of(
              "unlock:" + lock + ":" + attempt,
              EntityRef.of(lock),
              new HandsOn.ReleaseLock(lock, attempt)));
    }
    return owed;
  }

  /** The keys that change when {@code attempt} leaves. */
  static Set<String> keys(@Nullable Active left, Attempt attempt) {
    Set<String> keys = new HashSet<>();
    keys.add(attempt.request().value());
    if (left != null) {
      of(left, true).forEach(c -> keys.add(c.key()));
    }
    return keys;
  }
}
