package dev.ahjo.cluster.membership;

import dev.ahjo.cluster.membership.Seeds.Place;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;
import org.apache.pekko.actor.ActorSelection;
import org.apache.pekko.actor.Address;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.AbstractBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Adapter;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.Receive;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;
import org.apache.pekko.cluster.MemberStatus;
import org.apache.pekko.cluster.typed.Cluster;
import org.apache.pekko.cluster.typed.Join;
import org.apache.pekko.cluster.typed.JoinSeedNodes;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings a node into its cluster: through any seed that is a member, and if none is, by forming one
 * when more than half of the seeds agree ({@link Ballot}). It asks again and again, ever more
 * slowly, until the node is up; afterwards it only answers those who ask.
 *
 * <p>A cluster becomes active only when so many engines as elect are in it ({@code
 * role.elector.min-nr-of-members}). So a node that was elected and then cut off runs nothing;
 * should the others have formed another cluster meanwhile, it ends, to be started again and join
 * them.
 */
final class Formation extends AbstractBehavior<Object> {
  static final String NAME = "ahjo-formation";

  private static final Logger LOG = LoggerFactory.getLogger(Formation.class);
  private static final Duration FIRST_PAUSE = Duration.ofMillis(300);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(3);

  /** Rounds after which the pause begins to grow. */
  private static final int EAGER = 20;

  /** Others form another cluster, and have done so for so long, that no gossip is on its way. */
  private static final long STRANDED = Duration.ofSeconds(15).toNanos();

  private static final long SPEAKS = Duration.ofSeconds(20).toNanos();

  private final Seeds seeds;
  private final Place self;
  private final Cluster cluster;
  private final LongSupplier nanos;
  private final Ballot ballot;
  private final TimerScheduler<Object> timers;
  private final AtomicReference<String> waitsFor;
  private final Runnable stranded;
  private Set<Place> known = Set.of();
  private final Set<Place> heard = new HashSet<>();
  private int rounds;
  private boolean elsewhere;
  private long elsewhereSince;
  private long spokenAt;

  private enum Round {
    BEGIN
  }

  private record Looked(Set<Place> places, String trouble) {}

  /**
   * @param waitsFor told in words what keeps the node from being up; empty when it is
   * @param stranded run when the node must be started again to find the others
   */
  static Behavior<Object> of(
      Seeds seeds,
      Place self,
      AtomicReference<String> waitsFor,
      Runnable stranded,
      LongSupplier nanos) {
    return Behaviors.setup(context ->
        Behaviors.withTimers(
            timers -> new Formation(context, timers, seeds, self, waitsFor, stranded, nanos)));
  }

  private Formation(
      ActorContext<Object> context,
      TimerScheduler<Object> timers,
      Seeds seeds,
      Place self,
      AtomicReference<String> waitsFor,
      Runnable stranded,
      LongSupplier nanos) {
    super(context);
    this.timers = timers;
    this.seeds = seeds;
    this.self = self;
    this.waitsFor = waitsFor;
    this.stranded = stranded;
    this.nanos = nanos;
    this.cluster = Cluster.get(context.getSystem());
    this.ballot = new Ballot(self, seeds.quorum(), nanos.getAsLong());
    this.spokenAt = nanos.getAsLong();
    if (seeds instanceof Seeds.Alone) {
      cluster.manager().tell(Join.create(cluster.selfMember().address()));
    }
    context.getSelf().tell(Round.BEGIN);
  }

  @Override
  public Receive<Object> createReceive() {
    return newReceiveBuilder()
        .onMessage(Word.Ask.class, this::answer)
        .onMessage(Word.Reply.class, this::hear)
        .onMessage(Looked.class, this::ask)
        .onMessageEquals(Round.BEGIN, this::begin)
        .build();
  }

  private Behavior<Object> begin() {
    if (up()) {
      waitsFor.set("");
      LOG.info("This node is up in a cluster of {}", members().size());
      return this;
    }
    Duration pause =
        rounds < EAGER ? FIRST_PAUSE : FIRST_PAUSE.multipliedBy(rounds / EAGER).plus(FIRST_PAUSE);
    timers.startSingleTimer(
        Round.BEGIN, pause.compareTo(LONGEST_PAUSE) > 0 ? LONGEST_PAUSE : pause);
    rounds++;
    tellWhatItWaitsFor();
    if (!(seeds instanceof Seeds.Alone)) {
      getContext()
          .pipeToSelf(
              // A name server may take its time, and this actor has others to answer.
              CompletableFuture.supplyAsync(this::look, task -> Thread.ofVirtual().start(task)),
              (looked, _) -> looked == null ? new Looked(known, "") : looked);
    }
    return this;
  }

