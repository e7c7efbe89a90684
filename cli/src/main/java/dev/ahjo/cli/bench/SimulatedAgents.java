package dev.ahjo.cli.bench;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import dev.ahjo.core.id.PoolName;
import dev.ahjo.core.id.WorkerName;
import dev.ahjo.wire.ProtocolCodec;
import dev.ahjo.worker.GateTls;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import org.apache.pekko.actor.AbstractActorWithTimers;
import org.apache.pekko.actor.ActorSelection;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.actor.Props;
import scala.concurrent.ExecutionContext;

/**
 * Simulated agents over real remoting. They measure the node, nothing else: one actor each, nothing
 * on disk; all behind one connection, or each behind one of its own.
 */
public final class SimulatedAgents implements AutoCloseable {
  /** What an agent makes of a build. */
  public enum Manner {
    /** Every step succeeds at once. */
    FINISH,
    /** The first step runs until the build is stopped. */
    HOLD
  }

  /**
   * @param door how they come in
   * @param name the agents are called {@code name-0}, {@code name-1} and so on
   * @param systems actor systems that share the agents, each with a connection of its own
   */
  public record Settings(
      Door door, String name, int agents, int slots, PoolName pool, Manner manner, int systems) {}

  private static final Duration TICK = Duration.ofSeconds(1);
  private static final Duration END = Duration.ofSeconds(5);
  private static final int THREADS = 4;

  private final List<ActorSystem> systems = new ArrayList<>();
  private final Counter counter;

  /** Of all systems, where there are many; a system that does not end in time still needs them. */
  private final ExecutorService threads =
      Executors.newFixedThreadPool(
          THREADS, Thread.ofPlatform().daemon().name("agents-", 0).factory());

  private SimulatedAgents(Settings settings) throws IOException {
    counter = new Counter(settings.agents());
    ClassLoader loader = SimulatedAgents.class.getClassLoader();
    Config config =
        ConfigFactory.parseResourcesAnySyntax(loader, "ahjo-bench")
            .withFallback(ConfigFactory.defaultReference())
            .resolve();
    if (settings.systems() > 1) {
      config = config.getConfig("ahjo-bench.alone").withFallback(config);
    }
    config = reached(settings.door(), config);
    for (int i = 0; i < settings.systems(); i++) {
      systems.add(
          settings.systems() > 1
              ? ActorSystem.create(
                  "agent", config, loader, ExecutionContext.fromExecutorService(threads))
              : ActorSystem.create("agent", config));
    }
    List<String> gates = settings.door().gates();
    for (int i = 0; i < settings.agents(); i++) {
      String name = settings.name() + "-" + i;
      String gate = gates.get(i % gates.size());
      systems
          .get(i % settings.systems())
          .actorOf(
              Props.create(Line.class, () -> new Line(new WorkerName(name), gate, settings)), name);
    }
  }

  private static Config reached(Door door, Config config) throws IOException {
    Config back =
        ConfigFactory.parseMap(Map.of("pekko.remote.artery.canonical.hostname", door.bind()));
    if (door.tls().isEmpty()) {
      return back.withFallback(config);
    }
    Set<String> hosts =
        door.gates().stream()
            .map(gate -> gate.replaceAll(":[0-9]+$", "").replaceAll("[\\[\\]]", ""))
            .collect(Collectors.toSet());
    return GateTls.config(door.tls().get(), hosts).withFallback(back).withFallback(config);
  }

  /**
   * Starts them; they join by themselves, and come back after the node was away.
   *
   * @throws IOException naming the file of TLS that can't be used
   */
  public static SimulatedAgents start(Settings settings) throws IOException {
    return new SimulatedAgents(settings);
  }

  Counter counter() {
    return counter;
  }

  /** Says goodbye and ends. */
  @Override
  public void close() {
    systems.forEach(ActorSystem::terminate);
    long deadline = System.nanoTime() + END.toNanos();
    for (ActorSystem system : systems) {
      try {
        system
            .getWhenTerminated()
            .toCompletableFuture()
            .get(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
      } catch (TimeoutException | ExecutionException late) {
        // the process ends with the command, and these with it
      } catch (InterruptedException stopped) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private enum Beat {
    TICK
  }

  /** One agent behind remoting. */
  private final class Line extends AbstractActorWithTimers {
    private final SimulatedAgent agent;

    Line(WorkerName name, String address, Settings settings) {
      ActorSelection gate = getContext().actorSelection("pekko://gate@" + address + "/user/gate");
      agent =
          new SimulatedAgent(
              name,
              settings,
              message -> gate.tell(ProtocolCodec.encode(message), getSelf()),
              counter);
    }

    @Override
    public void preStart() {
      agent.hello();
      getTimers().startTimerWithFixedDelay(Beat.TICK, Beat.TICK, TICK);
    }

    @Override
    public void postStop() {
      if (agent.joined()) {
        agent.goodbye();
      }
    }

    @Override
    public Receive createReceive() {
      return receiveBuilder()
          .match(
              byte[].class,
              bytes -> {
                agent.hear(ProtocolCodec.toAgent(bytes));
                if (agent.over()) {
                  getContext().stop(getSelf());
                }
              })
          .match(Beat.class, _ -> agent.tick())
          .build();
    }
  }
}
