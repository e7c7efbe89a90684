package dev.ahjo.persistence.farm;

import dev.ahjo.core.id.BuildKey;
import dev.ahjo.core.log.StreamKey;
import dev.ahjo.core.port.StreamStore.Subscription;
import dev.ahjo.persistence.log.Followers;
import dev.ahjo.persistence.log.Growth;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.Props;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.pubsub.Topic;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Carries {@link Signal}s between the nodes of a farm. */
public final class Signals implements Growth {
  private static final Logger LOG = LoggerFactory.getLogger(Signals.class);

  /** Nodes that store much tell it once in this time. */
  private static final Duration GATHER = Duration.ofMillis(3);

  private final ActorSystem<?> system;
  private final ActorRef<Topic.Command<Signal>> topic;
  private final Followers followers = new Followers();
  private final AtomicBoolean telling = new AtomicBoolean();

  private Signals(ActorSystem<?> system) {
    this.system = system;
    this.topic =
        system.systemActorOf(
            Topic.create(Signal.class, "ahjo-storage"), "ahjo-storage-signals", Props.empty());
  }

  /**
   * Begins to listen.
   *
   * @param hear called with each signal, from this node and others; must be quick
   */
  public static Signals open(ActorSystem<?> system, Consumer<Signal> hear) {
    var signals = new Signals(system);
    ActorRef<Signal> ear =
        system.systemActorOf(
            Behaviors.<Signal>receiveMessage(signal -> {
              if (signal instanceof Signal.StreamGrown(String stream)) {
                signals.heard(stream);
              } else {
                hear.accept(signal);
              }
              return Behaviors.same();
            }),
            "ahjo-storage-ear",
            Props.empty());
    signals.topic.tell(Topic.subscribe(ear));
    return signals;
  }

  /** Tells all nodes, this one as well. */
  public void publish(Signal signal) {
    topic.tell(Topic.publish(signal));
  }

  /** There is something new: told soon, and once for many, in the words of that moment. */
  public void soon(Supplier<Signal> news) {
    if (telling.compareAndSet(false, true)) {
      var unused =
          system
              .scheduler()
              .scheduleOnce(
                  GATHER,
                  () -> {
                    telling.set(false);
                    publish(news.get());
                  },
                  system.executionContext());
    }
  }

  @Override
  public void grown(StreamKey stream) {
    followers.grown(stream);
    publish(
        new Signal.StreamGrown(
            stream.build()
                + "\n"
                + stream.step()
                + "\n"
                + stream.kind().name()
                + "\n"
                + stream.name()));
  }

  @Override
  public Subscription follow(StreamKey stream, Runnable grown) {
    return followers.follow(stream, grown);
  }

  private void heard(String stream) {
    String[] parts = stream.split("\n", 4);
    try {
      followers.grown(
          new StreamKey(
              BuildKey.parse(parts[0]),
              Integer.parseInt(parts[1]),
              StreamKey.Kind.valueOf(parts[2]),
              parts[3]));
    } catch (IllegalArgumentException | ArrayIndexOutOfBoundsException unknown) {
      LOG.warn("Expected the name of a stream, but found '{}'", stream);
    }
  }
}
