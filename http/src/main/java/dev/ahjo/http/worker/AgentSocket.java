package dev.ahjo.http.worker;

import dev.ahjo.http.exchange.Call;
import dev.ahjo.http.exchange.Problem;
import dev.ahjo.http.exchange.Route;
import java.util.List;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.headers.RawHeader;
import org.apache.pekko.stream.Materializer;
import org.apache.pekko.stream.javadsl.Flow;

/**
 * The workers' way in on HTTP's port: a WebSocket whose text messages are JSON and whose binary
 * ones are CBOR. One message is read at a time, so who sends faster than it is taken is held back
 * by his connection.
 */
public final class AgentSocket {
  /** Who connects proves himself by his Hello, not by a token of people's. */
  public static final String PATH = "/api/v1/worker";

  private final AgentDoor door;
  private final Materializer materializer;

  public AgentSocket(AgentDoor door, Materializer materializer) {
    this.door = door;
    this.materializer = materializer;
  }

  public List<Route> routes() {
    return List.of(Route.get(PATH, this::open));
  }

  private HttpResponse open(Call call) {
    return call.webSocket()
        .map(upgrade ->
            upgrade.handleMessagesWith(
                Flow.fromGraph(new AgentLine(door, call.from(), materializer))))
        .orElseThrow(() ->
            new Problem(
                Problem.Kind.UPGRADE_NEEDED,
                "Expected a WebSocket: docs/worker-protocol.md tells what is spoken here",
                List.of(),
                List.of(
                    RawHeader.create("Upgrade", "websocket"),
                    RawHeader.create("Sec-WebSocket-Version", "13"))));
  }
}
