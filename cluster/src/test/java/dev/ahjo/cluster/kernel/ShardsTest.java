package dev.ahjo.cluster.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.ConfigFactory;
import dev.ahjo.core.kernel.Duty;
import dev.ahjo.core.kernel.EntityRef;
import dev.ahjo.core.kernel.EntityType;
import dev.ahjo.core.port.Entities;
import dev.ahjo.core.port.Entities.Answer;
import java.time.Clock;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.cluster.typed.Cluster;
import org.apache.pekko.cluster.typed.Join;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** A cluster of one, with toys in its shards. */
class ShardsTest {
  private static final Surroundings.Pace HASTY =
      new Surroundings.Pace(
          Duration.ofMillis(200),
          Duration.ofSeconds(1),
          Duration.ofMillis(200),
          Duration.ofSeconds(1),
          Duration.ofMinutes(5),
          Duration.ofMillis(1),
          Duration.ofMillis(1),
          100,
          16);

  private static ActorSystem<Void> system;
  private static Entities entities;

  @BeforeAll
  static void start() throws Exception {
    system =
        ActorSystem.create(
            Behaviors.empty(),
            "ahjo",
            ConfigFactory.parseString(
                    """
                    pekko.persistence.journal.plugin = "pekko.persistence.journal.inmem"
                    pekko.persistence.snapshot-store.plugin = "memory-snapshots"
                    memory-snapshots.class = "dev.ahjo.cluster.kernel.MemorySnapshots"
                    """)
                .withFallback(ConfigFactory.load("ahjo-node")));
    Cluster cluster = Cluster.get(system);
    cluster.manager().tell(Join.create(cluster.selfMember().address()));
    Shards shards =
        Shards.start(
            system,
            Arrays.stream(EntityType.values()).map(Toy::new).toList(),
            new ToyFarm.HandAgents(),
            Clock.systemUTC(),
            () -> {},
            HASTY);
    entities = new ShardedEntities(system, shards);
    long begin = System.nanoTime();
    say(ToyFarm.pool("root"), new Toy.Note("first"));
    Duration took = Duration.ofNanos(System.nanoTime() - begin);
    assertThat(took).as("a quick start").isLessThan(Duration.ofSeconds(5));
  }

  @AfterAll
  static void stop() throws Exception {
    long begin = System.nanoTime();
    system.terminate();
    system.getWhenTerminated().toCompletableFuture().get(10, TimeUnit.SECONDS);
    Duration took = Duration.ofNanos(System.nanoTime() - begin);
    assertThat(took).as("a clean stop").isLessThan(Duration.ofSeconds(5));
  }

  @Test
  void anEntityAnswersAndShowsItsState() throws Exception {
    EntityRef ref = ToyFarm.request("answers");
    assertThat(say(ref, new Toy.Note("a"))).isEqualTo(new Answer.Done(true));
    assertThat(say(ref, new Toy.Note("a"))).isEqualTo(new Answer.Done(false));
    assertThat(say(ref, new Toy.Nonsense())).isInstanceOf(Answer.Refused.class);
    assertThat(state(ref).id()).isEqualTo("answers");
    assertThat(entities.tell(ref, new Toy.Stumble()).toCompletableFuture())
        .failsWithin(Duration.ofSeconds(5))
        .withThrowableThat()
        .withMessageContaining("stumbled on purpose");
  }

  @Test
  void oneOwesAnotherAcrossShardsAndBothRest() throws Exception {
    EntityRef giver = ToyFarm.buildset("giver");
    EntityRef taker = new EntityRef(EntityType.BUILD, "project/builder#17");
    Toy.Note gift = new Toy.Note("gift");
    say(giver, new Toy.Promise("gift", new Duty.Tell(taker, gift).onAnswer(new Toy.Finish())));
    await(giver, "finished", Toy.State::finished);
    assertThat(state(taker).notes()).containsExactly("gift");
  }

  @Test
  void thoseThatRestWakeForEachMailAndLoseNone() throws Exception {
    EntityRef ref = ToyFarm.buildset("sleepy");
    say(ref, new Toy.Finish());
    for (int i = 0; i < 300; i++) {
      say(ref, new Toy.Note("n" + i));
    }
    assertThat(state(ref).notes()).hasSize(300);
  }

  private interface Holds {
    boolean in(Toy.State state);
  }

  private static void await(EntityRef ref, String what, Holds holds) throws Exception {
    long deadline = System.nanoTime() + Duration.ofSeconds(10).toNanos();
    while (!holds.in(state(ref))) {
      assertThat(System.nanoTime()).as("deadline for " + what).isLessThan(deadline);
    }
  }

  private static Answer say(EntityRef to, dev.ahjo.core.kernel.Message message) throws Exception {
    return entities.tell(to, message).toCompletableFuture().get(15, TimeUnit.SECONDS);
  }

  private static Toy.State state(EntityRef of) throws Exception {
    return (Toy.State) entities.state(of).toCompletableFuture().get(15, TimeUnit.SECONDS);
  }
}
