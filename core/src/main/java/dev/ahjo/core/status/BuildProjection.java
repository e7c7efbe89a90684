package dev.ahjo.core.status;

import dev.ahjo.core.build.Build;
import dev.ahjo.core.builder.Builder;
import dev.ahjo.core.buildset.SourceStamp;
import dev.ahjo.core.id.BuildKey;
import dev.ahjo.core.id.WorkerName;
import dev.ahjo.core.kernel.EntityRef;
import dev.ahjo.core.project.Result;
import dev.ahjo.core.project.StepDefinition;
import dev.ahjo.core.property.Property;
import dev.ahjo.core.property.Template;
import dev.ahjo.core.request.Ending;
import dev.ahjo.core.status.BuildView.StepView;
import dev.ahjo.core.status.BuildView.StreamView;
import dev.ahjo.core.step.StepReport.StepOutcome;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;

/** What a build's facts mean to its view. */
final class BuildProjection {
  /** Stands where a build never got as far as its worker. */
  private static final WorkerName NO_WORKER = new WorkerName("none");

  private final Views views;

  BuildProjection(Views views) {
    this.views = views;
  }

  boolean apply(EntityRef entity, Instant at, Build.Fact fact) {
    if (fact instanceof Build.Fact.BuildStarted f) {
      views.put(begun(f, at));
      return true;
    }
    var known = views.build(BuildKey.parse(entity.id()));
    known.ifPresent(v -> views.put(after(v, at, fact)));
    return known.isPresent();
  }

  /** A build that has a number and never began: numbers have no gaps for readers either. */
  boolean voided(Builder.Fact.BuildVoided f, Instant at) {
    var request = views.request(f.attempt().request());
    request.ifPresent(r ->
        views.put(
            new BuildView(
                f.build(),
                r.id(),
                r.buildset(),
                f.attempt().number(),
                NO_WORKER,
                r.reason(),
                "finished",
                Optional.of(Result.CANCELLED),
                Optional.of("its request had ended before the build began"),
                List.of(),
                Map.of(),
                List.of(),
                r.submittedAt(),
                Optional.empty(),
                Optional.of(at))));
    return request.isPresent();
  }

  private BuildView begun(Build.Fact.BuildStarted f, Instant at) {
    var body = f.body();
    var request = views.request(body.attempt().request());
    List<StepView> steps = new ArrayList<>();
    for (StepDefinition step : body.plan().steps()) {
      steps.add(pending(steps.size(), step));
    }
    return new BuildView(
        body.build(),
        body.attempt().request(),
        body.buildset(),
        body.attempt().number(),
        body.worker(),
        request.map(RequestView::reason).orElse(""),
        "starting",
        Optional.empty(),
        Optional.empty(),
        body.plan().stamps(),
        body.plan().properties(),
        steps,
        request.map(RequestView::submittedAt).orElse(at),
        Optional.of(at),
        Optional.empty());
  }

  private static StepView pending(int index, StepDefinition step) {
    return new StepView(
        index,
        step.name(),
        kind(step.kind()),
        command(step.kind()),
        "pending",
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        OptionalInt.empty(),
        Optional.empty(),
        Optional.empty(),
        List.of(),
        Optional.empty(),
        0);
  }

  private static String kind(StepDefinition.Kind kind) {
    return switch (kind) {
      case StepDefinition.Kind.Git _ -> "git";
      case StepDefinition.Kind.Run _ -> "run";
      case StepDefinition.Kind.Upload _ -> "upload";
      case StepDefinition.Kind.Download _ -> "download";
    };
  }

  private static String command(StepDefinition.Kind kind) {
    return switch (kind) {
      case StepDefinition.Kind.Git g -> "git checkout of " + g.repository();
      case StepDefinition.Kind.Run r ->
          r.command().stream().map(Template::toString).collect(Collectors.joining(" "));
      case StepDefinition.Kind.Upload u -> "upload " + u.files();
      case StepDefinition.Kind.Download d -> "download " + d.files() + " of " + d.builder();
    };
  }

