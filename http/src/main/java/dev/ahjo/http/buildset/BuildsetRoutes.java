package dev.ahjo.http.buildset;

import dev.ahjo.core.Farm;
import dev.ahjo.core.buildset.Submission;
import dev.ahjo.core.buildset.Submission.StampWish;
import dev.ahjo.core.id.BuilderName;
import dev.ahjo.core.id.BuildsetId;
import dev.ahjo.core.id.ProjectName;
import dev.ahjo.core.status.Listing;
import dev.ahjo.core.status.StatusStore;
import dev.ahjo.http.exchange.Body;
import dev.ahjo.http.exchange.Call;
import dev.ahjo.http.exchange.Lists;
import dev.ahjo.http.exchange.Obedience;
import dev.ahjo.http.exchange.Patience;
import dev.ahjo.http.exchange.Problem;
import dev.ahjo.http.exchange.Reply;
import dev.ahjo.http.exchange.Route;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.apache.pekko.http.javadsl.model.HttpResponse;

/** Buildsets: submitted, listed, shown, cancelled. */
public final class BuildsetRoutes {
  private final Farm farm;
  private final StatusStore status;
  private final Submissions submissions;
  private final Patience patience;

  public BuildsetRoutes(Farm farm, StatusStore status, Submissions submissions, Patience patience) {
    this.farm = farm;
    this.status = status;
    this.submissions = submissions;
    this.patience = patience;
  }

  public List<Route> routes() {
    return List.of(
        Route.get("/api/v1/buildsets", this::list),
        Route.post("/api/v1/buildsets", this::submit),
        Route.get("/api/v1/buildsets/{buildset}", this::show),
        Route.post("/api/v1/buildsets/{buildset}/cancel", this::cancel));
  }

  private HttpResponse list(Call call) {
    return Lists.answer(
        call, Listing.BUILDSETS, status::buildsets, v -> Optional.of(BuildsetJson.of(v)));
  }

  private HttpResponse show(Call call) {
    call.allow(Set.of());
    BuildsetId id = call.id("buildset", BuildsetId::new);
    return Reply.json(
        call,
        patience
            .find(() -> status.buildset(id))
            .map(BuildsetJson::of)
            .orElseThrow(() -> Problem.notFound("buildset", id.value())));
  }

  private HttpResponse submit(Call call) throws Exception {
    call.allow(Set.of());
    Submission asked = submission(Body.of(call), call.by());
    String project = asked.project().value();
    var submitted =
        farm.submit(asked, submissions.id(call, "submit " + project), fingerprint(asked));
    return Submissions.answer(project, Obedience.await(submitted));
  }

  /** What was asked for; the order of an object's fields says nothing. */
  private static String fingerprint(Submission s) {
    return Submissions.fingerprint(
        List.of(
            s.project(),
            s.builders(),
            s.branch(),
            s.revision(),
            new TreeMap<>(s.stamps()),
            new TreeMap<>(s.properties()),
            s.priority(),
            s.reason()));
  }

  private static Submission submission(Body body, String by) {
    String name = body.needed("project");
    // A missing one is told already; this stands in for it until everything has been read.
    ProjectName project =
        (name.isEmpty()
                ? Optional.<ProjectName>empty()
                : body.as("project", name, ProjectName::new))
            .orElse(new ProjectName("unnamed"));
    List<BuilderName> builders = new ArrayList<>();
    List<String> names = body.texts("builders");
    for (int i = 0; i < names.size(); i++) {
      body.as("builders[" + i + "]", names.get(i), BuilderName::new).ifPresent(builders::add);
    }
    var submission =
        new Submission(
            project,
            builders,
            body.text("branch"),
            body.text("revision"),
            body.objects("stamps", b -> new StampWish(b.text("branch"), b.text("revision"))),
            body.textsByName("properties"),
            body.whole("priority").orElse(0),
            body.text("reason").orElse(""),
            by);
    body.done();
    return submission;
  }

  private HttpResponse cancel(Call call) throws Exception {
    call.allow(Set.of());
    BuildsetId id = call.id("buildset", BuildsetId::new);
    Body body = Body.of(call);
    String reason = body.text("reason").orElse("");
    body.done();
    return Obedience.obey("buildset", id.value(), farm.cancel(id, call.by(), reason));
  }
}
