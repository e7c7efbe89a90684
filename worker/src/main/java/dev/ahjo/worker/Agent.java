package dev.ahjo.worker;

import dev.ahjo.core.id.BuildKey;
import dev.ahjo.core.worker.Protocol;
import dev.ahjo.core.worker.Protocol.Artifacts;
import dev.ahjo.core.worker.Protocol.Fetched;
import dev.ahjo.core.worker.Protocol.FetchedPiece;
import dev.ahjo.core.worker.Protocol.Held;
import dev.ahjo.core.worker.Protocol.Hello;
import dev.ahjo.core.worker.Protocol.Ping;
import dev.ahjo.core.worker.Protocol.Rejected;
import dev.ahjo.core.worker.Protocol.ReportsRefused;
import dev.ahjo.core.worker.Protocol.ReportsTaken;
import dev.ahjo.core.worker.Protocol.RunBuild;
import dev.ahjo.core.worker.Protocol.StopBuild;
import dev.ahjo.core.worker.Protocol.StoreBusy;
import dev.ahjo.core.worker.Protocol.Stored;
import dev.ahjo.core.worker.Protocol.ToAgent;
import dev.ahjo.core.worker.Protocol.Welcome;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A worker's agent: joins a gate, takes builds from it and runs them. What it holds is in its data
 * folder, so that an agent started on the folder of one that was killed goes on with its builds.
 */
