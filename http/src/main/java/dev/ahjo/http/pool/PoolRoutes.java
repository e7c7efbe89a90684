package dev.ahjo.http.pool;

import dev.ahjo.core.status.Listing;
import dev.ahjo.core.status.PoolView;
import dev.ahjo.core.status.StatusStore;
import dev.ahjo.http.exchange.Call;
import dev.ahjo.http.exchange.Lists;
import dev.ahjo.http.exchange.Route;
import java.util.List;
import java.util.Optional;
import org.apache.pekko.http.javadsl.model.HttpResponse;

/** Worker pools: what they have, and how much of it is taken. */
public final class PoolRoutes {
  private final StatusStore status;

  public PoolRoutes(StatusStore status) {
    this.status = status;
  }

  public List<Route> routes() {
    return List.of(Route.get("/api/v1/pools", this::list));
  }

  /** A pool as the API shows it. */
  record PoolJson(String name, int workers, int available, int slots, int busy, int waiting) {
    static PoolJson of(PoolView v) {
      return new PoolJson(
          v.name().value(), v.workers(), v.available(), v.slots(), v.busy(), v.waiting());
    }
  }

  private HttpResponse list(Call call) {
    return Lists.answer(call, Listing.POOLS, status::pools, v -> Optional.of(PoolJson.of(v)));
  }
}
