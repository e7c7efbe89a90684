package dev.ahjo.http.lock;

import dev.ahjo.core.status.Listing;
import dev.ahjo.core.status.LockView;
import dev.ahjo.core.status.LockView.ClaimView;
import dev.ahjo.core.status.StatusStore;
import dev.ahjo.http.exchange.Call;
import dev.ahjo.http.exchange.Json;
import dev.ahjo.http.exchange.Lists;
import dev.ahjo.http.exchange.Route;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.apache.pekko.http.javadsl.model.HttpResponse;

/** Locks: who has them, and who waits for them. */
public final class LockRoutes {
  private final StatusStore status;

  public LockRoutes(StatusStore status) {
    this.status = status;
  }

  public List<Route> routes() {
    return List.of(Route.get("/api/v1/locks", this::list));
  }

  /**
   * A lock as the API shows it.
   *
   * @param waiting in the order in which they are served
   * @param unnamed those that wait beyond them
   */
  record LockJson(
      String project,
      String name,
      int count,
      List<ClaimJson> holders,
      List<ClaimJson> waiting,
      int unnamed) {
    static LockJson of(LockView v) {
      return new LockJson(
          v.key().project().value(),
          v.key().name(),
          v.count(),
          v.holders().stream().map(ClaimJson::of).toList(),
          v.waiting().stream().map(ClaimJson::of).toList(),
          v.unnamed());
    }
  }

  record ClaimJson(String request, String project, String builder, String mode, Instant since) {
    static ClaimJson of(ClaimView v) {
      return new ClaimJson(
          v.request().value(),
          v.builder().project().value(),
          v.builder().builder().value(),
          Json.label(v.mode()),
          v.since());
    }
  }

  private HttpResponse list(Call call) {
    return Lists.answer(call, Listing.LOCKS, status::locks, v -> Optional.of(LockJson.of(v)));
  }
}
