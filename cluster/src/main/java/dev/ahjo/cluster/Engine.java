package dev.ahjo.cluster;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import dev.ahjo.cluster.kernel.Agents;
import dev.ahjo.cluster.kernel.ShardedEntities;
import dev.ahjo.cluster.kernel.Shards;
import dev.ahjo.cluster.kernel.Surroundings;
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
import java.io.IOException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.cluster.typed.Cluster;
import org.apache.pekko.cluster.typed.Join;
import org.apache.pekko.remote.RemoteTransportException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The inner actor system of a node, with the entities in it. */
final class Engine implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Engine.class);

  /** Longer than the phases of a coordinated shutdown together. */
  private static final Duration LONGEST_STOP = Duration.ofSeconds(20);

  private final ActorSystem<Void> system;
  private final Entities entities;

  private Engine(ActorSystem<Void> system, Entities entities) {
    this.system = system;
    this.entities = entities;
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
   * Starts it as a cluster of one, which is up soon after; what is said to entities before waits.
   *
   * @param journal where the entities are kept
   * @throws IOException when nothing can listen at that address
   */
  static Engine start(String host, int port, Config journal, Agents agents, InstantSource clock)
      throws IOException {
    Config config =
        ConfigFactory.parseMap(
                Map.of(
                    "pekko.remote.artery.canonical.hostname",
                    host,
                    "pekko.remote.artery.canonical.port",
                    port))
            .withFallback(journal)
            .withFallback(ConfigFactory.parseResources("ahjo-node.conf"))
            .withFallback(ConfigFactory.load())
            .resolve();
    ActorSystem<Void> system;
    try {
      system = ActorSystem.create(Behaviors.empty(), "ahjo", config);
    } catch (RemoteTransportException failed) {
      throw new IOException(
          "The node can't listen for other nodes on "
              + host
              + ":"
              + port
              + ": "
              + failed.getMessage(),
          failed);
    }
    Cluster cluster = Cluster.get(system);
    cluster.manager().tell(Join.create(cluster.selfMember().address()));
    Shards shards = Shards.start(system, kinds(), agents, clock, () -> {}, Surroundings.Pace.USUAL);
    return new Engine(system, new ShardedEntities(system, shards));
  }

  ActorSystem<Void> system() {
    return system;
  }

  Entities entities() {
    return entities;
  }

  /** Leaves the cluster and ends; what was journaled is kept. */
  @Override
  public void close() {
    system.terminate();
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
