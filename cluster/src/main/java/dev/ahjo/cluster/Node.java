package dev.ahjo.cluster;

import dev.ahjo.cluster.worker.Gate;
import dev.ahjo.cluster.worker.GateSettings;
import dev.ahjo.cluster.worker.Sessions;
import dev.ahjo.cluster.worker.WorkerTokens;
import dev.ahjo.config.NodeSettings;
import dev.ahjo.config.ProjectFiles;
import dev.ahjo.config.Reading;
import dev.ahjo.core.Farm;
import dev.ahjo.http.Doors;
import dev.ahjo.http.HttpServer;
import dev.ahjo.http.HttpSettings;
import dev.ahjo.http.project.ProjectReader;
import dev.ahjo.persistence.Storage;
import dev.ahjo.wire.tls.RenewedTls;
import java.io.IOException;
import java.net.URI;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One node, whole: its storage, the entities, the workers' gate and HTTP, started in this order and
 * stopped in the reverse one.
 */
public final class Node implements AutoCloseable {
  /** How long answers under way may take when the node stops. */
  private static final Duration GOODBYE = Duration.ofSeconds(2);

  /** Longer than the longest stops of its parts together. */
  private static final Duration LONGEST_STOP = Duration.ofSeconds(60);

  /** In the data folder of a node that shares its store. */
  private static final String APPLIED = "applied-projects";

  private static final Logger LOG = LoggerFactory.getLogger(Node.class);

  private final Deque<Part> parts = new ConcurrentLinkedDeque<>();
  private final AtomicBoolean stopping = new AtomicBoolean();
  private final CountDownLatch ended = new CountDownLatch(1);
  private final NodeSettings settings;
  private volatile boolean lost;
  private @Nullable Engine engine;
  private volatile @Nullable Drain drain;
  private URI http = URI.create("http://127.0.0.1");
  private String gate = "";

  /** Something to be closed in its turn. */
  private record Part(String name, AutoCloseable door) {}

  private Node(NodeSettings settings) {
    this.settings = settings;
  }

  /**
   * Starts a node; returns once it answers.
   *
   * @throws Lost when the others took it out of the cluster meanwhile: a new process may join
   * @throws IOException naming what is at fault: a folder in use or of a newer version, a port that
   *     is taken, a file of tokens that can't be read
   */
  public static Node start(NodeSettings settings) throws IOException {
    var node = new Node(settings);
    try {
      node.open();
      return node;
    } catch (IOException | RuntimeException failed) {
      // What fails in an actor system that ends fails for that reason, whatever it says.
      boolean lost = node.lost || node.engine != null && node.engine.ending();
      node.stopping.set(true);
      node.closeParts();
      if (lost) {
        throw new Lost(failed);
      }
      throw failed;
    }
  }

  /** The others have taken the node out of the cluster before it had started. */
  public static final class Lost extends IOException {
    private static final long serialVersionUID = 1;

    private Lost(Exception why) {
      super("the node was no longer in the cluster before it had started", why);
    }
  }

