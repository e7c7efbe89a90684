package dev.ahjo.cluster.worker;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.ConfigFactory;
import dev.ahjo.core.id.BuildKey;
import dev.ahjo.core.id.PoolName;
import dev.ahjo.core.id.WorkerName;
import dev.ahjo.core.worker.Protocol;
import dev.ahjo.core.worker.Protocol.ToAgent;
import dev.ahjo.core.worker.Protocol.ToGate;
import dev.ahjo.wire.ProtocolCodec;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.pekko.actor.AbstractActor;
import org.apache.pekko.actor.ActorRef;
import org.apache.pekko.actor.ActorSelection;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.actor.Props;

/** An agent's end of the line, over real remoting, that says what the test tells it to. */
public final class HandAgent implements AutoCloseable {
  private final ActorSystem system;
  private final ActorSelection gate;
  private final LinkedBlockingQueue<ToAgent> heard = new LinkedBlockingQueue<>();
  private final AtomicBoolean waits = new AtomicBoolean();
  private ActorRef me;

  public HandAgent(String gateAddress) {
    system =
        ActorSystem.create(
            "agent",
            ConfigFactory.parseString(
                    """
                    pekko.remote.artery.canonical { hostname = "127.0.0.1", port = 0 }
                    """)
                .withFallback(ConfigFactory.load("ahjo-gate")));
    gate = system.actorSelection(gateAddress.replace("pekko://", "pekko://gate@") + "/user/gate");
    me = ear("agent");
  }

  /** A new actor to hear with, as an agent that was started anew has. */
  public void reborn() {
    me = ear("reborn" + System.nanoTime());
  }

  private ActorRef ear(String name) {
    return system.actorOf(Props.create(Ear.class, () -> new Ear(heard, waits)), name);
  }

  public static Protocol.Hello hello(String name, String instance, BuildKey... holds) {
    return hello(
        name,
        instance,
        Arrays.stream(holds).map(b -> new Protocol.Held(b, GateTest.attempt(b), 0)).toList());
  }

  public static Protocol.Hello hello(String name, String instance, List<Protocol.Held> holds) {
    return new Protocol.Hello(
        Protocol.VERSION,
        new WorkerName(name),
        instance,
        "secret",
        2,
        Set.of("debian"),
        new PoolName("default"),
        holds,
        Map.of("os", "linux"));
  }

  public Protocol.Welcome joins(String name, String instance, BuildKey... holds) throws Exception {
    says(hello(name, instance, holds));
    return hears(Protocol.Welcome.class);
  }

  public void says(ToGate message) {
    if (message instanceof Protocol.Hello) {
      waits.set(true);
    }
    says(bytes(message));
  }

  /** A Hello that was held up on its way, while the agent found another gate. */
  public void saidLongAgo(Protocol.Hello hello) {
    says(bytes(hello));
  }

  /** Says it again and again until it is answered, as agents do. */
  public <M extends ToAgent> M saysUntil(Class<M> answer, ToGate message)
      throws InterruptedException {
    for (int i = 0; i < 100; i++) {
      says(message);
      ToAgent came = heard.poll(100, TimeUnit.MILLISECONDS);
      if (answer.isInstance(came)) {
        return answer.cast(came);
      }
    }
    throw new AssertionError("No " + answer.getSimpleName() + " answers " + message);
  }

  void says(byte[] bytes) {
    gate.tell(bytes, me);
  }

  /** Says it in the name of another agent's actor, as far as that can be known from outside. */
  void forges(ToGate message, HandAgent victim) {
    String path = victim.me.path().toStringWithoutAddress().replaceAll("#.*", "");
    ActorRef pretended =
        system.provider().resolveActorRef(victim.system.provider().getDefaultAddress() + path);
    gate.tell(bytes(message), pretended);
    // And in the name of the gate itself, and of no one.
    gate.tell(
        bytes(message),
        system.provider().resolveActorRef(gate.anchorPath().address() + "/user/gate"));
    gate.tell(bytes(message), ActorRef.noSender());
  }

  private static byte[] bytes(ToGate message) {
    return ProtocolCodec.encode(message);
  }

  /** The next message of this kind; pings and others before it are passed over. */
  public <M extends ToAgent> M hears(Class<M> kind) throws InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
    while (true) {
      ToAgent message = heard.poll(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
      assertThat(message).as("a " + kind.getSimpleName()).isNotNull();
      if (kind.isInstance(message)) {
        return kind.cast(message);
      }
    }
  }

  /** All that came and was not yet asked for. */
  public List<ToAgent> heard() {
    return List.copyOf(heard);
  }

  @Override
  public void close() throws Exception {
    system.terminate();
    system.getWhenTerminated().toCompletableFuture().get(10, TimeUnit.SECONDS);
  }

  private static final class Ear extends AbstractActor {
    private final LinkedBlockingQueue<ToAgent> heard;
    private final AtomicBoolean waits;

    Ear(LinkedBlockingQueue<ToAgent> heard, AtomicBoolean waits) {
      this.heard = heard;
      this.waits = waits;
    }

    @Override
    public Receive createReceive() {
      return receiveBuilder().match(byte[].class, this::hear).build();
    }

    /** Who waits for a welcome says that he does. */
    private void hear(byte[] bytes) throws IOException {
      ToAgent message = ProtocolCodec.toAgent(bytes);
      if (message instanceof Protocol.Welcome) {
        waits.set(false);
      } else if (message instanceof Protocol.Ping && waits.get()) {
        getSender().tell(bytes(new Protocol.Ping()), getSelf());
      }
      heard.add(message);
    }
  }
}
