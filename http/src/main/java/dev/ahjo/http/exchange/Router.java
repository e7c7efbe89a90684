package dev.ahjo.http.exchange;

import dev.ahjo.core.port.Entities;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.pekko.http.javadsl.model.HttpHeader;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.headers.RawHeader;
import org.apache.pekko.http.scaladsl.model.EntityStreamSizeException;
import org.apache.pekko.http.scaladsl.model.IllegalUriException;
import org.apache.pekko.japi.Pair;
import org.apache.pekko.stream.Materializer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds who answers a request, lets them answer on a thread that may wait, and turns whatever goes
 * wrong into a problem document. How many requests are under way is bounded by the connections.
 */
public final class Router {
  private static final Logger LOG = LoggerFactory.getLogger(Router.class);

  /** What every answer carries unless it has its own. */
  private static final List<RawHeader> SAFETY =
      List.of(
          RawHeader.create("X-Content-Type-Options", "nosniff"),
          RawHeader.create("Referrer-Policy", "same-origin"),
          RawHeader.create("Cross-Origin-Resource-Policy", "same-origin"),
          RawHeader.create(
              "Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"));

  private final List<Route> routes;
  private final Guard guard;
  private final int maxBody;
  private final Duration patience;
  private final Executor threads;
  private final Materializer materializer;
  private final Traffic traffic;
  private final String openToAgents;

  /**
   * @param openToAgents the template whose callers prove themselves in their own way
   * @param maxBody bytes of a body
   * @param patience the longest that a body may take to arrive
   * @param threads may be held up
   */
  public Router(
      List<Route> routes,
      Guard guard,
      int maxBody,
      Duration patience,
      Executor threads,
      Materializer materializer,
      Traffic traffic,
      String openToAgents) {
    this.routes = List.copyOf(routes);
    this.guard = guard;
    this.maxBody = maxBody;
    this.patience = patience;
    this.threads = threads;
    this.materializer = materializer;
    this.traffic = traffic;
    this.openToAgents = openToAgents;
  }

  /** Never fails: whatever happens is an answer. */
  public CompletionStage<HttpResponse> answer(HttpRequest request) {
    return CompletableFuture.supplyAsync(() -> answered(request), threads);
  }

  private HttpResponse answered(HttpRequest request) {
    long begun = System.nanoTime();
    String template = "none";
    HttpResponse answer;
    try {
      var found = find(request);
      template = found.route().template();
      answer = found.route().handler().answer(call(request, found));
    } catch (Exception | StackOverflowError e) {
      answer = refused(problem(request, e));
    }
    request.discardEntityBytes(materializer);
    traffic.count(
        request.method().value(), template, answer.status().intValue(), System.nanoTime() - begun);
    return safe(answer);
  }

  private record Found(Route route, Map<String, String> names) {}

  private Found find(HttpRequest request) {
    List<String> path = path(request);
    String method = request.method().value().equals("HEAD") ? "GET" : request.method().value();
    var allowed = new TreeSet<String>();
    for (Route route : routes) {
      Optional<Map<String, String>> names = route.match(path);
      if (names.isPresent()) {
        if (route.method().equals(method)) {
          return new Found(route, names.get());
        }
        allowed.add(route.method());
      }
    }
    if (allowed.isEmpty()) {
      throw new Problem(
          Problem.Kind.NOT_FOUND,
          "There is nothing at " + request.getUri().path() + " in this version");
    }
    if (allowed.contains("GET")) {
      allowed.add("HEAD");
    }
    String methods = String.join(", ", allowed);
    throw new Problem(
        Problem.Kind.METHOD_NOT_ALLOWED,
        "Expected one of " + methods + ", but found " + request.method().value(),
        List.of(),
        List.of(RawHeader.create("Allow", methods)));
  }

  private static List<String> path(HttpRequest request) {
    List<String> path = new ArrayList<>();
    request.getUri().pathSegments().forEach(path::add);
    if (path.isEmpty() || request.getUri().path().endsWith("/")) {
      path.add("");
    }
    return path;
  }

  private Call call(HttpRequest request, Found found) throws Exception {
    String template = found.route().template();
    boolean open =
        !template.startsWith("/api/") && !template.equals("/metrics")
            || openToAgents.equals(template);
    String by = guard.admit(request, open);
    List<Pair<String, String>> query = request.getUri().query().toList();
    return new Call(request, found.names(), query, body(request), by);
  }

  private byte[] body(HttpRequest request) throws Exception {
    var entity = request.entity();
    if (entity.isKnownEmpty()) {
      return new byte[0];
    }
    return entity
        .withSizeLimit(maxBody)
        .toStrict(patience.toMillis(), materializer)
        .toCompletableFuture()
        .get(patience.toMillis() + 1000, TimeUnit.MILLISECONDS)
        .getData()
        .toArray();
  }

  /** What went wrong, as the caller may know it. What is our own fault is logged in full. */
  private static Problem problem(HttpRequest request, Throwable e) {
    Throwable cause = e;
    while ((cause instanceof CompletionException || cause instanceof ExecutionException)
        && cause.getCause() != null) {
      cause = cause.getCause();
    }
    return switch (cause) {
      case Problem p -> p;
      case EntityStreamSizeException size ->
          new Problem(Problem.Kind.TOO_LARGE, "The body is larger than " + size.limit() + " bytes");
      case IllegalUriException uri ->
          new Problem(Problem.Kind.MALFORMED, "The address can't be read: " + uri.getMessage());
      case TimeoutException late when isBody(late) ->
          new Problem(Problem.Kind.TOO_SLOW, "The body did not arrive in time");
      case TimeoutException _ ->
          new Problem(
              Problem.Kind.UNAVAILABLE,
              "It is not known whether this was obeyed; say it again with the same"
                  + " Idempotency-Key");
      case UncheckedIOException unreadable -> {
        // A store that is away fails every question that is asked meanwhile.
        LOG.warn(
            "{} {} can't be read: {}",
            request.method().value(),
            request.getUri().path(),
            unreadable.getMessage());
        yield new Problem(
            Problem.Kind.UNAVAILABLE,
            "What is stored can't be read now; the node's log tells more");
      }
      case Entities.Broken broken -> {
        LOG.error(
            "{} {}: {}", request.method().value(), request.getUri().path(), broken.getMessage());
        yield new Problem(Problem.Kind.INTERNAL, String.valueOf(broken.getMessage()));
      }
      default -> {
        LOG.error("{} {} failed", request.method().value(), request.getUri().path(), cause);
        yield new Problem(
            Problem.Kind.INTERNAL,
            "The node's log tells more: " + cause.getClass().getSimpleName());
      }
    };
  }

  private static boolean isBody(TimeoutException e) {
    return String.valueOf(e.getMessage()).contains("HttpEntity.toStrict");
  }

  private static HttpResponse refused(Problem problem) {
    HttpResponse answer = Reply.problem(problem);
    return switch (problem.kind()) {
      case UNAUTHENTICATED -> answer.addHeader(RawHeader.create("WWW-Authenticate", "Bearer"));
      case UNAVAILABLE, LIMIT_REACHED -> answer.addHeader(RawHeader.create("Retry-After", "1"));
      case TOO_LARGE, TOO_SLOW -> answer.addHeader(HttpHeader.parse("Connection", "close"));
      default -> answer;
    };
  }

  private static HttpResponse safe(HttpResponse answer) {
    List<HttpHeader> missing = new ArrayList<>();
    for (RawHeader header : SAFETY) {
      if (answer.getHeader(header.name()).isEmpty()) {
        missing.add(header);
      }
    }
    return answer.addHeaders(missing);
  }
}
