package dev.ahjo.http.worker;

import dev.ahjo.core.Farm;
import dev.ahjo.core.id.BuildKey;
import dev.ahjo.core.id.WorkerName;
import dev.ahjo.core.port.Entities.Answer;
import dev.ahjo.core.status.Listing;
import dev.ahjo.core.status.StatusStore;
import dev.ahjo.core.status.WorkerView;
import dev.ahjo.http.exchange.Body;
import dev.ahjo.http.exchange.Call;
import dev.ahjo.http.exchange.Lists;
import dev.ahjo.http.exchange.Obedience;
import dev.ahjo.http.exchange.Patience;
import dev.ahjo.http.exchange.Problem;
import dev.ahjo.http.exchange.Reply;
import dev.ahjo.http.exchange.Route;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.http.javadsl.model.HttpResponse;

/** Workers: listed, shown, paused, drained, resumed. */
public final class WorkerRoutes {
  private final Farm farm;
  private final StatusStore status;
  private final Patience patience;

  public WorkerRoutes(Farm farm, StatusStore status, Patience patience) {
    this.farm = farm;
    this.status = status;
    this.patience = patience;
  }

  public List<Route> routes() {
    return List.of(
        Route.get("/api/v1/workers", this::list),
        Route.get("/api/v1/workers/{worker}", this::show),
        Route.post("/api/v1/workers/{worker}/pause", call -> say(call, farm::pause)),
        Route.post("/api/v1/workers/{worker}/drain", call -> say(call, farm::drain)),
        Route.post("/api/v1/workers/{worker}/resume", call -> say(call, farm::resume)));
  }

  /** A worker as the API shows it; {@code busy} slots of {@code slots} have a build. */
  record WorkerJson(
      String name,
      String pool,
      List<String> labels,
      String state,
      boolean connected,
      String mode,
      int slots,
      int busy,
      List<String> builds,
      Map<String, String> system,
      Instant since,
      Optional<Instant> quarantinedUntil) {
    static WorkerJson of(WorkerView v) {
      return new WorkerJson(
          v.name().value(),
          v.pool().value(),
          v.labels().stream().sorted().toList(),
          v.state(),
          v.connected(),
          v.mode(),
          v.slots(),
          v.builds().size(),
          v.builds().stream().map(BuildKey::toString).toList(),
          new TreeMap<>(v.system()),
          v.since(),
          v.quarantinedUntil());
    }
  }

  private HttpResponse list(Call call) {
    return Lists.answer(call, Listing.WORKERS, status::workers, v -> Optional.of(WorkerJson.of(v)));
  }

  private WorkerView view(WorkerName name) {
    return patience
        .find(() -> status.worker(name))
        .orElseThrow(() -> Problem.notFound("worker", name.value()));
  }

  private HttpResponse show(Call call) {
    call.allow(Set.of());
    return Reply.json(call, WorkerJson.of(view(call.id("worker", WorkerName::new))));
  }

  private interface Order {
    CompletionStage<Answer> give(WorkerName worker, String by);
  }

  private HttpResponse say(Call call, Order order) throws Exception {
    call.allow(Set.of());
    Body.of(call).done();
    // One that never joined has no name to keep an order under.
    WorkerName worker = view(call.id("worker", WorkerName::new)).name();
    return Obedience.obey("worker", worker.value(), order.give(worker, call.by()));
  }
}
