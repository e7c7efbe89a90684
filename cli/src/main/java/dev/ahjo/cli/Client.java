package dev.ahjo.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import dev.ahjo.core.id.Ids;
import dev.ahjo.wire.tls.Distrust;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * A node's HTTP interface, as {@code /api/v1} describes it. Every call either answers, throws
 * {@link Unreachable} (asking again may help) or {@link Problem} (the node said no). Safe for many
 * threads.
 */
public final class Client implements AutoCloseable {
  public static final ObjectMapper JSON = JsonMapper.builder().build();

  private static final SecureRandom CHANCE = new SecureRandom();

  private static final Duration CONNECT = Duration.ofSeconds(5);
  private static final Duration ANSWER = Duration.ofSeconds(30);

  /** The most that an answer may hold: a page of 1,000 items is far below it. */
  private static final int MAX_ANSWER = 64 * 1024 * 1024;

  /** The most items that {@link #items} collects from page after page. */
  private static final int PAGE = 1000;

  private final HttpClient http;
  private final URI base;
  private final Optional<String> token;
  private final Trust trust;

  /**
   * @param base where the node is, such as {@code http://localhost:8010}
   */
  public Client(URI base, Optional<String> token) {
    this(base, token, Trust.SYSTEM);
  }

  /**
   * @param base where the node is, such as {@code https://builds.example.org:8010}
   * @param trust who must have signed its certificate
   */
  public Client(URI base, Optional<String> token, Trust trust) {
    String text = base.toString();
    this.base = URI.create(text.endsWith("/") ? text.substring(0, text.length() - 1) : text);
    this.token = token;
    this.trust = trust;
    HttpClient.Builder builder =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(CONNECT)
            .followRedirects(HttpClient.Redirect.NORMAL);
    trust.context().ifPresent(builder::sslContext);
    this.http = builder.build();
  }

  public URI base() {
    return base;
  }

  /** A path below {@code /api/v1} of segments that may hold anything. */
  public static String path(String... segments) {
    return Arrays.stream(segments)
        .map(segment -> "/" + encode(segment))
        .collect(Collectors.joining("", "/api/v1", ""));
  }

  public static String encode(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
  }

  public JsonNode get(String path) {
    return json("GET " + path, send(request(path).timeout(ANSWER).GET().build()));
  }

  /** Up to {@code max} items of a list, over as many pages as that takes. */
  public ArrayNode items(String path, int max) {
    ArrayNode all = JSON.createArrayNode();
    String after = "";
    do {
      String page =
          path
              + (path.contains("?") ? "&" : "?")
              + "limit="
              + Math.min(PAGE, max - all.size())
              + (after.isEmpty() ? "" : "&after=" + encode(after));
      JsonNode answer = get(page);
      answer.path("items").forEach(all::add);
      after = answer.path("next").asText("");
    } while (!after.isEmpty() && !after.equals("null") && all.size() < max);
    return all;
  }

  /**
   * Posts {@code body}, or nothing. The write carries a key of its own and is said a second time
   * when the connection breaks before the answer, so it is obeyed once.
   */
  public JsonNode post(String path, JsonNode body) {
    String key = freshKey();
    try {
      return post(path, body, key);
    } catch (Unreachable broken) {
      if (broken.getCause() instanceof java.net.ConnectException) {
        throw broken;
      }
      return post(path, body, key);
    }
  }

  /** One that tells when it was made, so that what is made under it sorts by time. */
  private static String freshKey() {
    return Ids.at(Instant.now(), CHANCE.nextInt(1 << 16), CHANCE.nextLong());
  }

  /** Posts under a key of the caller's, who may say it again until an answer comes. */
  public JsonNode post(String path, JsonNode body, String idempotencyKey) {
    HttpRequest.Builder request =
        request(path).timeout(ANSWER).header("Idempotency-Key", idempotencyKey);
    if (body.isMissingNode()) {
      request.POST(BodyPublishers.noBody());
    } else {
      request
          .header("Content-Type", "application/json")
          .POST(BodyPublishers.ofString(body.toString()));
    }
    return json("POST " + path, send(request.build()));
  }

  public JsonNode post(String path) {
    return post(path, MissingNode.getInstance());
  }

  /** Puts a text, such as a project file of {@code application/yaml}. */
  public JsonNode put(String path, String contentType, byte[] body) {
    return json(
        "PUT " + path,
        send(
            request(path)
                .timeout(ANSWER)
                .header("Content-Type", contentType)
                .header("Idempotency-Key", freshKey())
                .PUT(BodyPublishers.ofByteArray(body))
                .build()));
  }

