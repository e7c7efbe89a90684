package dev.ahjo.http.log;

import dev.ahjo.core.id.BuildKey;
import dev.ahjo.core.log.StreamKey;
import dev.ahjo.core.port.StreamStore;
import dev.ahjo.core.port.StreamStore.Extent;
import dev.ahjo.core.status.BuildView;
import dev.ahjo.core.status.BuildView.StepView;
import dev.ahjo.core.status.StatusStore;
import dev.ahjo.http.exchange.Call;
import dev.ahjo.http.exchange.Lists;
import dev.ahjo.http.exchange.Patience;
import dev.ahjo.http.exchange.Problem;
import dev.ahjo.http.exchange.Route;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Executor;
import org.apache.pekko.http.javadsl.model.ContentType;
import org.apache.pekko.http.javadsl.model.ContentTypes;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.headers.RawHeader;

/** Logs and artifacts: their bytes as they are. */
public final class LogRoutes {
  private static final String BUILD = "/api/v1/builds/{project}/{builder}/{number}";
  private static final String MAIN_LOG = "stdio";

  private final StatusStore status;
  private final StreamStore store;
  private final Streams streams;
  private final Patience patience;

  /**
   * @param threads may be held up
   */
  public LogRoutes(
      StatusStore status, StreamStore store, Endings endings, Patience patience, Executor threads) {
    this.status = status;
    this.store = store;
    this.streams = new Streams(store, status, endings, threads);
    this.patience = patience;
  }

  public List<Route> routes() {
    return List.of(
        Route.get(BUILD + "/steps/{step}/logs", this::logs),
        Route.get(BUILD + "/steps/{step}/logs/{log}", this::log),
        Route.get(BUILD + "/artifacts", this::artifacts),
        Route.get(BUILD + "/artifacts/{path*}", this::artifact));
  }

  private BuildView build(Call call) {
    BuildKey key = call.build();
    return patience
        .find(() -> status.build(key))
        .orElseThrow(() -> Problem.notFound("build", key.toString()));
  }

  private static StepView step(Call call, BuildView build) {
    String text = call.text("step");
    return build.steps().stream()
        .filter(s -> Integer.toString(s.index()).equals(text))
        .findFirst()
        .orElseThrow(() -> Problem.notFound("step of " + build.key(), text));
  }

  /** A log or artifact, its bytes by now, and whether there will be no more. */
  record LogJson(String name, long size, boolean complete) {}

  private HttpResponse logs(Call call) {
    BuildView build = build(call);
    StepView step = step(call, build);
    List<LogJson> logs = new ArrayList<>();
    for (StreamKey key : store.streams(build.key())) {
      if (key.step() == step.index() && key.kind() == StreamKey.Kind.LOG) {
        store.extent(key).ifPresent(e -> logs.add(new LogJson(key.name(), e.size(), e.closed())));
      }
    }
    return Lists.inOne(call, logs, LogJson::name);
  }

  private HttpResponse log(Call call) {
    call.allow(Set.of("follow"));
    boolean follow = call.flag("follow");
    BuildView build = build(call);
    StepView step = step(call, build);
    var key = new StreamKey(build.key(), step.index(), StreamKey.Kind.LOG, call.text("log"));
    Optional<Extent> extent = store.extent(key);
    Optional<Long> told =
        step.streams().stream()
            .filter(s -> !s.artifact() && s.name().equals(key.name()))
            .map(s -> s.size())
            .findFirst();
    // A step's end may be known before the store has taken its first byte; a build's never is.
    boolean onItsWay =
        told.filter(size -> size > 0).isPresent() && !build.state().equals("finished");
    if (follow && !call.head() && extent.filter(Extent::closed).isEmpty()) {
      boolean mayCome = key.name().equals(MAIN_LOG) && !step.state().equals("finished");
      if (extent.isPresent() || mayCome || onItsWay) {
        return streams.followed(call, key, extent, ContentTypes.TEXT_PLAIN_UTF8);
      }
    }
    boolean saidNothing = told.filter(size -> size == 0).isPresent();
    return streams.stored(
        call,
        key,
        extent
            .or(() ->
                saidNothing || onItsWay
                    ? Optional.of(new Extent(0, saidNothing))
                    : Optional.empty())
            .orElseThrow(() ->
                Problem.notFound("log of step " + step.index() + " of " + build.key(), key.name())),
        ContentTypes.TEXT_PLAIN_UTF8);
  }

  /** An artifact: its path, the step that left it, its bytes, and whether all are there. */
  record ArtifactJson(String path, int step, long size, boolean complete) {}

  private HttpResponse artifacts(Call call) {
    BuildView build = build(call);
    List<ArtifactJson> artifacts = new ArrayList<>();
    newest(build.key())
        .forEach((path, key) ->
            store
                .extent(key)
                .ifPresent(
                    e -> artifacts.add(new ArtifactJson(path, key.step(), e.size(), e.closed()))));
    return Lists.inOne(call, artifacts, ArtifactJson::path);
  }

  /** The artifacts by path; when steps left the same one, the last step's counts. */
  private Map<String, StreamKey> newest(BuildKey build) {
    Map<String, StreamKey> newest = new TreeMap<>();
    for (StreamKey key : store.streams(build)) {
      if (key.kind() == StreamKey.Kind.ARTIFACT) {
        newest.merge(key.name(), key, (a, b) -> a.step() > b.step() ? a : b);
      }
    }
    return newest;
  }

  private HttpResponse artifact(Call call) {
    call.allow(Set.of());
    BuildView build = build(call);
    String path = call.text("path");
    // Only what the store itself lists is read: no path of a caller's ever reaches a disk.
    StreamKey key = newest(build.key()).get(path);
    Optional<Extent> extent = key == null ? Optional.empty() : store.extent(key);
    if (key == null || extent.isEmpty()) {
      throw Problem.notFound("artifact of " + build.key(), path);
    }
    ContentType type = ContentTypes.APPLICATION_OCTET_STREAM;
    return streams
        .stored(call, key, extent.get(), type)
        .addHeader(RawHeader.create("Content-Disposition", disposition(path)))
        .addHeader(RawHeader.create("Content-Security-Policy", "sandbox; default-src 'none'"));
  }

  /** Always saved, never shown; the name in ASCII for old programs and in UTF-8 for others. */
  static String disposition(String path) {
    String name = path.substring(path.lastIndexOf('/') + 1);
    StringBuilder plain = new StringBuilder();
    StringBuilder encoded = new StringBuilder();
    for (byte b : name.getBytes(StandardCharsets.UTF_8)) {
      char c = (char) (b & 0xff);
      boolean letter = c < 128 && (Character.isLetterOrDigit(c) || "._-+".indexOf(c) >= 0);
      plain.append(letter ? c : '_');
      encoded.append(letter && c != '+' ? Character.toString(c) : "%%%02X".formatted((int) c));
    }
    return "attachment; filename=\"" + plain + "\"; filename*=UTF-8''" + encoded;
  }
}