public final class Agent implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Agent.class);

  /** Builds that are over and could still be asked for by a message that was long on its way. */
  private static final int REMEMBERED = 2000;

  private final AgentSettings settings;
  private final DataFolder data;
  private final Connection connection;
  private final Site site;
  private final ConcurrentHashMap<BuildKey, HeldBuild> builds = new ConcurrentHashMap<>();
  private final Set<BuildKey> gone =
      Collections.newSetFromMap(Collections.synchronizedMap(recent()));

  /** The desk's alone. */
  private final Map<BuildKey, String> notTaken = recent();

  private final Set<Thread> removals = ConcurrentHashMap.newKeySet();
  private final AtomicBoolean closed = new AtomicBoolean();
  private final CompletableFuture<Optional<String>> end = new CompletableFuture<>();

  /**
   * Takes builds on and stops them, one after the other, off the connection's thread: disks wait.
   */
  private final ExecutorService desk =
      Executors.newSingleThreadExecutor(Thread.ofVirtual().name("desk").factory());

  private Agent(AgentSettings settings, DataFolder data, Link link) {
    this.settings = settings;
    this.data = data;
    this.connection = new Connection(link, new Desk(), settings.timing());
    this.site =
        new Site(
            settings,
            data,
            new BuildFolders(data.work(), settings.limits().buildFolders()),
            connection,
            new Asks(connection, settings.timing().resend()));
  }

  /**
   * Starts an agent that joins the gates of a farm. It returns at once; connecting and reconnecting
   * goes on until {@link #close}.
   *
   * @throws IOException when the data folder can't be used, also because another agent has it
   */
  public static Agent start(AgentSettings settings) throws IOException {
    DataFolder data = DataFolder.open(settings.folder());
    try {
      return start(settings, data, new Gates(settings));
    } catch (IOException | RuntimeException e) {
      data.close();
      throw e;
    }
  }

  /**
   * The same over any link; the agent closes it.
   *
   * @throws IOException as {@link #start(AgentSettings)}
   */
  public static Agent start(AgentSettings settings, Link link) throws IOException {
    DataFolder data = DataFolder.open(settings.folder());
    try {
      return start(settings, data, link);
    } catch (IOException | RuntimeException e) {
      data.close();
      throw e;
    }
  }

  private static Agent start(AgentSettings settings, DataFolder data, Link link)
      throws IOException {
    var agent = new Agent(settings, data, link);
    try {
      for (Path folder : data.kept(settings.timing().stopGrace())) {
        agent.find(folder);
      }
    } catch (InterruptedException stop) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("Stopped while it looked for the builds that it held");
    }
    for (HeldBuild held : agent.builds.values()) {
      LOG.info("Going on with {}", held.key());
      held.start();
    }
    agent.connection.open();
    return agent;
  }

  /** One build that can't be read must not keep all the others from going on. */
  private void find(Path folder) throws IOException, InterruptedException {
    try {
      HeldBuild held = HeldBuild.find(site, folder);
      builds.put(held.key(), held);
    } catch (IOException unreadable) {
      LOG.error("{} is given up and set aside", folder, unreadable);
      data.setAside(folder, settings.timing().stopGrace());
    }
  }

  /**
   * Waits until the agent has ended: with the gate's reason if the gate refused it for good, or
   * empty after {@link #close}.
   */
  public Optional<String> awaitEnd() throws InterruptedException {
    try {
      return end.get();
    } catch (ExecutionException e) {
      throw new IllegalStateException("An end can't fail", e);
    }
  }

  /** Whether a session with the gate is open. */
  public boolean connected() {
    return connection.session() != 0;
  }

  /** The builds that it keeps now. */
  public List<BuildKey> holds() {
    return builds.keySet().stream().sorted().toList();
  }

  /** Ends the agent. Steps that run go on under their supervisors, for the next agent to find. */
  @Override
  public void close() {
    if (!closed.compareAndSet(false, true)) {
      return;
    }
    connection.close();
    desk.shutdown();
    try {
      for (HeldBuild held : builds.values()) {
        held.leave();
      }
      awaitRemovals();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    data.close();
    end.complete(Optional.empty());
  }

  private void atDesk(Runnable work) {
    try {
      desk.execute(work);
    } catch (RejectedExecutionException agentEnds) {
      LOG.debug("Too late: the agent ends");
    }
  }

  private void forget(BuildKey key, String why) {
    gone.add(key);
    HeldBuild held = builds.remove(key);
    if (held != null) {
      LOG.info("Forgetting {}: {}", key, why);
      remove(held);
    }
  }

  private void remove(HeldBuild held) {
    Thread removal =
        Thread.ofVirtual()
            .name("remove " + held.key())
            .unstarted(() -> {
              try {
                held.remove();
              } catch (InterruptedException e) {
                LOG.warn("{} was not removed whole", held.key());
              } finally {
                removals.remove(Thread.currentThread());
              }
            });
    removals.add(removal);
    removal.start();
  }

  /** What is not removed by then is the next agent's to finish. */
  private void awaitRemovals() throws InterruptedException {
    long until = System.nanoTime() + settings.timing().stopGrace().toNanos();
    for (Thread removal : removals) {
      removal.join(Duration.ofNanos(Math.max(1, until - System.nanoTime())));
    }
  }

  private static <V> Map<BuildKey, V> recent() {
    return new LinkedHashMap<>() {
      private static final long serialVersionUID = 1;

      @Override
      protected boolean removeEldestEntry(Map.Entry<BuildKey, V> eldest) {
        return size() > REMEMBERED;
      }
    };
  }

  /** What the agent does with what the gate says. */
  private final class Desk implements Connection.Client {
    @Override
    public Hello hello() {
      List<Held> holds = builds.values().stream().map(HeldBuild::held).toList();
      return new Hello(
          Protocol.VERSION,
          settings.name(),
          data.instance(),
          settings.token(),
          settings.slots(),
          settings.labels(),
          settings.pool(),
          holds,
          Map.of(
              "os", System.getProperty("os.name", "") + " " + System.getProperty("os.version", ""),
              "arch", System.getProperty("os.arch", ""),
              "cpus", Integer.toString(Runtime.getRuntime().availableProcessors()),
              "java", Runtime.version().toString(),
              "pid", Long.toString(ProcessHandle.current().pid())));
    }

    @Override
    public void welcome(Welcome welcome) {
      welcome.stop().forEach(key -> atDesk(() -> forget(key, "given up by the gate")));
      builds.values().forEach(HeldBuild::sessionOpened);
    }

    @Override
    public void message(ToAgent message) {
      switch (message) {
        case RunBuild run -> atDesk(() -> take(run));
        case StopBuild stop -> atDesk(() -> stop(stop));
        case ReportsTaken(BuildKey key, long last) -> reportsTaken(key, last);
        case ReportsRefused(BuildKey key, String reason) ->
            atDesk(() -> forget(key, "its reports were refused: " + reason));
        case Stored stored -> {
          HeldBuild held = builds.get(stored.stream().build());
          if (held != null) {
            held.stored(stored.stream(), stored.offset(), stored.closed());
          }
        }
        case StoreBusy busy -> {
          HeldBuild held = builds.get(busy.stream().build());
          if (held != null) {
            held.storeBusy(busy.stream(), busy.offset());
          }
        }
        case Artifacts answer -> site.asks().answered(answer.ask(), answer);
        case Fetched answer -> site.asks().answered(answer.ask(), answer);
        case FetchedPiece _ -> LOG.warn("The gate answers with a piece, which nobody asked for");
        case Welcome _, Rejected _, Ping _ ->
            throw new IllegalStateException("The connection keeps this for itself: " + message);
      }
    }

    private void take(RunBuild run) {
      HeldBuild held = builds.get(run.build());
      if (held != null) {
        held.sendAgain();
        return;
      }
      if (gone.contains(run.build())) {
        LOG.info("Passing over a late order to run {}, which is over", run.build());
        return;
      }
      String said = notTaken.get(run.build());
      if (said != null) {
        // the farm may have given the attempt elsewhere by now, room or no room
        cannotTake(run, said);
        return;
      }
      if (data.isSetAside(run.build())) {
        cannotTake(run, "what was kept of it can't be read any more");
        return;
      }
      try {
        HeldBuild taken = HeldBuild.accept(site, run.build(), run.attempt(), run.plan());
        builds.put(taken.key(), taken);
        taken.start();
      } catch (IOException e) {
        LOG.error("Could not take {} on: {}", run.build(), e.toString());
        cannotTake(run, "could not keep it: " + e);
      }
    }

    private void cannotTake(RunBuild run, String reason) {
      notTaken.put(run.build(), reason);
      site.uplink().send(new Protocol.CannotTake(run.build(), run.attempt(), reason));
    }

    private void stop(StopBuild stop) {
      HeldBuild held = builds.get(stop.build());
      if (stop.forget()) {
        forget(stop.build(), stop.reason());
      } else if (held != null) {
        try {
          held.stop(stop.reason());
        } catch (IOException e) {
          LOG.error("Could not stop {}: {}", stop.build(), e.toString());
        }
      }
    }

    private void reportsTaken(BuildKey key, long last) {
      HeldBuild held = builds.get(key);
      if (held != null && held.taken(last)) {
        gone.add(key);
        builds.remove(key);
        remove(held);
      }
    }

    @Override
    public void tick() {
      long now = System.nanoTime();
      builds.values().forEach(held -> held.remind(now));
    }

    @Override
    public void refused(String reason) {
      LOG.error("The gate refuses this agent: {}", reason);
      end.complete(Optional.of(reason));
    }
  }
}
