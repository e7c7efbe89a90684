package dev.ahjo.worker;

import com.typesafe.config.ConfigFactory;
import dev.ahjo.core.worker.Protocol.Rejected;
import dev.ahjo.wire.ProtocolCodec;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.actor.AbstractActor;
import org.apache.pekko.actor.ActorRef;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.actor.Props;

/** The door of a {@link FakeGate} for agents that come over remoting. */
final class RemotingGate implements AutoCloseable {
  private final ActorSystem system;
  private final int port;
  private volatile String turnedAway = "";
  private volatile long heardAt;

  /** Opens at a port, or at one that the system chooses for 0. */
  RemotingGate(FakeGate gate, int port) {
    system =
        ActorSystem.create(
            "gate",
            ConfigFactory.parseString(
                    """
                    pekko.loglevel = WARNING
                    pekko.log-dead-letters = off
                    pekko.actor.provider = remote
                    pekko.actor.allow-java-serialization = off
                    pekko.remote.artery {
                      transport = tcp
                      canonical.hostname = "127.0.0.1"
                      canonical.port = %d
                      untrusted-mode = on
                      trusted-selection-paths = ["/user/gate"]
                      advanced.maximum-frame-size = 512 KiB
                    }
                    """
                        .formatted(port))
                .withFallback(ConfigFactory.defaultReference())
                .resolve());
    this.port = (Integer) system.provider().getDefaultAddress().port().get();
    system.actorOf(Props.create(Door.class, () -> new Door(gate, this)), "gate");
  }

  int port() {
    return port;
  }

  /** When an agent last said something here. */
  long heardLast() {
    return heardAt;
  }

  /** Sends agents elsewhere, whatever they say; lets them in again without a reason. */
  void turnAway(String why) {
    turnedAway = why;
  }

  @Override
  public void close() throws Exception {
    system.terminate();
    system.getWhenTerminated().toCompletableFuture().get(20, TimeUnit.SECONDS);
  }

  private static final class Door extends AbstractActor {
    private final FakeGate gate;
    private final RemotingGate settings;

    Door(FakeGate gate, RemotingGate settings) {
      this.gate = gate;
      this.settings = settings;
    }

    @Override
    public Receive createReceive() {
      return receiveBuilder()
          .match(
              byte[].class,
              bytes -> {
                ActorRef agent = getSender();
                settings.heardAt = System.nanoTime();
                if (!settings.turnedAway.isEmpty()) {
                  agent.tell(
                      ProtocolCodec.encode(new Rejected(settings.turnedAway, true)), getSelf());
                  return;
                }
                gate.hear(
                    ProtocolCodec.toGate(bytes),
                    answer -> agent.tell(ProtocolCodec.encode(answer), getSelf()));
              })
          .build();
    }
  }
}
