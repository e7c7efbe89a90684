package dev.ahjo.cluster.kernel;

import dev.ahjo.core.kernel.Entity;
import dev.ahjo.core.kernel.EntityRef;
import dev.ahjo.core.kernel.EntityType;
import java.time.InstantSource;
import java.util.Collection;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.stream.StreamSupport;
import org.apache.pekko.Done;
import org.apache.pekko.actor.CoordinatedShutdown;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.cluster.sharding.typed.ClusterShardingSettings;
import org.apache.pekko.cluster.sharding.typed.HashCodeMessageExtractor;
import org.apache.pekko.cluster.sharding.typed.ShardingEnvelope;
import org.apache.pekko.cluster.sharding.typed.javadsl.ClusterSharding;
import org.apache.pekko.cluster.sharding.typed.javadsl.EntityContext;
import org.apache.pekko.cluster.sharding.typed.javadsl.EntityTypeKey;
import org.apache.pekko.cluster.typed.Cluster;

/**
 * Spreads the entities over the nodes, one sharded type for each kind. Roots are remembered: they
 * wake by themselves after a restart and then wake, by what they owe, the entities that they hold.
 */
public final class Shards implements Mailboxes {
  private static final int SHARDS_OF_ROOTS = 20;
  private static final int SHARDS_OF_HELD = 100;

  private final Map<EntityType, ActorRef<ShardingEnvelope<Mail>>> regions =
      new EnumMap<>(EntityType.class);

  private final Cluster cluster;
  private volatile boolean leaving;

  private Shards(ActorSystem<?> system) {
    cluster = Cluster.get(system);
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
    Shards shards = new Shards(system);
    Surroundings around = new Surroundings(shards, agents, clock, System::nanoTime, persisted, pace);
    entities.forEach(entity -> shards.open(system, entity, around));
    return shards;
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
