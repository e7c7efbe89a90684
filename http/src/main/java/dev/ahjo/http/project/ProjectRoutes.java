package dev.ahjo.http.project;

import dev.ahjo.core.Farm;
import dev.ahjo.core.id.ProjectName;
import dev.ahjo.core.port.Entities.Answer;
import dev.ahjo.core.project.ProjectDefinition;
import dev.ahjo.core.status.Listing;
import dev.ahjo.core.status.StatusStore;
import dev.ahjo.http.exchange.Call;
import dev.ahjo.http.exchange.Lists;
import dev.ahjo.http.exchange.Obedience;
import dev.ahjo.http.exchange.Patience;
import dev.ahjo.http.exchange.Problem;
import dev.ahjo.http.exchange.Problem.Fault;
import dev.ahjo.http.exchange.Reply;
import dev.ahjo.http.exchange.Route;
import dev.ahjo.http.project.ProjectReader.FileProblem;
import dev.ahjo.http.project.ProjectReader.Read;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.apache.pekko.http.javadsl.model.HttpResponse;

/** Projects: listed, shown, defined by their file, removed. */
public final class ProjectRoutes {
  private final Farm farm;
  private final StatusStore status;
  private final ProjectReader reader;
  private final Patience patience;

  public ProjectRoutes(Farm farm, StatusStore status, ProjectReader reader, Patience patience) {
    this.farm = farm;
    this.status = status;
    this.reader = reader;
    this.patience = patience;
  }

  public List<Route> routes() {
    return List.of(
        Route.get("/api/v1/projects", this::list),
        Route.get("/api/v1/projects/{project}", this::show),
        Route.put("/api/v1/projects/{project}", this::define),
        Route.delete("/api/v1/projects/{project}", this::remove));
  }

  private HttpResponse list(Call call) {
    return Lists.answer(
        call,
        Listing.PROJECTS,
        status::projects,
        p -> p.removed() ? Optional.empty() : Optional.of(ProjectJson.of(p)));
  }

  private HttpResponse show(Call call) {
    call.allow(Set.of());
    ProjectName name = call.id("project", ProjectName::new);
    return Reply.json(
        call,
        patience
            .find(() -> status.project(name).filter(p -> !p.removed()))
            .map(ProjectJson::of)
            .orElseThrow(() -> Problem.notFound("project", name.value())));
  }

  /** What became of a project file; {@code changed} is false when it said what was so already. */
  record Defined(String name, boolean changed, List<Fault> warnings) {}

  private HttpResponse define(Call call) throws Exception {
    call.allow(Set.of());
    String name = call.text("project");
    Read read = reader.read(fileName(call), text(call));
    List<FileProblem> errors = read.problems().stream().filter(FileProblem::error).toList();
    if (!errors.isEmpty() || read.definition().isEmpty()) {
      throw new Problem(
          Problem.Kind.INVALID,
          "The project file has " + errors.size() + (errors.size() == 1 ? " error" : " errors"),
          faults(errors));
    }
    ProjectDefinition definition = read.definition().get();
    if (!definition.name().value().equals(name)) {
      String wrong =
          "expected the name of the address, '" + name + "', but found '" + definition.name() + "'";
      throw new Problem(
          Problem.Kind.INVALID, "project: " + wrong, List.of(Fault.field("project", wrong)));
    }
    return switch (Obedience.await(farm.define(definition, call.by()))) {
      case Answer.Done done ->
          Reply.json(call, new Defined(name, done.changed(), faults(read.problems())));
      case Answer.Refused refused -> throw Problem.of(refused.why());
    };
  }

  /** Whatever does not say that it is JSON is YAML: that covers what curl and editors send. */
  private static String fileName(Call call) {
    return call.text("project") + (call.bodyType().endsWith("json") ? ".json" : ".yaml");
  }

  private static String text(Call call) {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(call.body())).toString();
    } catch (CharacterCodingException notUtf8) {
      throw new Problem(Problem.Kind.MALFORMED, "The project file is not UTF-8");
    }
  }

  private static List<Fault> faults(List<FileProblem> problems) {
    return problems.stream().map(p -> Fault.place(p.line(), p.column(), p.message())).toList();
  }

  private HttpResponse remove(Call call) throws Exception {
    call.allow(Set.of());
    ProjectName name = call.id("project", ProjectName::new);
    return Obedience.obey("project", name.value(), farm.remove(name, call.by()));
  }
}
