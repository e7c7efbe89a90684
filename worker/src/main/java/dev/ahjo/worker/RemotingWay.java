package dev.ahjo.worker;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import dev.ahjo.core.worker.Protocol.ToAgent;
import dev.ahjo.core.worker.Protocol.ToGate;
import dev.ahjo.wire.ProtocolCodec;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.apache.pekko.actor.AbstractActor;
import org.apache.pekko.actor.ActorRef;
import org.apache.pekko.actor.ActorSelection;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.actor.Address;
import org.apache.pekko.actor.PoisonPill;
import org.apache.pekko.actor.Props;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Over Artery TCP to {@code pekko://gate@HOST:PORT/user/gate}. What travels is plain bytes; no
 * other class can be sent to either side. Each session has an actor of its own with a name that
 * nobody can guess: only the gate learns where to answer, and what a gate still says to an earlier
 * session reaches nobody.
 */
final class RemotingWay implements Way {
  private static final Logger LOG = LoggerFactory.getLogger(RemotingWay.class);

  /**
   * Tries without any answer after which the actor system is made anew: a gate that has quarantined
   * this one would never hear it again.
   */
  static final int FRESH_AFTER = 25;

  /** How long a machine that is there takes to say that nobody listens. */
  private static final Duration PROBE = Duration.ofSeconds(2);

  private static final int DEFAULT_PORT = 8011;

  private final Config config;
  private final Ear ear;
  private final AtomicBoolean probing = new AtomicBoolean();
  private final boolean tls;
  private final Bind bind;
  private final Duration silence;
  private final Map<URI, GateNames> gates = new HashMap<>();
  private @Nullable Wire wire;
  private ActorSystem system;
  private boolean ending;
  private volatile int unheard;

  private record Wire(URI address, GateNames names, ActorSelection gate, ActorRef session) {}

  /**
   * @throws IOException when a certificate can't be read
   */
  RemotingWay(AgentSettings settings, Ear ear) throws IOException {
    this.ear = ear;
    tls = settings.tls().identity().isPresent();
    bind = settings.bind();
    silence = settings.timing().silence();
    config = config(settings);
    system = ActorSystem.create("agent", config);
  }

  private static Config config(AgentSettings settings) throws IOException {
    Config tls = ConfigFactory.empty();
    if (settings.tls().identity().isPresent()) {
      Set<String> hosts =
          settings.gates().stream()
              .map(gate -> gate.getHost().replaceAll("[\\[\\]]", ""))
              .collect(Collectors.toSet());
      tls = GateTls.config(settings.tls().identity().get(), hosts);
    }
    return tls.withFallback(plain(settings));
  }

  private static Config plain(AgentSettings settings) {
    return ConfigFactory.parseMap(
            Map.of(
                "pekko.remote.artery.canonical.hostname",
                settings.bind().host(),
                "pekko.remote.artery.canonical.port",
                settings.bind().port()))
        .withFallback(ConfigFactory.parseResources(RemotingWay.class, "agent.conf"))
        .withFallback(ConfigFactory.defaultReference())
        .resolve();
  }

  @Override
  public synchronized void dial(URI address) {
    hangUp();
    if (++unheard > FRESH_AFTER) {
      unheard = 0;
      renew();
    }
    if (!open()) {
      return;
    }
    long now = System.nanoTime();
    GateNames names = gates.computeIfAbsent(address, at -> new GateNames(at.getHost(), silence));
    String name = names.next(now);
    Address gate = new Address("pekko", "gate", name, port(address));
    Consumer<ToAgent> to =
        message -> {
          unheard = 0;
          answered(names, name);
          ear.heard(message);
        };
    wire =
        new Wire(
            address,
            names,
            system.actorSelection(gate + "/user/gate"),
            system.actorOf(
                Props.create(Session.class, () -> new Session(gate, to)),
                "session-" + UUID.randomUUID()));
    if (names.wantsMore()) {
      Thread.ofVirtual().name("names").start(() -> learn(names, GateNames.look(names.told())));
    } else if (names.atAnEnd(now)) {
      probe();
    }
  }

  /**
   * At any port, the old one stays if there can't be another now: its address may be away for a
   * while. At a port that people chose there is no other until the old one has ended.
   */
  private void renew() {
    ActorSystem old = system;
    if (bind.port() != 0 || reopen()) {
      old.terminate();
      ending = old == system;
    }
  }

  /** Whether there is one to speak with; until then nothing is said, and the next try asks. */
  private boolean open() {
    if (ending && system.getWhenTerminated().toCompletableFuture().isDone() && reopen()) {
      ending = false;
    }
    return !ending;
  }

  private boolean reopen() {
    try {
      system = ActorSystem.create("agent", config);
      return true;
    } catch (Exception notNow) { // Pekko throws what its transports throw, declared or not
      ear.broken("the worker's own port can't be opened: " + notNow.getMessage());
      return false;
    }
  }

  /** Where the gate dials back, as far as people know it. */
  private String wayBack() {
    return bind.port() == 0
        ? "any port of " + bind.host() + " (--bind HOST:PORT makes it one)"
        : bind.toString();
  }

  private synchronized void answered(GateNames names, String name) {
    names.answered(name);
  }

  private synchronized void learn(GateNames names, List<String> found) {
    names.learn(found);
  }

  private static int port(URI address) {
    return address.getPort() < 0 ? DEFAULT_PORT : address.getPort();
  }

  @Override
  public synchronized void hangUp() {
    if (wire != null) {
      wire.session().tell(PoisonPill.getInstance(), ActorRef.noSender());
      wire = null;
    }
  }

  @Override
  public Duration patience() {
    return Duration.ZERO;
  }

  /** Remoting itself goes on dialling a gate that has died; a refused connection is its proof. */
  @Override
  public void probe() {
    Wire suspect;
    synchronized (this) {
      suspect = wire;
    }
    if (suspect == null || !probing.compareAndSet(false, true)) {
      return;
    }
    Thread.ofVirtual()
        .name("probe")
        .start(() -> {
          URI address = suspect.address();
          try (var socket = new Socket()) {
            socket.connect(
                new InetSocketAddress(address.getHost(), port(address)), (int) PROBE.toMillis());
            mute(suspect);
          } catch (ConnectException refused) {
            if (current(suspect)) {
              ear.broken("nobody listens at " + address);
            }
          } catch (IOException unsure) {
            LOG.debug("{} does not answer: {}", address, unsure.toString());
          } finally {
            probing.set(false);
          }
        });
  }

  private synchronized boolean current(Wire suspect) {
    return wire == suspect;
  }

  /** Somebody listens; if no name of his was answered yet, people must hear of it. */
  private synchronized void mute(Wire suspect) {
    if (wire == suspect && suspect.names().atAnEnd(System.nanoTime())) {
      ear.broken(
          "somebody listens at "
              + suspect.address()
              + ", but no gate answers there to the names "
              + String.join(", ", suspect.names().all())
              + ". A gate hears only who joins by the address that it calls itself: its node tells"
              + " it as \"gate\" of GET /api/v1/cluster, on HTTP's port"
              + "; or the gate can't call back "
              + wayBack()
              + (tls ? "" : "; or it wants TLS (--ca, --certificate, --key)"));
    }
  }

  @Override
  public void send(ToGate message) {
    Wire now;
    synchronized (this) {
      now = wire;
    }
    if (now != null) {
      byte[] bytes = ProtocolCodec.encode(message);
      if (bytes.length > ProtocolCodec.MAX_BYTES) {
        LOG.error(
            "Could not send a {} of {} bytes: too long",
            message.getClass().getSimpleName(),
            bytes.length);
      } else {
        now.gate().tell(bytes, now.session());
      }
    }
  }

  @Override
  public void close() {
    ActorSystem last;
    synchronized (this) {
      last = system;
    }
    last.terminate();
    try {
      // lets the goodbye out
      last.getWhenTerminated().toCompletableFuture().get(5, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (ExecutionException | TimeoutException e) {
      LOG.warn("The link to the gate did not end in time: {}", e.toString());
    }
  }

  /** Receives for one session. */
  private static final class Session extends AbstractActor {
    private final Address gate;
    private final Consumer<ToAgent> receiver;

    Session(Address gate, Consumer<ToAgent> receiver) {
      this.gate = gate;
      this.receiver = receiver;
    }

    @Override
    public Receive createReceive() {
      return receiveBuilder().match(byte[].class, this::hear).build();
    }

    private void hear(byte[] bytes) {
      if (!getSender().path().address().equals(gate)) {
        LOG.warn("Passing over a message from {}: it is not the gate", getSender());
        return;
      }
      try {
        receiver.accept(ProtocolCodec.toAgent(bytes));
      } catch (IOException e) {
        LOG.error("Could not read a message of the gate: {}", e.toString());
      }
    }
  }
}
