package dev.ahjo.http.status;

import dev.ahjo.core.Rules;
import dev.ahjo.core.kernel.EntityType;
import dev.ahjo.http.exchange.Call;
import dev.ahjo.http.exchange.Conversation;
import dev.ahjo.http.exchange.Problem;
import dev.ahjo.http.exchange.Route;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.apache.pekko.Done;
import org.apache.pekko.NotUsed;
import org.apache.pekko.http.javadsl.model.HttpEntities;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.MediaTypes;
import org.apache.pekko.http.javadsl.model.headers.RawHeader;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.util.ByteString;

/** Live events, as server-sent events. */
public final class EventRoutes {
  private static final Set<String> KINDS =
      Arrays.stream(EntityType.values())
          .flatMap(type -> Arrays.stream(Rules.facts(type).getPermittedSubclasses()))
          .map(fact -> snake(fact.getSimpleName()))
          .collect(Collectors.toUnmodifiableSet());

  private static final ByteString STILL_HERE = ByteString.fromString(":\n\n");

  private final EventHub hub;
  private final Duration keepAlive;
  private final Executor threads;

  /**
   * @param threads may be held up
   */
  public EventRoutes(EventHub hub, Duration keepAlive, Executor threads) {
    this.hub = hub;
    this.keepAlive = keepAlive;
    this.threads = threads;
  }

  public List<Route> routes() {
    return List.of(Route.get("/api/v1/events", this::events));
  }

  private static String snake(String name) {
    return name.replaceAll("(?<!^)([A-Z])", "_$1").toLowerCase(Locale.ROOT);
  }

  private HttpResponse events(Call call) {
    call.allow(Set.of("project", "kind"));
    Set<String> projects = new HashSet<>(call.parameters("project"));
    Set<String> kinds = new HashSet<>(call.parameters("kind"));
    for (String kind : kinds) {
      if (!KINDS.contains(kind)) {
        throw Problem.parameter(
            "kind", "expected a kind of event such as build_finished, but found '" + kind + "'");
      }
    }
    Optional<EventPosition> resume =
        call.header("Last-Event-ID").filter(id -> !id.isBlank()).map(EventPosition::parse);
    HttpResponse answer =
        HttpResponse.create()
            .addHeader(RawHeader.create("Cache-Control", "no-store"))
            .addHeader(RawHeader.create("X-Accel-Buffering", "no"));
    var type = MediaTypes.TEXT_EVENT_STREAM.toContentType();
    if (call.head()) {
      return answer.withEntity(HttpEntities.create(type, ByteString.emptyByteString()));
    }
    return Conversation.streaming(
        answer,
        source(
            e ->
                (projects.isEmpty() || e.project().filter(projects::contains).isPresent())
                    && (kinds.isEmpty() || kinds.contains(e.kind())),
            resume),
        body -> HttpEntities.create(type, body));
  }

  private Source<ByteString, NotUsed> source(
      Predicate<EventJson> wanted, Optional<EventPosition> resume) {
    // The feed opens with its reader and closes with it: an answer never read leaves nothing.
    return Source.unfoldResourceAsync(
            () ->
                CompletableFuture.supplyAsync(() -> new Reader(hub.open(wanted, resume)), threads),
            Reader::next,
            reader -> {
              reader.close();
              return CompletableFuture.completedFuture(Done.getInstance());
            })
        .keepAlive(keepAlive, () -> STILL_HERE);
  }
}
