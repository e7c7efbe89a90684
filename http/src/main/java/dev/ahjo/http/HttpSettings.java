package dev.ahjo.http;

import dev.ahjo.wire.tls.RenewedTls;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;

/**
 * Where and how the HTTP port listens.
 *
 * @param host the address to bind; the loopback unless somebody decides otherwise
 * @param port 0 takes any free one
 * @param tokens who may write now, asked for each call; without any, everybody who reaches the port
 *     may
 * @param readsNeedToken whether reading needs one of the tokens too
 * @param hosts further names by which browsers may call this node; when bound to the loopback, only
 *     its own names and these are answered
 * @param tls what connections are made with; in the clear without it
 * @param web whether pages and the API are served, or only what tells of the node itself
 */
public record HttpSettings(
    String host,
    int port,
    Limits limits,
    Supplier<List<Token>> tokens,
    boolean readsNeedToken,
    Set<String> hosts,
    Optional<RenewedTls> tls,
    boolean web) {

  public HttpSettings {
    hosts = Set.copyOf(hosts);
    if (readsNeedToken && tokens.get().isEmpty()) {
      throw new IllegalArgumentException("Reads need a token, but there are no tokens");
    }
  }

  /** Everything, in the clear. */
  public HttpSettings(
      String host,
      int port,
      Limits limits,
      List<Token> tokens,
      boolean readsNeedToken,
      Set<String> hosts) {
    this(
        host,
        port,
        limits,
        () -> List.copyOf(tokens),
        readsNeedToken,
        hosts,
        Optional.empty(),
        true);
  }

  /** Loopback, no tokens, ordinary limits. */
  public static HttpSettings local(int port) {
    return new HttpSettings("127.0.0.1", port, Limits.ORDINARY, List.of(), false, Set.of());
  }

  /**
   * A secret that lets its bearer write.
   *
   * @param name stands in the history as who did it
   */
  public record Token(String name, String secret) {
    @Override
    public String toString() {
      return "Token[" + name + "]";
    }
  }

  /**
   * @param body bytes of a request's body
   * @param connections open at once
   * @param idle the longest silence of a connection that waits for a request
   * @param answer the longest that an answer may take to begin
   * @param eventQueue events that wait for one slow reader of the event stream; then it is told to
   *     look again
   * @param keepAlive how often a silent event stream says that it is there
   */
  public record Limits(
      int body,
      int connections,
      Duration idle,
      Duration answer,
      int eventQueue,
      Duration keepAlive) {
    public static final Limits ORDINARY =
        new Limits(
            1024 * 1024,
            // Ten thousand workers by WebSocket, and people.
            12_288,
            Duration.ofSeconds(60),
            Duration.ofSeconds(30),
            1000,
            Duration.ofSeconds(15));
  }
}
