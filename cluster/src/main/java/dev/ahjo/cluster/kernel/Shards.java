package dev.ahjo.cluster.kernel;

import dev.ahjo.core.kernel.Entity;
import dev.ahjo.core.kernel.EntityRef;
import dev.ahjo.core.kernel.EntityType;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Collection;
import java.util.EnumMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.stream.StreamSupport;
import org.apache.pekko.Done;
import org.apache.pekko.actor.CoordinatedShutdown;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.Props;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.cluster.ClusterEvent;
import org.apache.pekko.cluster.Member;
import org.apache.pekko.cluster.MemberStatus;
import org.apache.pekko.cluster.sharding.typed.ClusterShardingSettings;
import org.apache.pekko.cluster.sharding.typed.HashCodeMessageExtractor;
import org.apache.pekko.cluster.sharding.typed.ShardingEnvelope;
import org.apache.pekko.cluster.sharding.typed.javadsl.ClusterSharding;
import org.apache.pekko.cluster.sharding.typed.javadsl.EntityContext;
import org.apache.pekko.cluster.sharding.typed.javadsl.EntityTypeKey;
import org.apache.pekko.cluster.typed.Cluster;
import org.apache.pekko.cluster.typed.Subscribe;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Spreads the entities over the nodes, one sharded type for each kind. Roots are remembered: they
 * wake by themselves after a restart and then wake, by what they owe, the entities that they hold.
 */
public final class Shards implements Mailboxes {
  private static final Logger LOG = LoggerFactory.getLogger(Shards.class);

  // Divisible by two, three, five and six: whole shards are what nodes share.
  private static final int SHARDS_OF_ROOTS = 30;
  private static final int SHARDS_OF_HELD = 60;

  private final Map<EntityType, ActorRef<ShardingEnvelope<Mail>>> regions =
      new EnumMap<>(EntityType.class);

  /**
   * How long after a change of the nodes mail may be lost: to one that is gone, or as shards move,
   * which goes on for a quarter of a minute and for longer under load.
   */
  private static final long UNSETTLED = Duration.ofSeconds(60).toNanos();

  private final Set<ActorRef<Mail>> awake = ConcurrentHashMap.newKeySet();
  private final Set<EntityRef> unreadable = ConcurrentHashMap.newKeySet();
  private final Cluster cluster;
  private volatile long changedAt = System.nanoTime() - UNSETTLED;
  private final Pulse pulse;
  private final BooleanSupplier unheard;
  private volatile boolean leaving;
  private volatile boolean downed;

  private Shards(ActorSystem<?> system, Pulse pulse, BooleanSupplier unheard) {
    this.pulse = pulse;
    this.unheard = unheard;
    cluster = Cluster.get(system);
    var unused = system.systemActorOf(watch(), "ahjo-losses", Props.empty());
    CoordinatedShutdown.get(system)
        .addTask(
            CoordinatedShutdown.PhaseBeforeClusterShutdown(),
            "last-mail",
            () -> {
              leaving = true;
              return CompletableFuture.completedFuture(Done.getInstance());
            });
  }

  /**
   * Starts the shards of these kinds on this node. Before its first mail arrives a node of the
   * cluster must be up.
   *
   * @param persisted run after every row journaled on this node; must not block
   */
  public static Shards start(
      ActorSystem<?> system,
      Collection<? extends Entity<?, ?, ?>> entities,
      Agents agents,
      InstantSource clock,
      Runnable persisted,
      Surroundings.Pace pace) {
    return start(system, entities, agents, clock, persisted, pace, Pulse.NONE, () -> false);
  }

  /**
   * As above, among other nodes.
   *
   * @param pulse tells when this node was silent for so long that others may have taken over
   * @param unheard tells when so few others hear this node that they may be about to
   */
  public static Shards start(
      ActorSystem<?> system,
      Collection<? extends Entity<?, ?, ?>> entities,
      Agents agents,
      InstantSource clock,
      Runnable persisted,
      Surroundings.Pace pace,
      Pulse pulse,
      BooleanSupplier unheard) {
    Shards shards = new Shards(system, pulse, unheard);
    Surroundings around =
        new Surroundings(shards, agents, clock, System::nanoTime, persisted, pace);
    entities.forEach(entity -> shards.open(system, entity, around));
    return shards;
  }

