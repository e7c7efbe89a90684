package dev.ahjo.persistence.farm;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.ConfigFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.cluster.typed.Cluster;
import org.apache.pekko.cluster.typed.Join;
import org.apache.pekko.cluster.typed.Leave;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Several nodes in one JVM, over remoting. */
@Tag("processes")
class PostTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private final List<ActorSystem<Void>> nodes = new ArrayList<>();
  private final BlockingQueue<String> taken = new LinkedBlockingQueue<>();
  private final BlockingQueue<String> given = new LinkedBlockingQueue<>();

  @AfterEach
  void end() throws Exception {
    nodes.forEach(ActorSystem::terminate);
    for (ActorSystem<Void> node : nodes) {
      node.getWhenTerminated().toCompletableFuture().get(60, TimeUnit.SECONDS);
    }
  }

  /** Joins the first, and returns once both see it up. */
  private ActorSystem<Void> node(String... roles) throws Exception {
    ActorSystem<Void> node =
        ActorSystem.create(
            Behaviors.empty(),
            "posts",
            ConfigFactory.parseString(
                    """
                    pekko {
                      loglevel = WARNING
                      stdout-loglevel = WARNING
                      actor.provider = cluster
                      remote.artery { transport = tcp, canonical { hostname = "127.0.0.1", port = 0 } }
                      cluster {
                        roles = [%s]
                        jmx.enabled = off
                        periodic-tasks-initial-delay = 50 ms
                        gossip-interval = 100 ms
                        leader-actions-interval = 100 ms
                      }
                    }
                    """
                        .formatted(String.join(",", roles)))
                .withFallback(ConfigFactory.load()));
    nodes.add(node);
    Cluster here = Cluster.get(node);
    Cluster first = Cluster.get(nodes.getFirst());
    here.manager().tell(Join.create(first.selfMember().address()));
    await("a node of " + List.of(roles), () -> up(here) == nodes.size() && up(first) == up(here));
    return node;
  }

  private static long up(Cluster seen) {
    int up = 0;
    for (var member : seen.state().getMembers()) {
      up += member.status().toString().equals("Up") ? 1 : 0;
    }
    return up;
  }

  private static void await(String what, Callable<Boolean> holds) throws Exception {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (!holds.call()) {
      assertThat(System.nanoTime()).as("deadline for " + what).isLessThan(deadline);
      new CompletableFuture<Void>().completeOnTimeout(null, 20, TimeUnit.MILLISECONDS).join();
    }
  }

  private Post<AutoCloseable> stand(ActorSystem<Void> node, String name) {
    var post = new Post<AutoCloseable>(node);
    post.stand(
        "ahjo-test",
        () -> {
          taken.add(name);
          return () -> given.add(name);
        });
    return post;
  }

  /** Looks twice, so far apart that a vacancy would be told. */
  private static boolean told(Post<?> post) {
    post.look(0);
    post.look(Vacancy.LONG.toNanos());
    return post.problem().isPresent();
  }

  @Test
  void thePostIsTheOldestEnginesWhoeverElseIsOlder() throws Exception {
    ActorSystem<Void> gate = node("gate", "web");
    Post<AutoCloseable> atGate = stand(gate, "gate");
    ActorSystem<Void> elder = node("engine", "gate");
    assertThat(Vacancy.ours(Cluster.get(elder), Post.ROLE)).isTrue();
    assertThat(told(new Post<>(elder))).as("ours, and nobody stands for it yet").isTrue();
    Post<AutoCloseable> atElder = stand(elder, "elder");
    ActorSystem<Void> younger = node("engine");
    Post<AutoCloseable> atYounger = stand(younger, "younger");

    assertThat(taken.poll(60, TimeUnit.SECONDS)).isEqualTo("elder");
    await("what is held", () -> atElder.held().isPresent());
    assertThat(List.of(told(atGate), told(atElder), told(atYounger))).containsOnly(false);

    Cluster.get(elder).manager().tell(new Leave(Cluster.get(elder).selfMember().address()));
    assertThat(given.poll(60, TimeUnit.SECONDS)).isEqualTo("elder");
    assertThat(taken.poll(60, TimeUnit.SECONDS)).isEqualTo("younger");
    await("what is held", () -> atYounger.held().isPresent());
    assertThat(atElder.held()).isEmpty();
    assertThat(atGate.held()).isEmpty();
    assertThat(told(atGate)).as("the gate is the oldest, and it is none of its business").isFalse();
  }
}