  private static BuildView after(BuildView v, Instant at, Build.Fact fact) {
    return switch (fact) {
      case Build.Fact.BuildStarted _ -> v;
      case Build.Fact.PlanKept _ -> state(v, "running", v.detail());
      case Build.Fact.RevisionFound f -> stamped(v, f.repository(), f.revision());
      case Build.Fact.StepStarted f -> step(v, f.step(), s -> running(s, f.at()));
      case Build.Fact.PropertySet f -> propertied(v, f);
      case Build.Fact.StepEnded f -> step(v, f.step(), s -> ended(s, f.at(), f.outcome()));
      case Build.Fact.BuildStopWanted f ->
          state(v, "stopping", Optional.of(RequestProjection.by("stopped", f.by(), f.reason())));
      case Build.Fact.BuildFinished f ->
          new BuildView(
              v.key(),
              v.request(),
              v.buildset(),
              v.attempt(),
              v.worker(),
              v.reason(),
              "finished",
              Optional.of(f.result()),
              f.ending() instanceof Ending.Transient t ? Optional.of(t.detail()) : v.detail(),
              v.stamps(),
              v.properties(),
              v.steps().stream().map(s -> overtaken(s, f.result(), at)).toList(),
              v.submittedAt(),
              v.startedAt(),
              Optional.of(at));
    };
  }

  /** A step that had not ended when its build did will say no more. */
  private static StepView overtaken(StepView s, Result build, Instant at) {
    return switch (s.state()) {
      case "running" ->
          with(
              s,
              "finished",
              Optional.of(build == Result.CANCELLED ? Result.CANCELLED : Result.RETRY),
              s.startedAt(),
              Optional.of(at));
      case "pending" ->
          with(s, "finished", Optional.of(Result.SKIPPED), Optional.empty(), Optional.empty());
      default -> s;
    };
  }

  private static StepView running(StepView s, Instant at) {
    return with(s, "running", Optional.empty(), Optional.of(at), Optional.empty());
  }

  private static StepView with(
      StepView s,
      String state,
      Optional<Result> result,
      Optional<Instant> startedAt,
      Optional<Instant> finishedAt) {
    return new StepView(
        s.index(),
        s.name(),
        s.kind(),
        s.command(),
        state,
        result,
        startedAt,
        finishedAt,
        s.exitCode(),
        s.signal(),
        s.problem(),
        s.streams(),
        s.tests(),
        s.warnings());
  }

  private static StepView ended(StepView s, Instant at, StepOutcome o) {
    return new StepView(
        s.index(),
        s.name(),
        s.kind(),
        s.command(),
        "finished",
        Optional.of(o.result()),
        s.startedAt(),
        Optional.of(at),
        o.exitCode(),
        o.signal(),
        o.problem(),
        o.streams().stream().map(x -> new StreamView(x.name(), x.artifact(), x.size())).toList(),
        o.tests(),
        o.warnings());
  }

  private static BuildView step(BuildView v, int index, UnaryOperator<StepView> change) {
    List<StepView> steps = new ArrayList<>(v.steps());
    steps.set(index, change.apply(steps.get(index)));
    return copy(v, v.state(), v.detail(), v.stamps(), v.properties(), steps);
  }

  private static BuildView state(BuildView v, String state, Optional<String> detail) {
    return copy(v, state, detail, v.stamps(), v.properties(), v.steps());
  }

  private static BuildView stamped(BuildView v, String repository, String revision) {
    List<SourceStamp> stamps =
        v.stamps().stream()
            .map(s ->
                s.repository().equals(repository)
                    ? new SourceStamp(s.repository(), s.url(), s.branch(), Optional.of(revision))
                    : s)
            .toList();
    return copy(v, v.state(), v.detail(), stamps, v.properties(), v.steps());
  }

  private static BuildView propertied(BuildView v, Build.Fact.PropertySet f) {
    Map<String, Property> properties = new HashMap<>(v.properties());
    properties.put(f.name(), new Property(f.value(), "step " + v.steps().get(f.step()).name()));
    return copy(v, v.state(), v.detail(), v.stamps(), properties, v.steps());
  }

  private static BuildView copy(
      BuildView v,
      String state,
      Optional<String> detail,
      List<SourceStamp> stamps,
      Map<String, Property> properties,
      List<StepView> steps) {
    return new BuildView(
        v.key(),
        v.request(),
        v.buildset(),
        v.attempt(),
        v.worker(),
        v.reason(),
        state,
        v.result(),
        detail,
        stamps,
        properties,
        steps,
        v.submittedAt(),
        v.startedAt(),
        v.finishedAt());
  }
}
