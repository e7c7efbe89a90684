package dev.ahjo.core.status;

import dev.ahjo.core.buildset.Buildset;
import dev.ahjo.core.id.BuildKey;
import dev.ahjo.core.id.BuildsetId;
import dev.ahjo.core.id.RequestId;
import dev.ahjo.core.kernel.EntityRef;
import dev.ahjo.core.project.Result;
import dev.ahjo.core.request.WaitReason;
import dev.ahjo.core.status.BuildsetView.NodeView;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;

/** What a buildset's facts mean to its view, and to the requests that have not been opened yet. */
final class BuildsetProjection {
  private final Views views;

  BuildsetProjection(Views views) {
    this.views = views;
  }

  boolean apply(EntityRef entity, Instant at, Buildset.Fact fact) {
    if (fact instanceof Buildset.Fact.BuildsetOpened f) {
      open(f, at);
      return true;
    }
    var known = views.buildset(new BuildsetId(entity.id()));
    known.ifPresent(v -> views.put(after(v, at, fact)));
    return known.isPresent();
  }

  private BuildsetView after(BuildsetView v, Instant at, Buildset.Fact fact) {
    return switch (fact) {
      case Buildset.Fact.BuildsetOpened _, Buildset.Fact.BuildsetCancelled _ -> v;
      case Buildset.Fact.RequestUnblocked f ->
          node(v, f.request(), n -> with(n, "open", Optional.empty(), n.build()));
      case Buildset.Fact.RequestSkipped f -> {
        neverOpened(f.request(), "finished", Result.SKIPPED, f.because(), at);
        yield node(v, f.request(), n -> with(n, "ended", Optional.of(Result.SKIPPED), n.build()));
      }
      case Buildset.Fact.RequestEnded f -> {
        if (f.result() == Result.CANCELLED) {
          neverOpened(f.request(), "cancelled", Result.CANCELLED, "the buildset was cancelled", at);
        }
        yield node(
            v, f.request(), n -> with(n, "ended", Optional.of(f.result()), f.build().or(n::build)));
      }
      case Buildset.Fact.BuildsetFinished f ->
          new BuildsetView(
              v.id(),
              v.project(),
              v.reason(),
              v.by(),
              v.priority(),
              "finished",
              Optional.of(f.result()),
              v.nodes(),
              v.submittedAt(),
              Optional.of(at));
    };
  }

  private void open(Buildset.Fact.BuildsetOpened f, Instant at) {
    List<NodeView> nodes =
        f.nodes().stream()
            .map(n ->
                new NodeView(
                    n.request(),
                    n.spec().builder(),
                    n.needs().stream().sorted().toList(),
                    "blocked",
                    Optional.empty(),
                    Optional.empty()))
            .toList();
    views.put(
        new BuildsetView(
            f.id(),
            f.project(),
            f.reason(),
            f.by(),
            f.priority(),
            "open",
            Optional.empty(),
            nodes,
            f.at(),
            Optional.empty()));
    for (Buildset.Node node : f.nodes()) {
      var stamps = node.spec().plan().stamps();
      views.put(
          new RequestView(
              node.request(),
              node.spec().builder(),
              f.id(),
              "blocked",
              Optional.empty(),
              Optional.empty(),
              f.priority(),
              f.reason(),
              f.by(),
              stamps.isEmpty() ? "" : stamps.getFirst().branch(),
              node.needs().stream().sorted().toList(),
              List.of(),
              node.needs().isEmpty()
                  ? List.of()
                  : List.of(
                      new RequestView.Wait(
                          at,
                          WaitReason.Code.NEEDS_UNFINISHED.label(),
                          "waits for the builders it needs")),
              f.at(),
              Optional.empty(),
              Optional.empty(),
              Optional.empty()));
    }
  }

  private static BuildsetView node(
      BuildsetView v, RequestId request, UnaryOperator<NodeView> change) {
    return new BuildsetView(
        v.id(),
        v.project(),
        v.reason(),
        v.by(),
        v.priority(),
        v.state(),
        v.result(),
        v.nodes().stream().map(n -> n.request().equals(request) ? change.apply(n) : n).toList(),
        v.submittedAt(),
        v.finishedAt());
  }

  private static NodeView with(
      NodeView n, String state, Optional<Result> result, Optional<BuildKey> build) {
    return new NodeView(n.request(), n.builder(), n.needs(), state, result, build);
  }

  /** A request that its buildset ended before it was opened has no facts of its own. */
  private void neverOpened(
      RequestId request, String state, Result result, String because, Instant at) {
    views
        .request(request)
        .filter(r -> r.state().equals("blocked"))
        .ifPresent(
            r -> views.put(RequestProjection.ended(r, state, result, Optional.of(because), at)));
  }
}
