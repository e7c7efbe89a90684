package dev.ahjo.http.exchange;

import dev.ahjo.core.id.BuildKey;
import dev.ahjo.core.id.BuilderKey;
import dev.ahjo.core.id.BuilderName;
import dev.ahjo.core.id.ProjectName;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import org.apache.pekko.http.javadsl.model.AttributeKeys;
import org.apache.pekko.http.javadsl.model.HttpHeader;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.apache.pekko.http.javadsl.model.ws.WebSocketUpgrade;
import org.apache.pekko.japi.Pair;

/** One request, as its handler sees it. */
public final class Call {
  /** Who writes, where nobody had to say so. */
  public static final String SOMEBODY = "somebody";

  private final HttpRequest http;
  private final Map<String, String> path;
  private final List<Pair<String, String>> query;
  private final byte[] body;
  private final String by;

  Call(
      HttpRequest http,
      Map<String, String> path,
      List<Pair<String, String>> query,
      byte[] body,
      String by) {
    this.http = http;
    this.path = path;
    this.query = query;
    this.body = body;
    this.by = by;
  }

  /** Who asks: the name of the token, or {@link #SOMEBODY}. */
  public String by() {
    return by;
  }

  public byte[] body() {
    return body;
  }

  public boolean head() {
    return http.method().value().equals("HEAD");
  }

  public Optional<String> header(String name) {
    return http.getHeader(name).map(HttpHeader::value);
  }

  /** The way to a WebSocket, if that is what the caller wants. */
  public Optional<WebSocketUpgrade> webSocket() {
    return http.getAttribute(AttributeKeys.webSocketUpgrade);
  }

  /** The address that the call comes from, for people. */
  public String from() {
    return http.getAttribute(AttributeKeys.remoteAddress)
        .map(address -> address.toString())
        .orElse("an unknown address");
  }

  /** The media type of the body, in lower case, without parameters; empty if none is given. */
  public String bodyType() {
    var type = http.entity().getContentType().mediaType();
    return http.entity().isKnownEmpty()
            || type.toString().equals("application/octet-stream")
            || type.toString().equals("none/none")
        ? ""
        : type.mainType() + "/" + type.subType();
  }

  /** The segment of the path that the template calls {@code name}, as it came. */
  public String text(String name) {
    String value = path.get(name);
    if (value == null) {
      throw new IllegalArgumentException("The route has no segment " + name);
    }
    return value;
  }

  /** A segment as an id; what is no valid one can't exist. */
  public <T> T id(String name, Function<String, T> type) {
    try {
      return type.apply(text(name));
    } catch (IllegalArgumentException notOne) {
      throw Problem.notFound(name, text(name));
    }
  }

  public BuilderKey builder() {
    return new BuilderKey(id("project", ProjectName::new), id("builder", BuilderName::new));
  }

  /** The build of a path of project, builder and number. */
  public BuildKey build() {
    var builder = builder();
    try {
      return new BuildKey(builder, Long.parseLong(text("number")));
    } catch (IllegalArgumentException notOne) {
      throw Problem.notFound("build", builder + "#" + text("number"));
    }
  }

  /** The only value of a parameter, if it is there. */
  public Optional<String> parameter(String name) {
    List<String> values = parameters(name);
    if (values.size() > 1) {
      throw Problem.parameter(name, "expected once, but found " + values.size() + " times");
    }
    return values.stream().findFirst();
  }

  public boolean flag(String name) {
    return parameter(name)
        .map(value ->
            switch (value) {
              case "true", "" -> true;
              case "false" -> false;
              default ->
                  throw Problem.parameter(
                      name, "expected true or false, but found '" + value + "'");
            })
        .orElse(false);
  }

  public List<String> parameters(String name) {
    return query.stream().filter(p -> p.first().equals(name)).map(Pair::second).toList();
  }

  /** Refuses any parameter that is not among {@code known}. */
  public void allow(Set<String> known) {
    for (var parameter : query) {
      if (!known.contains(parameter.first())) {
        String expected =
            known.isEmpty()
                ? "no parameter"
                : "one of " + String.join(", ", known.stream().sorted().toList());
        throw new Problem(
            Problem.Kind.UNKNOWN_PARAMETER,
            "There is no parameter '" + parameter.first() + "' here: expected " + expected,
            List.of(Problem.Fault.field(parameter.first(), "expected " + expected)));
      }
    }
  }
}
