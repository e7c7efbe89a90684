package dev.ahjo.http;

import dev.ahjo.http.build.BuildRoutes;
import dev.ahjo.http.builder.BuilderRoutes;
import dev.ahjo.http.buildset.BuildsetRoutes;
import dev.ahjo.http.buildset.Submissions;
import dev.ahjo.http.exchange.Conversation;
import dev.ahjo.http.exchange.Guard;
import dev.ahjo.http.exchange.ParsingProblems;
import dev.ahjo.http.exchange.Route;
import dev.ahjo.http.exchange.Router;
import dev.ahjo.http.exchange.Traffic;
import dev.ahjo.http.lock.LockRoutes;
import dev.ahjo.http.log.LogRoutes;
import dev.ahjo.http.page.PageRoutes;
import dev.ahjo.http.pool.PoolRoutes;
import dev.ahjo.http.project.ProjectRoutes;
import dev.ahjo.http.request.RequestRoutes;
import dev.ahjo.http.status.EventHub;
import dev.ahjo.http.status.EventRoutes;
import dev.ahjo.http.status.NodeRoutes;
import dev.ahjo.http.worker.AgentSocket;
import dev.ahjo.http.worker.WorkerRoutes;
import dev.ahjo.wire.tls.RenewedTls;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import javax.net.ssl.SSLEngine;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.http.javadsl.ConnectionContext;
import org.apache.pekko.http.javadsl.Http;
import org.apache.pekko.http.javadsl.HttpsConnectionContext;
import org.apache.pekko.http.javadsl.ServerBinding;
import org.apache.pekko.http.javadsl.settings.ServerSettings;
import org.apache.pekko.io.TcpSO;
import org.apache.pekko.stream.Materializer;
import org.apache.pekko.stream.javadsl.Flow;
import scala.concurrent.duration.FiniteDuration;

/** The HTTP port of a node, from {@link #start} to {@link #stop}. */
public final class HttpServer {
  private static final int MAX_URI = 8 * 1024;
  private static final int MAX_HEADER = 8 * 1024;
  private static final int MAX_HEADERS = 64;
  private static final String[] PROTOCOLS = {"TLSv1.3", "TLSv1.2"};

  private final ServerBinding binding;
  private final EventHub hub;
  private final ExecutorService threads;

  private final List<Route> routes;

  private HttpServer(
      ServerBinding binding, List<Route> routes, EventHub hub, ExecutorService threads) {
    this.binding = binding;
    this.routes = routes;
    this.hub = hub;
    this.threads = threads;
  }

  /** Listens once the stage is complete; fails when the port is taken. */
  public static CompletionStage<HttpServer> start(
      ActorSystem<?> system, HttpSettings settings, Doors doors) {
    var limits = settings.limits();
    // Handlers wait for disks and for the farm. How many run at once is bounded by the connections,
    // each of which has one request under way.
    ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    var hub = new EventHub(doors.status(), doors.events(), limits.eventQueue());
    var traffic = new Traffic();
    var materializer = Materializer.matFromSystem(system);
    List<Route> routes =
        new ArrayList<>(
            settings.web()
                ? routes(doors, hub, traffic, threads, limits.keepAlive())
                : new NodeRoutes(doors.status(), hub, traffic, doors.node()).routes());
    doors.workers().ifPresent(w -> routes.addAll(new AgentSocket(w, materializer).routes()));
    var router =
        new Router(
            routes,
            new Guard(
                () -> secrets(settings),
                settings.readsNeedToken(),
                settings.host(),
                settings.hosts()),
            limits.body(),
            limits.answer(),
            threads,
            materializer,
            traffic,
            AgentSocket.PATH);
    var builder = Http.get(system).newServerAt(settings.host(), settings.port());
    if (settings.tls().isPresent()) {
      builder = builder.enableHttps(https(settings.tls().get()));
    }
    return builder
        .withSettings(server(system, limits))
        .bindFlow(Flow.fromGraph(new Conversation(router::answer, limits.idle())))
        .whenComplete((_, failed) -> {
          if (failed != null) {
            hub.close();
            threads.shutdownNow();
          }
        })
        .thenApply(binding -> new HttpServer(binding, routes, hub, threads));
  }

