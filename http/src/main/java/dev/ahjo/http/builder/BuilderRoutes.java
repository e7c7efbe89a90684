package dev.ahjo.http.builder;

import dev.ahjo.core.id.BuilderKey;
import dev.ahjo.core.project.Result;
import dev.ahjo.core.status.BuilderView;
import dev.ahjo.core.status.Listing;
import dev.ahjo.core.status.StatusStore;
import dev.ahjo.http.exchange.Call;
import dev.ahjo.http.exchange.Lists;
import dev.ahjo.http.exchange.Patience;
import dev.ahjo.http.exchange.Problem;
import dev.ahjo.http.exchange.Reply;
import dev.ahjo.http.exchange.Route;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.apache.pekko.http.javadsl.model.HttpResponse;

/** Builders: listed and shown. */
public final class BuilderRoutes {
  private final StatusStore status;
  private final Patience patience;

  public BuilderRoutes(StatusStore status, Patience patience) {
    this.status = status;
    this.patience = patience;
  }

  public List<Route> routes() {
    return List.of(
        Route.get("/api/v1/builders", this::list),
        Route.get("/api/v1/builders/{project}/{builder}", this::show));
  }

  /** A builder as the API shows it. */
  record BuilderJson(
      String project,
      String name,
      List<String> tags,
      String pool,
      List<String> labels,
      Optional<Integer> limit,
      int queued,
      int running,
      Optional<LastJson> lastBuild) {
    static BuilderJson of(BuilderView v) {
      return new BuilderJson(
          v.key().project().value(),
          v.key().builder().value(),
          v.tags(),
          v.pool().value(),
          v.labels().stream().sorted().toList(),
          v.limit().isPresent() ? Optional.of(v.limit().getAsInt()) : Optional.empty(),
          v.queued(),
          v.running(),
          v.lastBuild()
              .map(b ->
                  new LastJson(b.number(), v.lastResult().map(Result::label), v.lastFinishedAt())));
    }
  }

  record LastJson(long number, Optional<String> result, Optional<Instant> finishedAt) {}

  private HttpResponse list(Call call) {
    return Lists.answer(
        call,
        Listing.BUILDERS,
        status::builders,
        v -> v.removed() ? Optional.empty() : Optional.of(BuilderJson.of(v)));
  }

  private HttpResponse show(Call call) {
    call.allow(Set.of());
    BuilderKey key = call.builder();
    return Reply.json(
        call,
        patience
            .find(() -> status.builder(key).filter(b -> !b.removed()))
            .map(BuilderJson::of)
            .orElseThrow(() -> Problem.notFound("builder", key.toString())));
  }
}
