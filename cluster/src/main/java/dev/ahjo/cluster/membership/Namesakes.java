package dev.ahjo.cluster.membership;

import dev.ahjo.cluster.membership.Seeds.Place;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.LongSupplier;
import org.apache.pekko.actor.Address;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.AbstractBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Adapter;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.Receive;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;
import org.apache.pekko.cluster.Member;
import org.apache.pekko.cluster.MemberStatus;
import org.apache.pekko.cluster.typed.Cluster;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds out whether another live node has this one's name, by which its logs in the store are
 * known: of two of one name the later would end what the earlier writes. Only the word of the other
 * one itself counts, so that a node that was killed and comes back elsewhere, sooner than it is
 * missed, finds its name free.
 *
 * <p>A node that starts asks before it touches its store. Of two that start at once, and find each
 * other only as members, the younger ends.
 */
final class Namesakes extends AbstractBehavior<Object> {
  static final String NAME = "ahjo-namesakes";

  private static final Logger LOG = LoggerFactory.getLogger(Namesakes.class);
  private static final Duration AGAIN = Duration.ofMillis(300);

  /**
   * Who is there answers within so long; a cluster that is formed only now has nobody to answer.
   */
  private static final Duration PATIENCE = Duration.ofSeconds(2);

  /** How often members are compared. */
  private static final Duration LOOK = Duration.ofSeconds(5);

  /** Begins to ask who else is called so; {@code found} is told whoever is, or that nobody is. */
  record Ask(Set<Place> seeds, CompletableFuture<Optional<Place>> found) {}

  private enum Turn {
    ASK,
    LOOK
  }

  private final String name;
  private final Place self;
  private final Cluster cluster;
  private final Runnable later;
  private final LongSupplier nanos;
  private final TimerScheduler<Object> timers;
  private final Set<Place> others = new HashSet<>();
  private Optional<Ask> asking = Optional.empty();
  private long askedAt;

  /**
   * @param later run when an older member is found to be called so
   */
  static Behavior<Object> of(String name, Runnable later, LongSupplier nanos) {
    return Behaviors.setup(context ->
        Behaviors.withTimers(timers -> new Namesakes(context, timers, name, later, nanos)));
  }

  private Namesakes(
      ActorContext<Object> context,
      TimerScheduler<Object> timers,
      String name,
      Runnable later,
      LongSupplier nanos) {
    super(context);
    this.timers = timers;
    this.name = name;
    this.later = later;
    this.nanos = nanos;
    this.cluster = Cluster.get(context.getSystem());
    this.self = place(cluster.selfMember().address());
    timers.startTimerWithFixedDelay(Turn.LOOK, LOOK);
  }

  /** All addresses of the seeds, as far as they are known. */
  static Set<Place> known(Seeds seeds) {
    try {
      return seeds.look();
    } catch (UnknownHostException unknown) {
      return Set.of();
    }
  }

  @Override
  public Receive<Object> createReceive() {
    return newReceiveBuilder()
        .onMessage(Ask.class, this::begin)
        .onMessageEquals(Turn.ASK, this::ask)
        .onMessageEquals(Turn.LOOK, this::look)
        .onMessage(Word.WhoIs.class, this::answer)
        .onMessage(Word.IAm.class, this::hear)
        .onMessage(Word.NotI.class, this::hear)
        .build();
  }

  private Behavior<Object> begin(Ask ask) {
    asking = Optional.of(ask);
    askedAt = nanos.getAsLong();
    others.addAll(ask.seeds());
    others.remove(self);
    return ask();
  }

  private Behavior<Object> ask() {
    if (asking.isEmpty()) {
      return this;
    }
    if (others.isEmpty() || nanos.getAsLong() - askedAt > PATIENCE.toNanos()) {
      found(Optional.empty());
      return this;
    }
    others.forEach(seed -> say(seed, new Word.WhoIs(name, self.host(), self.port())));
    timers.startSingleTimer(Turn.ASK, AGAIN);
    return this;
  }

  private void found(Optional<Place> namesake) {
    asking.ifPresent(ask -> ask.found().complete(namesake));
    asking = Optional.empty();
  }

  private Behavior<Object> answer(Word.WhoIs who) {
    Place asker = new Place(who.host(), who.port());
    // A node that is asked by its own next life, or on its way out, does not stand in the way.
    if (asker.equals(self) || leaving()) {
      return this;
    }
    if (who.name().equals(name)) {
      say(asker, new Word.IAm(name, self.host(), self.port(), member()));
      return this;
    }
    boolean passedOn = false;
    for (Member member : cluster.state().getMembers()) {
      Place there = place(member.address());
      if (member.hasRole(Membership.NAMED + who.name()) && stays(member) && !there.equals(asker)) {
        passedOn = true;
        say(there, who);
      }
    }
    say(asker, new Word.NotI(self.host(), self.port(), member(), passedOn));
    return this;
  }

  private Behavior<Object> hear(Word.IAm other) {
    Place there = new Place(other.host(), other.port());
    if (!other.name().equals(name) || there.equals(self)) {
      return this;
    }
    if (asking.isPresent()) {
      // Of two that start at once the one with the lower address goes on.
      if (other.member() || there.compareTo(self) < 0) {
        found(Optional.of(there));
      } else {
        silent(there);
      }
    } else if (isOlder(there)) {
      LOG.error(
          "The node at {} has the name {} as well, and had it first: this one ends; give it a name"
              + " of its own",
          there,
          name);
      later.run();
    }
    return this;
  }

  private Behavior<Object> hear(Word.NotI other) {
    if (asking.isPresent() && !other.passedOn()) {
      if (other.member()) {
        found(Optional.empty());
      } else {
        silent(new Place(other.host(), other.port()));
      }
    }
    return this;
  }

  /** Nothing more is expected of that one. */
  private void silent(Place other) {
    others.remove(other);
    if (others.isEmpty()) {
      found(Optional.empty());
    }
  }

  private Behavior<Object> look() {
    if (cluster.selfMember().status() == MemberStatus.up()) {
      for (Member member : cluster.state().getMembers()) {
        Place there = place(member.address());
        if (member.hasRole(Membership.NAMED + name) && !there.equals(self) && isOlder(there)) {
          say(there, new Word.WhoIs(name, self.host(), self.port()));
        }
      }
    }
    return this;
  }

  /** Whether a member that stays is at that place, and was so before this node. */
  private boolean isOlder(Place there) {
    for (Member member : cluster.state().getMembers()) {
      if (place(member.address()).equals(there)) {
        return stays(member) && member.isOlderThan(cluster.selfMember());
      }
    }
    return false;
  }

  private static boolean stays(Member member) {
    MemberStatus status = member.status();
    return status == MemberStatus.up()
        || status == MemberStatus.weaklyUp()
        || status == MemberStatus.joining();
  }

  private boolean member() {
    return stays(cluster.selfMember());
  }

  private boolean leaving() {
    MemberStatus status = cluster.selfMember().status();
    return cluster.isTerminated()
        || status == MemberStatus.leaving()
        || status == MemberStatus.exiting()
        || status == MemberStatus.down();
  }

  private static Place place(Address address) {
    return new Place(address.host().get(), (Integer) address.port().get());
  }

  private void say(Place to, Word word) {
    Address mine = cluster.selfMember().address();
    Address there = new Address(mine.protocol(), mine.system(), to.host(), to.port());
    Adapter.toClassic(getContext().getSystem())
        .actorSelection(there + "/system/" + NAME)
        .tell(word, org.apache.pekko.actor.ActorRef.noSender());
  }
}
