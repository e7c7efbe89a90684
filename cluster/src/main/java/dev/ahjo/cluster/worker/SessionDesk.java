package dev.ahjo.cluster.worker;

import dev.ahjo.cluster.worker.Letter.Place;
import dev.ahjo.core.id.SessionId;
import dev.ahjo.core.id.WorkerName;
import dev.ahjo.core.worker.Protocol.ToAgent;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Function;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorRefResolver;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.SupervisorStrategy;
import org.apache.pekko.actor.typed.javadsl.AbstractBehavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.Receive;
import org.apache.pekko.cluster.ClusterEvent;
import org.apache.pekko.cluster.Member;
import org.apache.pekko.cluster.MemberStatus;
import org.apache.pekko.cluster.typed.Cluster;
import org.apache.pekko.cluster.typed.Subscribe;

/**
 * Carries what entities of one node say to agents at the gate of another; one actor on each node.
 * What is for a worker goes by the node whose {@link Directory} has it, and from there to its
 * session's node; who watches a session asks its node, which the session's id names. A node that
 * has left the cluster has no sessions: they end at once.
 */
final class SessionDesk extends AbstractBehavior<SessionDesk.In> {
  static final String NAME = "ahjo-sessions";

  static final Duration TICK = Duration.ofSeconds(1);

  /** Ticks between two looks after sessions of other nodes. */
  private static final int LOOK_AFTER = 10;

  /**
   * Ticks after which callbacks that nobody asked for again are forgotten, and all is told anew.
   */
  private static final int GENERATION = 60;

  /** Ticks that a session's node may be unknown: we may hear of it later than of the session. */
  private static final int STRANGE = 5;

  /** Places or sessions in one letter. */
  private static final int PAGE = 500;

  sealed interface In permits Letter, Welcomed, Closed, Deliver, WatchFar, Changed, Pulse {}

  /** A session at this node is delivered to from now on. */
  record Welcomed(WorkerName worker, SessionId session) implements In {}

  /** A session at this node is over. */
  record Closed(WorkerName worker, SessionId session) implements In {}

  /** For a worker that has no session at this node. */
  record Deliver(WorkerName worker, ToAgent message) implements In {}

  /** Somebody at this node watches a session of another one. */
  record WatchFar(SessionId session) implements In {}

  private record Changed() implements In {}

  private enum Pulse implements In {
    TICK
  }

  private final Sessions sessions;
  private final Cluster cluster;
  private final ActorRefResolver refs;
  private final long self;
  private final Map<Long, ActorRef<In>> desks = new HashMap<>();
  private final Set<Long> homes = new HashSet<>();
  private final Directory directory = new Directory();
  private final Notices notices = new Notices();
  private final Map<SessionId, Set<Long>> watchedBy = new HashMap<>();
  private final Map<SessionId, Long> strange = new HashMap<>();
  private long ticks;

  /**
   * @param tick by which everything that is waited for is counted
   */
  static Behavior<In> of(Sessions sessions, Duration tick) {
    return Behaviors.supervise(
            Behaviors.<In>setup(context ->
                Behaviors.withTimers(timers -> {
                  timers.startTimerWithFixedDelay(Pulse.TICK, tick);
                  return new SessionDesk(context, sessions);
                })))
        .onFailure(Exception.class, SupervisorStrategy.restart());
  }

  private SessionDesk(ActorContext<In> context, Sessions sessions) {
    super(context);
    this.sessions = sessions;
    this.cluster = Cluster.get(context.getSystem());
    this.refs = ActorRefResolver.get(context.getSystem());
    this.self = cluster.selfMember().uniqueAddress().longUid();
    var changed = context.messageAdapter(ClusterEvent.MemberEvent.class, _ -> (In) new Changed());
    cluster.subscriptions().tell(Subscribe.create(changed, ClusterEvent.MemberEvent.class));
    look();
    sessions.welcome().forEach(open -> welcomed(open.worker(), open.id()));
    watch(sessions.watchedFar());
  }

  @Override
  public Receive<In> createReceive() {
    return newReceiveBuilder()
        .onAnyMessage(in -> {
          receive(in);
          return this;
        })
        .build();
  }

  private void receive(In in) {
    switch (in) {
      case Welcomed(WorkerName worker, SessionId session) -> {
        welcomed(worker, session);
        tell();
      }
      case Closed(WorkerName worker, SessionId session) -> closed(new Place(worker, session));
      case Deliver(WorkerName worker, ToAgent message) -> {
        OptionalLong home = Directory.home(worker, homes);
        home.ifPresent(at -> post(at, new Letter.Pass(self, worker, message)));
      }
      case WatchFar(SessionId session) -> watch(List.of(session));
      case Changed _ -> look();
      case Pulse.TICK -> tick();
      case Letter letter -> read(letter);
    }
  }

  private void read(Letter letter) {
    switch (letter) {
      case Letter.Here(long from, List<Place> places) -> note(from, places);
      case Letter.Noted(long by, List<Place> places) ->
          places.forEach(place -> notices.noted(by, place));
      case Letter.Over(List<Place> places) -> places.forEach(directory::over);
      case Letter.Superseded(List<SessionId> older) -> older.forEach(sessions::supersede);
      case Letter.Pass(long from, WorkerName worker, ToAgent message) ->
          pass(from, worker, message);
      case Letter.Hand(Place place, long home, ToAgent message) -> {
        if (!sessions.hand(place.worker(), message)) {
          post(home, new Letter.Over(List.of(place)));
        }
      }
      case Letter.Back(WorkerName worker) -> sessions.back(worker);
      case Letter.Watch(long from, List<SessionId> watched) -> watchedFrom(from, watched);
      case Letter.Gone(List<SessionId> gone) -> gone.forEach(sessions::gone);
    }
  }

