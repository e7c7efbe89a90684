package dev.ahjo.cli;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** An HTTP server that answers what a test tells it to, in the contract's shapes. */
final class FakeNode implements AutoCloseable {
  /** Answers one request. */
  interface Route {
    void answer(HttpExchange exchange) throws IOException;
  }

  /** A request that came: method and path with query, its body, its idempotency key. */
  record Asked(String line, String body, String key, String authorization) {}

  private final Map<String, Route> routes = new ConcurrentHashMap<>();
  private final List<Asked> asked = new CopyOnWriteArrayList<>();
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private HttpServer server;

  FakeNode() {
    server = start(0);
  }

  private HttpServer start(int port) {
    try {
      HttpServer started =
          HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
      started.setExecutor(threads);
      started.createContext("/", this::handle);
      started.start();
      return started;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void handle(HttpExchange exchange) throws IOException {
    String line = exchange.getRequestMethod() + " " + exchange.getRequestURI();
    asked.add(
        new Asked(
            line,
            new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8),
            first(exchange, "Idempotency-Key"),
            first(exchange, "Authorization")));
    String noQuery = exchange.getRequestMethod() + " " + exchange.getRequestURI().getRawPath();
    Route route = routes.getOrDefault(line, routes.get(noQuery));
    try (exchange) {
      if (route == null) {
        json(404, "{\"title\": \"Not found\", \"detail\": \"There is no " + line + "\"}")
            .answer(exchange);
      } else {
        route.answer(exchange);
      }
    }
  }

  private static String first(HttpExchange exchange, String header) {
    String value = exchange.getRequestHeaders().getFirst(header);
    return value == null ? "" : value;
  }

  FakeNode on(String line, Route route) {
    routes.put(line, route);
    return this;
  }

  FakeNode on(String line, String json) {
    return on(line, json(200, json));
  }

  static Route json(int status, String json) {
    return exchange -> {
      byte[] bytes = json.getBytes(StandardCharsets.UTF_8);
      exchange.getResponseHeaders().add("Content-Type", "application/json");
      exchange.sendResponseHeaders(status, bytes.length);
      exchange.getResponseBody().write(bytes);
    };
  }

  /** A body of no announced length that {@code writer} writes. */
  static Route stream(Writer writer) {
    return exchange -> {
      exchange.sendResponseHeaders(200, 0);
      try (OutputStream body = exchange.getResponseBody()) {
        writer.write(body);
      }
    };
  }

  interface Writer {
    void write(OutputStream body) throws IOException;
  }

  List<Asked> asked() {
    return asked;
  }

  URI url() {
    return URI.create("http://localhost:" + server.getAddress().getPort());
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }
}