  private void open() throws IOException {
    var clock = InstantSource.system();
    var startedAt = clock.instant();
    // Before anything is touched: a mistake in them changes nothing.
    WorkerTokens workerTokens = workerTokens();
    Supplier<List<HttpSettings.Token>> adminTokens = adminTokens();
    var storage = part("storage", Storages.open(settings));
    var sessions = new Sessions();
    var engine =
        part("engine", Engine.start(place(), storage.config(), sessions, clock, this::lost));
    this.engine = engine;
    boolean alone = settings.seeds() instanceof NodeSettings.Seeds.Alone;
    if (alone) {
      // Nobody waits meanwhile, and it is ready sooner.
      engine.join();
    } else {
      refuseNamesake(engine);
    }
    drain = alone ? new Drain(sessions) : null;
    sessions.connect(engine.system());
    var stores = part("stores", storage.open(engine.system()));
    Optional<Gate> workers = Optional.empty();
    if (settings.roles().contains(NodeSettings.Role.GATE)) {
      workers = Optional.of(part("gate", openGate(workerTokens, engine, stores, sessions, clock)));
      gate = workers.get().address();
    }
    part("janitor", Janitor.start(stores, settings.limits(), clock));
    var self =
        new Self(
            settings,
            startedAt,
            stores,
            sessions,
            workers.map(Gate::address),
            engine,
            () -> Optional.ofNullable(drain).flatMap(Drain::told),
            this::stopByRequest);
    var server =
        listen(
            engine,
            adminTokens,
            new Doors(
                new Farm(engine.entities()),
                stores.status(),
                stores.streams(),
                stores.events(),
                Node::readProject,
                self,
                workers.map(Gate::webSocket),
                clock,
                new SecureRandom()));
    part("HTTP", () -> server.stop(GOODBYE).toCompletableFuture().join());
    part(
        "projects' folder",
        ProjectFolder.watch(
            settings.projects(),
            new Farm(engine.entities()),
            Storages.shared(settings.storage())
                .map(store -> AppliedFiles.kept(settings.data().resolve(APPLIED), store)),
            ProjectFolder.LOOK));
    if (!alone) {
      // Last, since a node that still starts would be slow with what the others hand over.
      engine.join();
    }
    String scheme = settings.http().tls().isPresent() ? "https://" : "http://";
    http = URI.create(scheme + settings.http().host() + ":" + server.address().getPort());
  }

  private void refuseNamesake(Engine engine) throws IOException {
    Optional<String> taken = engine.namesake();
    if (taken.isPresent()) {
      throw new IOException(
          "name: the node at "
              + taken.get()
              + " is called "
              + settings.name()
              + " and is alive; expected a name that no other node of the cluster has");
    }
  }

  private WorkerTokens workerTokens() throws IOException {
    if (settings.workerTokens().isEmpty()) {
      return (_, _) -> false;
    }
    TokenFile<WorkerTokens> file =
        part(
            "workers' tokens",
            TokenFile.open(settings.workerTokens().get(), Tokens::ofWorkers, TokenFile.LOOK));
    return (name, token) -> file.tokens().check(name, token);
  }

  private Supplier<List<HttpSettings.Token>> adminTokens() throws IOException {
    if (settings.adminTokens().isEmpty()) {
      return List::of;
    }
    TokenFile<List<HttpSettings.Token>> file =
        part(
            "admins' tokens",
            TokenFile.open(settings.adminTokens().get(), Tokens::ofAdmins, TokenFile.LOOK));
    return file::tokens;
  }

  private Gate openGate(
      WorkerTokens tokens,
      Engine engine,
      Storage.Stores stores,
      Sessions sessions,
      InstantSource clock)
      throws IOException {
    return Gate.open(
        GateSettings.USUAL.at(
            settings.gate().host(),
            settings.gate().port(),
            settings.gate().tls().map(Places::files),
            settings.gate().advertise()),
        tokens,
        engine.system(),
        engine.entities(),
        stores.streams(),
        sessions,
        clock);
  }

  private Engine.Place place() throws IOException {
    var seeds = Places.seeds(settings.seeds());
    return new Engine.Place(
        settings.name(),
        settings.cluster().host(),
        settings.cluster().port(),
        Places.advertised(settings.cluster(), seeds),
        settings.roles().stream()
            .map(role -> role.name().toLowerCase(Locale.ROOT))
            .collect(Collectors.toSet()),
        seeds,
        settings.cluster().tls().map(Places::files));
  }

  private HttpServer listen(Engine engine, Supplier<List<HttpSettings.Token>> tokens, Doors doors)
      throws IOException {
    Optional<RenewedTls> tls =
        settings.http().tls().isPresent()
            ? Optional.of(RenewedTls.of(Places.files(settings.http().tls().get())))
            : Optional.empty();
    try {
      return HttpServer.start(
              engine.system(),
              new HttpSettings(
                  settings.http().host(),
                  settings.http().port(),
                  HttpSettings.Limits.ORDINARY,
                  tokens,
                  settings.callers().readsNeedToken(),
                  settings.callers().names(),
                  tls,
                  settings.roles().contains(NodeSettings.Role.WEB)),
              doors)
          .toCompletableFuture()
          .join();
    } catch (CompletionException failed) {
      throw new IOException(
          "HTTP can't listen on "
              + settings.http().host()
              + ":"
              + settings.http().port()
              + ": "
              + Optional.ofNullable(failed.getCause()).orElse(failed).getMessage(),
          failed);
    }
  }