  private Looked look() {
    try {
      return new Looked(seeds.look(), "");
    } catch (UnknownHostException unknown) {
      return new Looked(Set.of(), "the name server does not know " + unknown.getMessage());
    }
  }

  private Behavior<Object> ask(Looked looked) {
    if (!looked.trouble().isEmpty()) {
      waitsFor.set("no seed is known: " + looked.trouble());
    }
    known = looked.places();
    boolean candidate = elects() && known.contains(self);
    long round = ballot.ask(candidate, nanos.getAsLong());
    for (Place place : known) {
      if (!place.equals(self)) {
        say(place, new Word.Ask(self.host(), self.port(), round, candidate));
      }
    }
    formIfElected();
    return this;
  }

  private Behavior<Object> answer(Word.Ask ask) {
    Place asker = new Place(ask.host(), ask.port());
    Standing standing = standing();
    boolean vote = ask.candidate() && elects() && ballot.votes(asker, nanos.getAsLong());
    say(
        asker,
        new Word.Reply(
            self.host(),
            self.port(),
            ask.round(),
            standing == Standing.MEMBER,
            standing == Standing.LEAVING,
            vote));
    return this;
  }

  private Behavior<Object> hear(Word.Reply reply) {
    Place from = new Place(reply.host(), reply.port());
    heard.add(from);
    if (reply.member()) {
      metMember(from);
    } else if (reply.vote()) {
      ballot.granted(from, reply.round());
      formIfElected();
    }
    return this;
  }

  private void metMember(Place member) {
    long now = nanos.getAsLong();
    switch (standing()) {
      case APART -> {
        if (ballot.joins(now)) {
          LOG.info("Joins the cluster of {}", member);
          cluster.manager().tell(new JoinSeedNodes(List.of(address(member))));
        }
      }
      case MEMBER -> {
        if (up() || members().contains(member)) {
          elsewhere = false;
        } else if (!elsewhere) {
          elsewhere = true;
          elsewhereSince = now;
        } else if (now - elsewhereSince > STRANDED) {
          LOG.error("{} is in another cluster than this node, which never became active", member);
          stranded.run();
        }
      }
      case LEAVING -> {}
    }
  }

  private void formIfElected() {
    long now = nanos.getAsLong();
    if (standing() == Standing.APART && ballot.elected(now) && ballot.joins(now)) {
      LOG.info(
          "Forms the cluster, with the votes of {} of {} seeds", seeds.quorum(), seeds.count());
      cluster.manager().tell(Join.create(cluster.selfMember().address()));
    }
  }

  private void tellWhatItWaitsFor() {
    String waits =
        standing() == Standing.MEMBER
            ? "has joined " + members() + "; the cluster is active with " + seeds.quorum()
            : "asks "
                + new TreeSet<>(known)
                + " for the cluster; answers of "
                + new TreeSet<>(heard)
                + "; "
                + seeds.quorum()
                + " of "
                + seeds.count()
                + " seeds must agree to form one";
    if (known.isEmpty() && !waitsFor.get().isEmpty()) {
      waits = waitsFor.get();
    }
    waitsFor.set(waits);
    if (nanos.getAsLong() - spokenAt > SPEAKS) {
      spokenAt = nanos.getAsLong();
      LOG.warn("This node is not up yet: {}", waits);
    }
    heard.clear();
  }

  private enum Standing {
    APART,
    MEMBER,
    LEAVING
  }

  private Standing standing() {
    MemberStatus status = cluster.selfMember().status();
    if (cluster.isTerminated()
        || status == MemberStatus.leaving()
        || status == MemberStatus.exiting()
        || status == MemberStatus.down()) {
      return Standing.LEAVING;
    }
    return status == MemberStatus.removed() ? Standing.APART : Standing.MEMBER;
  }

  /** Whether it may form a cluster, or let another: entities live on engines alone. */
  private boolean elects() {
    return standing() == Standing.APART && cluster.selfMember().hasRole("engine");
  }

  private boolean up() {
    return cluster.selfMember().status() == MemberStatus.up();
  }

  private Set<Place> members() {
    return StreamSupport.stream(cluster.state().getMembers().spliterator(), false)
        .map(m -> place(m.address()))
        .collect(Collectors.toCollection(TreeSet::new));
  }

  private static Place place(Address address) {
    return new Place(address.host().get(), (Integer) address.port().get());
  }

  private Address address(Place place) {
    Address mine = cluster.selfMember().address();
    return new Address(mine.protocol(), mine.system(), place.host(), place.port());
  }

  private void say(Place to, Word word) {
    ActorSelection there =
        Adapter.toClassic(getContext().getSystem()).actorSelection(address(to) + "/system/" + NAME);
    there.tell(word, org.apache.pekko.actor.ActorRef.noSender());
  }
}
