package dev.ahjo.cluster;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import dev.ahjo.cluster.kernel.Agents;
import dev.ahjo.cluster.kernel.Pulse;
import dev.ahjo.cluster.kernel.ShardedEntities;
import dev.ahjo.cluster.kernel.Shards;
import dev.ahjo.cluster.kernel.Surroundings;
import dev.ahjo.cluster.membership.MastersTls;
import dev.ahjo.cluster.membership.Membership;
import dev.ahjo.cluster.membership.Seeds;
import dev.ahjo.core.build.Build;
import dev.ahjo.core.builder.Builder;
import dev.ahjo.core.buildset.Buildset;
import dev.ahjo.core.kernel.Entity;
import dev.ahjo.core.lock.Lock;
import dev.ahjo.core.pool.Pool;
import dev.ahjo.core.port.Entities;
import dev.ahjo.core.project.Project;
import dev.ahjo.core.request.BuildRequest;
import dev.ahjo.core.worker.Worker;
import dev.ahjo.wire.tls.TlsFiles;
import java.io.IOException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.apache.pekko.actor.CoordinatedShutdown;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.remote.RemoteTransportException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The inner actor system of a node, with the entities in it. */
final class Engine implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Engine.class);

  /** Longer than the phases of a coordinated shutdown together. */
  private static final Duration LONGEST_STOP = Duration.ofSeconds(28);

  /** Less than the others take to begin a node's entities elsewhere: see ahjo-node.conf. */
  private static final Duration STILL = Duration.ofSeconds(6);

  private final ActorSystem<Void> system;
  private final Entities entities;
  private final Membership membership;
  private final Shards shards;
  private final Runnable joining;
  private final Supplier<Optional<String>> namesake;

  private Engine(
      ActorSystem<Void> system,
      Shards shards,
      Membership membership,
      Runnable joining,
      Supplier<Optional<String>> namesake) {
    this.system = system;
    this.shards = shards;
    this.entities = new ShardedEntities(system, shards);
    this.membership = membership;
    this.joining = joining;
    this.namesake = namesake;
  }

  /**
   * Where and as what a node stands among others.
   *
   * @param host the address to bind
   * @param port 0 for any that is free, where nobody else must know it
   * @param advertise the address that other nodes know it by
   * @param roles of {@code engine}, {@code gate}, {@code web}; entities live on engines alone
   * @param tls between masters, if others can reach the address
   */
  record Place(
      String name,
      String host,
      int port,
      String advertise,
      Set<String> roles,
      Seeds seeds,
      Optional<TlsFiles> tls) {
    /** A node that is alone, on the loopback. */
    static Place alone() {
      return new Place(
          "local",
          "127.0.0.1",
          0,
          "127.0.0.1",
          Set.of("engine", "gate", "web"),
          new Seeds.Alone(),
          Optional.empty());
    }
  }

  /** Every kind of entity that has a journal. */
  static List<Entity<?, ?, ?>> kinds() {
    return List.of(
        new Project(),
        new Buildset(),
        new BuildRequest(),
        new Builder(),
        new Lock(),
        new Pool(),
        new Build(),
        new Worker());
  }

  /**
   * Starts it; what is said to entities before it has joined a cluster waits.
   *
   * @param journal where the entities are kept
   * @param lost run, in no thread of its own, when the others have taken this node out of the
   *     cluster or it can't be one of them: the process must be started again
   * @throws IOException when nothing can listen at that address, or a file of TLS can't be used
   */
  static Engine start(
      Place place, Config journal, Agents agents, InstantSource clock, Runnable lost)
      throws IOException {
    Config config = settings(place).withFallback(journal);
    config =
        config
            .withFallback(ConfigFactory.parseResources("ahjo-node.conf"))
            .withFallback(ConfigFactory.load())
            .resolve();
    ActorSystem<Void> system;
    try {
      system = ActorSystem.create(Behaviors.empty(), "ahjo", config);
    } catch (RemoteTransportException failed) {
      throw new IOException(
          "The node can't listen for other nodes on "
              + place.host()
              + ":"
              + place.port()
              + ": "
              + failed.getMessage(),
          failed);
    }
    Membership membership = new Membership(system);
    // Ended by itself and not by close(): it was downed, or could not go on as a member.
    system.getWhenTerminated().thenRun(lost);
    Pulse pulse = place.seeds() instanceof Seeds.Alone ? Pulse.NONE : Pulse.start(STILL, lost);
    system.getWhenTerminated().thenRun(pulse::close);
    Shards shards =
        Shards.start(
            system,
            kinds(),
            agents,
            clock,
            () -> {},
            Surroundings.Pace.USUAL,
            pulse,
            membership::unheard);
    return new Engine(
        system,
        shards,
        membership,
        () -> membership.begin(place.seeds(), lost),
        () -> membership.namesake(place.name(), place.seeds(), lost));
  }

  /**
   * Where a live node with this one's name is, if there is one; to be asked once, before anything
   * that a node's name stands for is touched.
   */
  Optional<String> namesake() {
    return namesake.get();
  }

  /**
   * Begins to look for the cluster, once. As soon as it is found, the others hand over entities,
   * and whoever needs these waits until this node is fit for them.
   */
  void join() {
    joining.run();
  }

  /** Whether it has begun to end: by itself, since nobody closes it before the node has started. */
  boolean ending() {
    return CoordinatedShutdown.get(system).getShutdownReason().isPresent()
        || system.getWhenTerminated().toCompletableFuture().isDone();
  }

  private static Config settings(Place place) throws IOException {
    List<String> roles = new ArrayList<>(place.roles());
    roles.add(Membership.NAMED + place.name());
    if (place.roles().contains("engine")) {
      roles.add(Membership.ELECTOR);
    }
    Config config =
        ConfigFactory.parseMap(
            Map.of(
                "pekko.remote.artery.canonical.hostname",
                place.advertise(),
                "pekko.remote.artery.canonical.port",
                place.port(),
                "pekko.remote.artery.bind.hostname",
                place.host(),
                "pekko.cluster.roles",
                roles,
                // A node that formed a cluster and was then cut off must not begin to work alone.
                // Engines are counted: gates alone would make up the number beside a lone seed.
                // Under a role of its own, for sharding would wait for as many of its role
                // whenever its coordinator moves.
                "pekko.cluster.role." + Membership.ELECTOR + ".min-nr-of-members",
                place.seeds().quorum(),
                "pekko.cluster.app-version",
                Self.VERSION));
    return place.tls().isPresent()
        ? MastersTls.config(place.tls().get()).withFallback(config)
        : config;
  }

  ActorSystem<Void> system() {
    return system;
  }

  Entities entities() {
    return entities;
  }

  /** Entities that are awake on this node. */
  int awake() {
    return shards.count();
  }

  /** Entities that could not be woken on this node, for a damaged record of each. */
  int unreadable() {
    return shards.unreadable();
  }

  Membership membership() {
    return membership;
  }

  /** Leaves the cluster and ends; what was journaled is kept. */
  @Override
  public void close() {
    CoordinatedShutdown.get(system).runAll(CoordinatedShutdown.actorSystemTerminateReason());
    try {
      system
          .getWhenTerminated()
          .toCompletableFuture()
          .get(LONGEST_STOP.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException | ExecutionException late) {
      LOG.error("The node's actor system did not end in time", late);
    } catch (InterruptedException stop) {
      Thread.currentThread().interrupt();
    }
  }
}