  private static ProjectReader.Read readProject(String file, String text) {
    return switch (ProjectFiles.read(file, text)) {
      case Reading.Valid<dev.ahjo.core.project.ProjectDefinition> valid ->
          new ProjectReader.Read(Optional.of(valid.value()), places(valid.problems()));
      case Reading.Invalid<dev.ahjo.core.project.ProjectDefinition> invalid ->
          new ProjectReader.Read(Optional.empty(), places(invalid.problems()));
    };
  }

  private static List<ProjectReader.FileProblem> places(List<dev.ahjo.config.Problem> problems) {
    return problems.stream()
        .map(p ->
            new ProjectReader.FileProblem(
                p.line(),
                p.column(),
                p.message(),
                p.severity() == dev.ahjo.config.Problem.Severity.ERROR))
        .toList();
  }

  private <T extends AutoCloseable> T part(String name, T door) throws IOException {
    parts.push(new Part(name, door));
    if (stopping.get()) {
      throw new IOException("The node was stopped while it started");
    }
    return door;
  }

  /** Where people and programs reach it. */
  public URI http() {
    return http;
  }

  /** Where workers join: {@code pekko://HOST:PORT}. */
  public String gate() {
    return gate;
  }

  /** Why a node has ended. */
  public enum End {
    /** Somebody stopped it. */
    STOPPED,
    /**
     * The others have taken it out of the cluster, or it could not find its place among them: what
     * it knew is theirs now. A new process may join again at once.
     */
    LOST
  }

  /** Waits until it has stopped, by {@link #close}, over HTTP, or because it was lost. */
  public End awaitEnd() throws InterruptedException {
    ended.await();
    return lost ? End.LOST : End.STOPPED;
  }

  /**
   * An actor system that was taken out of its cluster can't come back, and nothing of what it holds
   * counts any more: the rest of the node must not go on answering as if it did.
   */
  private void lost() {
    if (!stopping.get()) {
      lost = true;
      LOG.error("This node is no longer in the cluster; it ends, so that it can be started anew");
      Thread.ofPlatform().name("ahjo-lost").start(this::close);
    }
  }

  /**
   * A node of a farm hands over and leaves whether it is to drain or not: nobody needs to wait.
   * HTTP must be able to answer before it is closed.
   */
  private void stopByRequest(boolean wait, String by) {
    Drain alone = drain;
    if (wait && alone != null) {
      LOG.info("Draining, asked by {}", by);
      alone.begin(ended, this::close);
      return;
    }
    LOG.info("Stopping, asked by {}; running builds go on at their workers", by);
    Thread.ofPlatform().name("ahjo-stop").start(this::close);
  }

  /**
   * Stops it in order. Whoever comes second waits until it has stopped: a process that ends while
   * another thread still hands over would end in the middle of it.
   */
  @Override
  public void close() {
    if (stopping.compareAndSet(false, true)) {
      closeParts();
      ended.countDown();
      return;
    }
    try {
      if (!ended.await(LONGEST_STOP.toSeconds(), TimeUnit.SECONDS)) {
        LOG.error("The node has not stopped within {} s", LONGEST_STOP.toSeconds());
      }
    } catch (InterruptedException stop) {
      Thread.currentThread().interrupt();
    }
  }

  private void closeParts() {
    for (Part part = parts.poll(); part != null; part = parts.poll()) {
      try {
        part.door().close();
      } catch (Exception failed) {
        LOG.error("The node's {} did not stop in order", part.name(), failed);
      }
    }
  }
}
