package dev.ahjo.http.build;

import dev.ahjo.core.Farm;
import dev.ahjo.core.id.AskId;
import dev.ahjo.core.id.BuildKey;
import dev.ahjo.core.status.BuildView;
import dev.ahjo.core.status.Listing;
import dev.ahjo.core.status.StatusStore;
import dev.ahjo.http.buildset.Submissions;
import dev.ahjo.http.exchange.Body;
import dev.ahjo.http.exchange.Call;
import dev.ahjo.http.exchange.Lists;
import dev.ahjo.http.exchange.Obedience;
import dev.ahjo.http.exchange.Patience;
import dev.ahjo.http.exchange.Problem;
import dev.ahjo.http.exchange.Reply;
import dev.ahjo.http.exchange.Route;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.apache.pekko.http.javadsl.model.HttpResponse;

/** Builds: listed, shown, stopped, asked for once more. */
public final class BuildRoutes {
  private static final String BUILD = "/api/v1/builds/{project}/{builder}/{number}";

  private final Farm farm;
  private final StatusStore status;
  private final Submissions submissions;
  private final Patience patience;

  public BuildRoutes(Farm farm, StatusStore status, Submissions submissions, Patience patience) {
    this.farm = farm;
    this.status = status;
    this.submissions = submissions;
    this.patience = patience;
  }

  public List<Route> routes() {
    return List.of(
        Route.get("/api/v1/builds", this::list),
        Route.get(BUILD, this::show),
        Route.post(BUILD + "/stop", this::stop),
        Route.post(BUILD + "/rebuild", this::rebuild));
  }

  private HttpResponse list(Call call) {
    return Lists.answer(call, Listing.BUILDS, status::builds, v -> Optional.of(BuildJson.of(v)));
  }

  private HttpResponse show(Call call) {
    call.allow(Set.of());
    return Reply.json(call, BuildJson.of(view(call.build())));
  }

  private BuildView view(BuildKey key) {
    return patience
        .find(() -> status.build(key))
        .orElseThrow(() -> Problem.notFound("build", key.toString()));
  }

  private HttpResponse stop(Call call) throws Exception {
    call.allow(Set.of());
    BuildKey key = call.build();
    Body body = Body.of(call);
    String reason = body.text("reason").orElse("");
    body.done();
    AskId ask = submissions.ask(call, "stop " + key);
    boolean stopping =
        status.build(key).filter(build -> build.state().equals("stopping")).isPresent();
    return Obedience.obey(
        "build",
        key.toString(),
        stopping
            ? farm.stopAgain(key, call.by(), reason, ask)
            : farm.stop(key, call.by(), reason, ask));
  }

  private HttpResponse rebuild(Call call) throws Exception {
    call.allow(Set.of());
    BuildView build = view(call.build());
    Body body = Body.of(call);
    int priority = body.whole("priority").orElse(0);
    body.done();
    var submitted =
        farm.rebuild(
            build,
            priority,
            call.by(),
            submissions.id(call, "rebuild " + build.key()),
            Submissions.fingerprint(priority));
    return Submissions.answer(build.key().builder().project().value(), Obedience.await(submitted));
  }
}
