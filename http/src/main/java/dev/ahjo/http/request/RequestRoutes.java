package dev.ahjo.http.request;

import dev.ahjo.core.Farm;
import dev.ahjo.core.id.RequestId;
import dev.ahjo.core.request.WaitReason;
import dev.ahjo.core.status.Listing;
import dev.ahjo.core.status.RequestView;
import dev.ahjo.core.status.StatusStore;
import dev.ahjo.http.exchange.Body;
import dev.ahjo.http.exchange.Call;
import dev.ahjo.http.exchange.Lists;
import dev.ahjo.http.exchange.Obedience;
import dev.ahjo.http.exchange.Patience;
import dev.ahjo.http.exchange.Problem;
import dev.ahjo.http.exchange.Reply;
import dev.ahjo.http.exchange.Route;
import dev.ahjo.http.request.RequestJson.AttemptJson;
import dev.ahjo.http.request.RequestJson.WaitJson;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.apache.pekko.http.javadsl.model.HttpResponse;

/** Requests: listed, shown, explained, cancelled, put back, moved in their queue. */
public final class RequestRoutes {
  private final Farm farm;
  private final StatusStore status;
  private final Patience patience;

  public RequestRoutes(Farm farm, StatusStore status, Patience patience) {
    this.farm = farm;
    this.status = status;
    this.patience = patience;
  }

  public List<Route> routes() {
    return List.of(
        Route.get("/api/v1/requests", this::list),
        Route.get("/api/v1/requests/{request}", this::show),
        Route.get("/api/v1/requests/{request}/why", this::why),
        Route.post("/api/v1/requests/{request}/cancel", this::cancel),
        Route.post("/api/v1/requests/{request}/retry", this::retry),
        Route.post("/api/v1/requests/{request}/priority", this::prioritise));
  }

  private HttpResponse list(Call call) {
    return Lists.answer(
        call, Listing.REQUESTS, status::requests, v -> Optional.of(RequestJson.of(v)));
  }

  private HttpResponse show(Call call) {
    call.allow(Set.of());
    return Reply.json(call, RequestJson.of(view(id(call))));
  }

  private static RequestId id(Call call) {
    return call.id("request", RequestId::new);
  }

  private RequestView view(RequestId id) {
    return patience
        .find(() -> status.request(id))
        .orElseThrow(() -> Problem.notFound("request", id.value()));
  }

  /**
   * Why it was submitted, why it waits now, why it waited, and what became of each attempt.
   *
   * @param now from those who make it wait, asked this moment; empty when it does not wait
   * @param history what it waited for, and since when, oldest first
   */
  record Why(
      String state,
      Optional<String> result,
      Optional<String> detail,
      String reason,
      String by,
      Instant submittedAt,
      Optional<Instant> startedAt,
      List<NowJson> now,
      List<WaitJson> history,
      List<AttemptJson> attempts) {}

  record NowJson(String code, String detail) {
    static NowJson of(WaitReason reason) {
      return new NowJson(reason.code().label(), reason.detail());
    }
  }

  private HttpResponse why(Call call) throws Exception {
    call.allow(Set.of());
    RequestView view = view(id(call));
    List<NowJson> now = Obedience.await(farm.why(view.id())).stream().map(NowJson::of).toList();
    if (now.isEmpty() && view.state().equals("blocked") && !view.waits().isEmpty()) {
      // A blocked request has not been opened: what blocks it stands in its buildset.
      var last = view.waits().getLast();
      now = List.of(new NowJson(last.code(), last.detail()));
    }
    return Reply.json(
        call,
        new Why(
            view.state(),
            view.result().map(r -> r.label()),
            view.detail(),
            view.reason(),
            view.by(),
            view.submittedAt(),
            view.startedAt(),
            now,
            view.waits().stream().map(WaitJson::of).toList(),
            view.attempts().stream().map(RequestJson::attempt).toList()));
  }

  private HttpResponse cancel(Call call) throws Exception {
    call.allow(Set.of());
    RequestId id = id(call);
    Body body = Body.of(call);
    String reason = body.text("reason").orElse("");
    body.done();
    return Obedience.obey("request", id.value(), farm.cancel(id, call.by(), reason));
  }

  private HttpResponse retry(Call call) throws Exception {
    call.allow(Set.of());
    Body.of(call).done();
    RequestId id = id(call);
    return Obedience.obey("request", id.value(), farm.retry(id, call.by()));
  }

  private HttpResponse prioritise(Call call) throws Exception {
    call.allow(Set.of());
    RequestId id = id(call);
    Body body = Body.of(call);
    Optional<Integer> priority = body.needWhole("priority");
    body.done();
    return Obedience.obey(
        "request", id.value(), farm.prioritise(id, priority.orElseThrow(), call.by()));
  }
}