  // The directory's part

  private void note(long from, List<Place> places) {
    Map<Long, List<SessionId>> superseded = new HashMap<>();
    for (Place place : places) {
      directory
          .note(place)
          .ifPresent(older ->
              SessionIds.node(older)
                  .ifPresent(
                      at -> superseded.computeIfAbsent(at, _ -> new ArrayList<>()).add(older)));
      directory.wantedBy(place.worker()).forEach(at -> post(at, new Letter.Back(place.worker())));
    }
    // The others are noted until the members are known better; whoever told us tells us again.
    List<Place> ours = places.stream().filter(place -> home(place.worker()) == self).toList();
    if (!ours.isEmpty()) {
      post(from, new Letter.Noted(self, ours));
    }
    superseded.forEach((at, older) -> post(at, new Letter.Superseded(older)));
  }

  private void pass(long from, WorkerName worker, ToAgent message) {
    var session = directory.find(worker);
    var node = session.map(SessionIds::node).orElse(OptionalLong.empty());
    if (node.isPresent() && desks.containsKey(node.getAsLong())) {
      post(
          node.getAsLong(),
          new Letter.Hand(new Place(worker, session.orElseThrow()), self, message));
    } else {
      directory.want(worker, from);
    }
  }

  // The part of a node with sessions

  private void welcomed(WorkerName worker, SessionId session) {
    notices.welcomed(new Place(worker, session), home(worker));
  }

  private void closed(Place place) {
    notices.closed(place).ifPresent(home -> post(home, new Letter.Over(List.of(place))));
    Set<Long> watchers = watchedBy.remove(place.session());
    if (watchers != null) {
      watchers.forEach(at -> post(at, new Letter.Gone(List.of(place.session()))));
    }
  }

  private void watchedFrom(long from, List<SessionId> watched) {
    List<SessionId> over = new ArrayList<>();
    for (SessionId session : watched) {
      if (sessions.isOpen(session)) {
        watchedBy.computeIfAbsent(session, _ -> new HashSet<>(2)).add(from);
      } else {
        over.add(session);
      }
    }
    if (!over.isEmpty()) {
      post(from, new Letter.Gone(over));
    }
  }

  /** Tells the directories what they have not noted, in pages. */
  private void tell() {
    notices
        .due(ticks)
        .forEach((home, places) -> paged(places, page -> new Letter.Here(self, page), home));
  }

  // The part of a node with entities

  private void watch(Collection<SessionId> watched) {
    Map<Long, List<SessionId>> byNode = new HashMap<>();
    for (SessionId session : watched) {
      long node = SessionIds.node(session).orElse(self);
      if (desks.containsKey(node)) {
        strange.remove(session);
        byNode.computeIfAbsent(node, _ -> new ArrayList<>()).add(session);
      } else {
        strange.putIfAbsent(session, ticks + STRANGE);
      }
    }
    byNode.forEach((node, all) -> paged(all, page -> new Letter.Watch(self, page), node));
  }

  private void tick() {
    ticks++;
    look();
    if (ticks % GENERATION == 0) {
      notices.again();
      sessions.forgetOldCallbacks();
      directory.forgetOldWants();
    }
    tell();
    if (ticks % LOOK_AFTER == 0) {
      watch(sessions.watchedFar());
    }
    if (!strange.isEmpty()) {
      watch(List.copyOf(strange.keySet()));
      strange
          .entrySet()
          .removeIf(e -> {
            if (ticks < e.getValue()) {
              return false;
            }
            sessions.gone(e.getKey());
            return true;
          });
    }
  }

  // Who is there

  private void look() {
    Map<Long, Member> members = new HashMap<>();
    Set<Long> up = new HashSet<>();
    for (Member member : cluster.state().getMembers()) {
      long node = member.uniqueAddress().longUid();
      if (!member.status().equals(MemberStatus.down())
          && !member.status().equals(MemberStatus.removed())) {
        members.put(node, member);
      }
      if (member.status().equals(MemberStatus.up())
          || member.status().equals(MemberStatus.weaklyUp())) {
        up.add(node);
      }
    }
    if (up.isEmpty()) {
      up.add(self);
    }
    Set<Long> left = new HashSet<>(desks.keySet());
    left.removeAll(members.keySet());
    left.remove(self);
    desks.put(self, getContext().getSelf());
    members.forEach((node, member) ->
        desks.computeIfAbsent(
            node, _ -> refs.resolveActorRef(member.address() + "/system/" + NAME)));
    if (!left.isEmpty()) {
      left(left);
    }
    if (!up.equals(homes)) {
      homes.clear();
      homes.addAll(up);
      rehome();
    }
  }

  private void left(Set<Long> nodes) {
    desks.keySet().removeAll(nodes);
    watchedBy.values().forEach(watchers -> watchers.removeAll(nodes));
    directory.keep(place -> !nodes.contains(SessionIds.node(place.session()).orElse(self)));
    for (SessionId session : sessions.watchedFar()) {
      if (nodes.contains(SessionIds.node(session).orElse(self))) {
        sessions.gone(session);
      }
    }
  }

  private void rehome() {
    directory.keep(place -> home(place.worker()) == self);
    notices.rehome(this::home);
    tell();
  }

  private long home(WorkerName worker) {
    return Directory.home(worker, homes).orElse(self);
  }

  private <T> void paged(List<T> all, Function<List<T>, Letter> letter, long to) {
    for (int i = 0; i < all.size(); i += PAGE) {
      post(to, letter.apply(List.copyOf(all.subList(i, Math.min(all.size(), i + PAGE)))));
    }
  }

  private void post(long to, Letter letter) {
    ActorRef<In> desk = desks.get(to);
    if (desk != null) {
      desk.tell(letter);
    }
  }
}
