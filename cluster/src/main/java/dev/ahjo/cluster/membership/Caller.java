package dev.ahjo.cluster.membership;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorRefResolver;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.cluster.Member;
import org.apache.pekko.cluster.MemberStatus;
import org.apache.pekko.cluster.typed.Cluster;

/** Calls the other engines for this one's {@link Contact}, and echoes their calls. */
final class Caller {
  static final String NAME = "ahjo-caller";

  private static final Duration PAUSE = Duration.ofMillis(300);

  private enum Tick {
    CALL
  }

  private final Contact contact;
  private final LongSupplier nanos;
  private final Cluster cluster;
  private final ActorRefResolver refs;
  private final long self;
  private Map<Long, ActorRef<Object>> others = Map.of();

  private Caller(Contact contact, LongSupplier nanos, Cluster cluster, ActorRefResolver refs) {
    this.contact = contact;
    this.nanos = nanos;
    this.cluster = cluster;
    this.refs = refs;
    this.self = cluster.selfMember().uniqueAddress().longUid();
  }

  static Behavior<Object> of(Contact contact, LongSupplier nanos) {
    return Behaviors.withTimers(timers -> {
      timers.startTimerWithFixedDelay(Tick.CALL, PAUSE);
      return Behaviors.setup(context -> {
        var system = context.getSystem();
        var caller = new Caller(contact, nanos, Cluster.get(system), ActorRefResolver.get(system));
        return Behaviors.receiveMessage(message -> {
          caller.receive(message);
          return Behaviors.same();
        });
      });
    });
  }

  private void receive(Object message) {
    switch (message) {
      case Tick.CALL -> call();
      case Word.Call(long from, long at) -> say(from, new Word.Echo(self, at));
      case Word.Echo(long from, long at) -> contact.echoed(from, at);
      default -> {}
    }
  }

  private void call() {
    List<Long> byAddress = new ArrayList<>();
    Map<Long, ActorRef<Object>> now = new HashMap<>();
    // In the order of their addresses already, by which the resolver breaks a tie, too.
    for (Member member : cluster.state().getMembers()) {
      if (member.hasRole("engine") && counts(member.status())) {
        long node = member.uniqueAddress().longUid();
        byAddress.add(node);
        if (node != self) {
          ActorRef<Object> known = others.get(node);
          now.put(
              node,
              known != null ? known : refs.resolveActorRef(member.address() + "/system/" + NAME));
        }
      }
    }
    others = now;
    contact.engines(byAddress);
    long at = nanos.getAsLong();
    others.keySet().forEach(node -> say(node, new Word.Call(self, at)));
  }

  /** Who is on its way out is waited for by nobody; who was taken out is told nothing any more. */
  private static boolean counts(MemberStatus status) {
    return status == MemberStatus.up() || status == MemberStatus.leaving();
  }

  private void say(long to, Word word) {
    ActorRef<Object> other = others.get(to);
    if (other != null) {
      other.tell(word);
    }
  }
}