  /**
   * Opens a body that is read as it grows, such as a log that is followed; from byte {@code from}
   * on. Empty when there is nothing from there on (yet).
   */
  public Optional<InputStream> stream(String path, long from, String accept) {
    HttpRequest.Builder request = request(path).header("Accept", accept);
    if (from > 0) {
      request.header("Range", "bytes=" + from + "-");
    }
    HttpResponse<InputStream> answer = send(request.GET().build());
    try {
      return switch (answer.statusCode()) {
        case 200 -> {
          // A server that does not know ranges sends all of it again.
          answer.body().skipNBytes(from);
          yield Optional.of(answer.body());
        }
        case 206 -> Optional.of(answer.body());
        case 416, 204 -> {
          answer.body().close();
          yield Optional.empty();
        }
        default -> {
          json("GET " + path, answer);
          throw new Problem(answer.statusCode(), "GET " + path + ": unexpected answer");
        }
      };
    } catch (IOException broken) {
      throw failed(broken);
    }
  }

  /** A stream of server-sent events, resumed after {@code lastEventId} unless that is empty. */
  public InputStream events(String path, String lastEventId) {
    HttpRequest.Builder request = request(path).header("Accept", "text/event-stream");
    if (!lastEventId.isEmpty()) {
      request.header("Last-Event-ID", lastEventId);
    }
    HttpResponse<InputStream> answer = send(request.GET().build());
    if (answer.statusCode() != 200) {
      json("GET " + path, answer);
    }
    return answer.body();
  }

  /** A body as text, such as the metrics. */
  public String text(String path) {
    HttpResponse<InputStream> answer = send(request(path).timeout(ANSWER).GET().build());
    byte[] body = body(answer);
    if (answer.statusCode() >= 400) {
      throw Problem.of(answer.statusCode(), "GET " + path, parse(body));
    }
    return new String(body, StandardCharsets.UTF_8);
  }

  private HttpRequest.Builder request(String path) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(base + path)).header("User-Agent", "ahjo");
    token.ifPresent(secret -> request.header("Authorization", "Bearer " + secret));
    return request;
  }

  private HttpResponse<InputStream> send(HttpRequest request) {
    try {
      return http.send(request, BodyHandlers.ofInputStream());
    } catch (IOException broken) {
      throw failed(broken);
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
      throw new CommandFailed(Exit.CANCELLED, "Interrupted", stopped);
    }
  }

  /** Who is not believed now will not be believed when asked again. */
  private CommandFailed failed(IOException broken) {
    Optional<String> distrust = Distrust.told(broken, base.toString(), trust.authority());
    if (distrust.isPresent()) {
      return new CommandFailed(Exit.UNREACHABLE, distrust.get(), broken);
    }
    String why = broken.getMessage();
    return new Unreachable(
        "Could not reach a node at "
            + base
            + (why == null || why.isEmpty() ? "" : " (" + why + ")")
            + ("http".equals(base.getScheme()) && !(broken instanceof java.net.ConnectException)
                ? ": is it running, or is it https?"
                : ": is it running?")
            + " `ahjo up` starts one; --url or AHJO_URL names another",
        broken);
  }

  private JsonNode json(String what, HttpResponse<InputStream> answer) {
    byte[] body = body(answer);
    if (answer.statusCode() >= 400) {
      throw Problem.of(answer.statusCode(), what, parse(body));
    }
    JsonNode document = parse(body);
    if (document.isMissingNode() && body.length > 0) {
      throw new Problem(
          answer.statusCode(), what + ": " + base + " does not answer as an Ahjo node does");
    }
    return document;
  }

  private byte[] body(HttpResponse<InputStream> answer) {
    try (InputStream body = answer.body()) {
      byte[] bytes = body.readNBytes(MAX_ANSWER + 1);
      if (bytes.length > MAX_ANSWER) {
        throw new Problem(answer.statusCode(), "The answer is over " + MAX_ANSWER + " bytes long");
      }
      return bytes;
    } catch (IOException broken) {
      throw failed(broken);
    }
  }

  private static JsonNode parse(byte[] body) {
    try {
      return JSON.readTree(new String(body, StandardCharsets.UTF_8));
    } catch (JsonProcessingException notJson) {
      return MissingNode.getInstance();
    }
  }

  @Override
  public void close() {
    // shutdownNow, not close: close would wait for streams that nobody reads any more.
    http.shutdownNow();
  }
}