  /**
   * Hears of nodes that are gone, whose entities have to be woken elsewhere: lost ones said nothing
   * to anybody, and one that left may have run out of time for it.
   */
  private Behavior<ClusterEvent.ClusterDomainEvent> watch() {
    return Behaviors.setup(context -> {
      cluster
          .subscriptions()
          .tell(Subscribe.create(context.getSelf(), ClusterEvent.ClusterDomainEvent.class));
      return Behaviors.receiveMessage(event -> {
        if ((event instanceof ClusterEvent.MemberEvent of && !isSelf(of.member()))
            || event instanceof ClusterEvent.ReachabilityEvent) {
          changedAt = System.nanoTime();
        }
        if (event instanceof ClusterEvent.MemberDowned gone && isSelf(gone.member())) {
          downed = true;
        }
        if (event instanceof ClusterEvent.MemberRemoved removed && !isSelf(removed.member())) {
          LOG.info(
              "{} {}; {} entities here say again what they owe",
              removed.member().address(),
              removed.previousStatus() == MemberStatus.down() ? "was lost" : "has left",
              awake.size());
          awake.forEach(entity -> entity.tell(Mail.Signal.RETOUCH));
        }
        return Behaviors.same();
      });
    });
  }

  private boolean isSelf(Member member) {
    return member.uniqueAddress().equals(cluster.selfMember().uniqueAddress());
  }

  @Override
  public boolean fenced() {
    return downed || pulse.missed();
  }

  @Override
  public boolean unheard() {
    return unheard.getAsBoolean();
  }

  @Override
  public boolean unsettled() {
    return System.nanoTime() - changedAt < UNSETTLED;
  }

  /**
   * Whether this node is one of several and not up among them: what is asked of entities here may
   * wait for long, and another node knows the answer.
   */
  boolean apart() {
    return pulse != Pulse.NONE && !cluster.selfMember().status().equals(MemberStatus.up());
  }

  @Override
  public void awake(ActorRef<Mail> self) {
    awake.add(self);
  }

  @Override
  public void rested(ActorRef<Mail> self) {
    awake.remove(self);
  }

  @Override
  public void unreadable(EntityRef entity) {
    unreadable.add(entity);
  }

  @Override
  public void readable(EntityRef entity) {
    unreadable.remove(entity);
  }

  /** Entities that could not be woken on this node, for a damaged record of each. */
  public int unreadable() {
    return unreadable.size();
  }

  /** Entities that are awake on this node. */
  public int count() {
    return awake.size();
  }

  private void open(ActorSystem<?> system, Entity<?, ?, ?> entity, Surroundings around) {
    EntityType type = entity.type();
    EntityTypeKey<Mail> key = EntityTypeKey.create(Mail.class, type.label());
    regions.put(
        type,
        ClusterSharding.get(system)
            .init(
                org.apache.pekko.cluster.sharding.typed.javadsl.Entity.of(
                        key,
                        context ->
                            EntityActor.of(
                                entity, context.getEntityId(), around, passivation(context)))
                    .withStopMessage(Mail.Signal.STOP)
                    .withMessageExtractor(
                        new HashCodeMessageExtractor<>(
                            type.root() ? SHARDS_OF_ROOTS : SHARDS_OF_HELD))
                    .withSettings(
                        ClusterShardingSettings.create(system)
                            .withRememberEntities(type.root())
                            .withNoPassivationStrategy())));
  }

  private static Consumer<ActorRef<Mail>> passivation(EntityContext<Mail> context) {
    return self -> context.getShard().tell(new ClusterSharding.Passivate<>(self));
  }

  @Override
  public void post(EntityRef to, Mail mail) {
    if (!leaving || !last()) {
      region(to.type()).tell(new ShardingEnvelope<>(to.id(), mail));
    }
  }

  /** Whether mail has nowhere to go once this node has left: its shards would wait for a home. */
  private boolean last() {
    return StreamSupport.stream(cluster.state().getMembers().spliterator(), false).count() <= 1;
  }

  ActorRef<ShardingEnvelope<Mail>> region(EntityType type) {
    ActorRef<ShardingEnvelope<Mail>> region = regions.get(type);
    if (region == null) {
      throw new IllegalStateException("No shards were started for " + type.label());
    }
    return region;
  }
}
