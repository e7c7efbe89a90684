package dev.ahjo.http.exchange;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import org.apache.pekko.http.javadsl.model.AttributeKeys;
import org.apache.pekko.http.javadsl.model.HttpRequest;

/**
 * Who may ask what. Three dangers: a stranger who reaches the port (tokens); a page of another site
 * in the browser of somebody who does (origin); and a name of another site that points at this
 * machine (host).
 */
public final class Guard {
  private static final Set<String> READS = Set.of("GET", "HEAD");
  private static final Set<String> LOOPBACK = Set.of("localhost", "127.0.0.1", "[::1]", "::1");

  private final Supplier<Map<String, String>> tokens;
  private final boolean readsNeedToken;
  private final boolean loopbackOnly;
  private final Set<String> hosts;

  /**
   * @param tokens the secrets of those that are in force, by their names
   * @param bound the address that the port is bound to
   * @param hosts further names that this node is called by
   */
  public Guard(
      Supplier<Map<String, String>> tokens,
      boolean readsNeedToken,
      String bound,
      Set<String> hosts) {
    this.tokens = tokens;
    this.readsNeedToken = readsNeedToken;
    this.loopbackOnly = LOOPBACK.contains(bound);
    this.hosts = Set.copyOf(hosts);
  }

  /**
   * Who asks: a token's name, or {@link Call#SOMEBODY}.
   *
   * @param open whether what is asked for is no secret in any case: pages without content, health
   * @throws Problem when that is not allowed
   */
  String admit(HttpRequest request, boolean open) {
    String host = header(request, "Host").orElse("");
    checkHost(host);
    boolean write = !READS.contains(request.method().value());
    // A page may open a WebSocket to any site: browsers ask nobody first.
    if (write || request.getAttribute(AttributeKeys.webSocketUpgrade).isPresent()) {
      checkOrigin(request, host);
    }
    Map<String, String> secrets = tokens.get();
    Optional<String> bearer = bearer(request, secrets);
    if (bearer.isEmpty() && (write || (readsNeedToken && !open)) && !secrets.isEmpty()) {
      throw new Problem(
          Problem.Kind.UNAUTHENTICATED,
          header(request, "Authorization").isPresent()
              ? "The token is not known here"
              : "Expected a header 'Authorization: Bearer TOKEN'");
    }
    return bearer.orElse(Call.SOMEBODY);
  }

  private void checkHost(String host) {
    if (!loopbackOnly) {
      return;
    }
    String name = name(host).toLowerCase(Locale.ROOT);
    if (!LOOPBACK.contains(name) && !name.endsWith(".localhost") && !hosts.contains(name)) {
      throw new Problem(
          Problem.Kind.MISDIRECTED,
          "This node answers to localhost only, but was called '" + name + "'");
    }
  }

  private static void checkOrigin(HttpRequest request, String host) {
    Optional<String> site = header(request, "Sec-Fetch-Site");
    boolean foreignSite =
        site.filter(s -> !s.equals("same-origin") && !s.equals("none")).isPresent();
    boolean foreignOrigin =
        header(request, "Origin")
            .filter(o -> !o.equals("http://" + host) && !o.equals("https://" + host))
            .isPresent();
    if (foreignSite || foreignOrigin) {
      throw new Problem(
          Problem.Kind.FOREIGN_ORIGIN,
          "The write comes from a page of "
              + header(request, "Origin").orElse("another site")
              + ", but this node is "
              + host);
    }
  }

  /** The name of the token that the request bears. Every secret is compared, in constant time. */
  private static Optional<String> bearer(HttpRequest request, Map<String, String> secrets) {
    Optional<String> header = header(request, "Authorization");
    if (header.isEmpty() || !header.get().regionMatches(true, 0, "Bearer ", 0, 7)) {
      return Optional.empty();
    }
    byte[] given = header.get().substring(7).strip().getBytes(StandardCharsets.UTF_8);
    String found = null;
    for (var token : secrets.entrySet()) {
      if (MessageDigest.isEqual(given, token.getValue().getBytes(StandardCharsets.UTF_8))) {
        found = token.getKey();
      }
    }
    return Optional.ofNullable(found);
  }

  private static Optional<String> header(HttpRequest request, String name) {
    return request.getHeader(name).map(h -> h.value());
  }

  private static String name(String host) {
    int colon = host.lastIndexOf(':');
    return colon > host.lastIndexOf(']') ? host.substring(0, colon) : host;
  }
}