  private static Map<String, String> secrets(HttpSettings settings) {
    Map<String, String> secrets = new TreeMap<>();
    settings.tokens().get().forEach(t -> secrets.put(t.name(), t.secret()));
    return secrets;
  }

  private static List<Route> routes(
      Doors doors, EventHub hub, Traffic traffic, ExecutorService threads, Duration keepAlive) {
    var submissions = new Submissions(doors.clock(), doors.chance());
    var status = doors.status();
    List<Route> routes = new ArrayList<>();
    routes.addAll(new ProjectRoutes(doors.farm(), status, doors.projects(), hub).routes());
    routes.addAll(new BuildsetRoutes(doors.farm(), status, submissions, hub).routes());
    routes.addAll(new RequestRoutes(doors.farm(), status, hub).routes());
    routes.addAll(new BuilderRoutes(status, hub).routes());
    routes.addAll(new BuildRoutes(doors.farm(), status, submissions, hub).routes());
    routes.addAll(new LogRoutes(status, doors.streams(), hub, hub, threads).routes());
    routes.addAll(new WorkerRoutes(doors.farm(), status, hub).routes());
    routes.addAll(new LockRoutes(status).routes());
    routes.addAll(new PoolRoutes(status).routes());
    routes.addAll(new EventRoutes(hub, keepAlive, threads).routes());
    routes.addAll(new NodeRoutes(status, hub, traffic, doors.node()).routes());
    routes.addAll(new PageRoutes().routes());
    return routes;
  }

  private static ServerSettings server(ActorSystem<?> system, HttpSettings.Limits limits) {
    var ordinary = ServerSettings.create(system.classicSystem());
    var parser =
        ordinary
            .getParserSettings()
            .withMaxContentLength(limits.body())
            .withMaxToStrictBytes(limits.body())
            .withMaxUriLength(MAX_URI)
            .withMaxHeaderValueLength(MAX_HEADER)
            .withMaxHeaderCount(MAX_HEADERS)
            .withIllegalHeaderWarnings(false);
    // The connection is watched by its conversation, which knows when silence is no harm.
    var timeouts =
        ordinary
            .getTimeouts()
            .withIdleTimeout(scala.concurrent.duration.Duration.Inf())
            .withRequestTimeout(finite(limits.answer()));
    return ordinary
        .withServerHeader(Optional.empty())
        .withRemoteAddressAttribute(true)
        .withMaxConnections(limits.connections())
        // Answers go in turn all the same; but who reads ahead notices when a client hangs up.
        .withPipeliningLimit(2)
        // Workers come back all at once when a node was away.
        .withBacklog(1024)
        .withParsingErrorHandler(ParsingProblems.class.getName())
        .withParserSettings(parser)
        // A reader of a quiet stream that has vanished is found out by the system.
        .withSocketOptions(List.of(TcpSO.keepAlive(true)))
        .withTimeouts(timeouts);
  }

  /** An engine for each connection, so that a renewed certificate needs no new start. */
  private static HttpsConnectionContext https(RenewedTls tls) {
    return ConnectionContext.httpsServer(() -> {
      SSLEngine engine = tls.context().createSSLEngine();
      engine.setUseClientMode(false);
      engine.setEnabledProtocols(PROTOCOLS);
      return engine;
    });
  }

  private static FiniteDuration finite(Duration duration) {
    return FiniteDuration.fromNanos(duration.toNanos());
  }

  /** Everything that is answered: the API's description is checked against it. */
  List<Route> routes() {
    return routes;
  }

  /** Where it listens; the port is the one it was given. */
  public InetSocketAddress address() {
    return binding.localAddress();
  }

  /** Takes no more connections, lets requests under way end for so long, then ends the rest. */
  public CompletionStage<Void> stop(Duration patience) {
    hub.close();
    return binding.terminate(patience).thenAccept(_ -> threads.shutdownNow());
  }
}
