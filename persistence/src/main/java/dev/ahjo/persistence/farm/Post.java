package dev.ahjo.persistence.farm;

import java.util.Optional;
import java.util.function.Supplier;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.DispatcherSelector;
import org.apache.pekko.cluster.typed.Cluster;
import org.apache.pekko.cluster.typed.ClusterSingleton;
import org.apache.pekko.cluster.typed.ClusterSingletonSettings;
import org.apache.pekko.cluster.typed.SingletonActor;
import org.jspecify.annotations.Nullable;

/**
 * What one node does for all. It is held by the oldest member that has entities: a node that only
 * lets workers in, or only shows pages, is to be lost without a loss to anybody else.
 *
 * @param <P> what its holder holds
 */
public final class Post<P extends AutoCloseable> {
  /** The role of nodes that have entities. */
  public static final String ROLE = "engine";

  private final ActorSystem<?> system;
  private final Cluster cluster;
  private final Vacancy vacancy = new Vacancy();
  private volatile @Nullable P held;

  /** Nobody's, until somebody stands for it. */
  public Post(ActorSystem<?> system) {
    this.system = system;
    this.cluster = Cluster.get(system);
  }

  /**
   * Stands for it from now on, if this node may. Once.
   *
   * @param name the same on all nodes
   * @param take makes what is held, on a thread that may wait; if it fails it is tried again
   */
  public void stand(String name, Supplier<P> take) {
    ClusterSingleton.get(system)
        .init(
            SingletonActor.of(Keeper.of(take, taken -> held = taken.orElse(null)), name)
                .withSettings(ClusterSingletonSettings.create(system).withRole(ROLE))
                .withProps(DispatcherSelector.blocking()));
  }

  /** What this node holds, if the post is its own. */
  public Optional<P> held() {
    return Optional.ofNullable(held);
  }

  /**
   * Looks whether somebody holds it.
   *
   * @param nanos the time, of {@link System#nanoTime}
   */
  public void look(long nanos) {
    vacancy.look(Vacancy.ours(cluster, ROLE), held != null, nanos);
  }

  /** What is wrong, once it has been for long: this node is to hold it, and does not. */
  public Optional<String> problem() {
    return vacancy.problem();
  }
}
