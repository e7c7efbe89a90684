package dev.ahjo.http.status;

import dev.ahjo.core.status.StatusStore;
import dev.ahjo.http.exchange.Body;
import dev.ahjo.http.exchange.Call;
import dev.ahjo.http.exchange.Json;
import dev.ahjo.http.exchange.Reply;
import dev.ahjo.http.exchange.Route;
import dev.ahjo.http.exchange.Traffic;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.apache.pekko.http.javadsl.model.ContentTypes;
import org.apache.pekko.http.javadsl.model.HttpEntities;
import org.apache.pekko.http.javadsl.model.HttpResponse;

/** The node: its facts, its health, its readings, its end, and what its API can do. */
public final class NodeRoutes {
  /** So many facts behind, the read tables are being rebuilt rather than followed. */
  private static final long MAX_LAG = 10_000;

  private final StatusStore status;
  private final EventHub hub;
  private final Traffic traffic;
  private final NodeDoor node;

  public NodeRoutes(StatusStore status, EventHub hub, Traffic traffic, NodeDoor node) {
    this.status = status;
    this.hub = hub;
    this.traffic = traffic;
    this.node = node;
  }

  public List<Route> routes() {
    return List.of(
        Route.get("/api/v1/cluster", this::cluster),
        Route.post("/api/v1/cluster/shutdown", this::shutdown),
        Route.get("/api/v1/openapi.json", this::openapi),
        Route.get("/health/live", this::live),
        Route.get("/health/ready", this::ready),
        Route.get("/metrics", this::metrics));
  }

  record ClusterJson(
      String node,
      String version,
      Instant startedAt,
      Optional<String> gate,
      LagJson projection,
      List<MemberJson> members) {}

  /** Positions in the journal: how far the read tables are, and its end. */
  record LagJson(long applied, long journal) {}

  record MemberJson(String name, String address, List<String> roles, String state) {}

  private HttpResponse cluster(Call call) {
    call.allow(Set.of());
    var facts = node.facts();
    var progress = status.progress();
    return Reply.json(
        call,
        new ClusterJson(
            facts.name(),
            facts.version(),
            facts.startedAt(),
            facts.gate(),
            new LagJson(progress.applied(), progress.journal()),
            facts.members().stream()
                .map(m -> new MemberJson(m.name(), m.address(), m.roles(), m.state()))
                .toList()));
  }

  record StoppingJson(boolean drain) {}

  private HttpResponse shutdown(Call call) {
    call.allow(Set.of("drain"));
    Body.of(call).done();
    boolean drain = call.flag("drain");
    node.shutdown(drain, call.by());
    return Reply.accepted(new StoppingJson(drain));
  }

  private HttpResponse openapi(Call call) throws IOException {
    call.allow(Set.of());
    return Reply.tagged(call, ContentTypes.APPLICATION_JSON, document());
  }

  static byte[] document() throws IOException {
    try (InputStream in = NodeRoutes.class.getResourceAsStream("/dev/ahjo/http/openapi.json")) {
      if (in == null) {
        throw new IOException("The API's description is missing from the program");
      }
      return in.readAllBytes();
    }
  }

  /** {@code status} is ok or unready. */
  record HealthJson(String status, List<String> problems) {}

  private HttpResponse live(Call call) {
    return health(List.of());
  }

  private HttpResponse ready(Call call) {
    List<String> problems = new ArrayList<>(node.problems());
    try {
      var progress = status.progress();
      long lag = progress.journal() - progress.applied();
      if (lag > MAX_LAG) {
        problems.add(
            "the read tables are being brought up to date: "
                + progress.applied()
                + " of "
                + progress.journal());
      }
    } catch (UncheckedIOException unreadable) {
      problems.add(String.valueOf(unreadable.getMessage()));
    }
    return health(problems);
  }

  private static HttpResponse health(List<String> problems) {
    return HttpResponse.create()
        .withStatus(problems.isEmpty() ? 200 : 503)
        .withEntity(
            HttpEntities.create(
                ContentTypes.APPLICATION_JSON,
                Json.bytes(new HealthJson(problems.isEmpty() ? "ok" : "unready", problems))));
  }

  private HttpResponse metrics(Call call) {
    byte[] bytes = Metrics.text(status, hub, traffic, node).getBytes(StandardCharsets.UTF_8);
    var type = ContentTypes.parse("text/plain; version=0.0.4; charset=UTF-8");
    return HttpResponse.create().withEntity(HttpEntities.create(type, bytes));
  }
}
