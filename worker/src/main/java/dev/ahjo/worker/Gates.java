package dev.ahjo.worker;

import dev.ahjo.core.worker.Protocol.ToAgent;
import dev.ahjo.core.worker.Protocol.ToGate;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The gates of a farm, one after the other: every Hello goes to the next one, the first to any. So
 * agents spread over the gates, and whoever loses his gate is at another one with his next try.
 */
final class Gates implements Link {
  private static final Logger LOG = LoggerFactory.getLogger(Gates.class);

  private final AgentSettings settings;
  private final List<URI> addresses;
  private int next;
  private Consumer<ToAgent> receiver = _ -> {};
  private Consumer<String> broken = _ -> {};
  private @Nullable Way remoting;
  private @Nullable Way webSocket;
  private @Nullable Way dialled;
  private boolean closed;

  /**
   * @throws IOException when a certificate can't be read
   */
  Gates(AgentSettings settings) throws IOException {
    this.settings = settings;
    this.addresses = settings.gates();
    this.next = ThreadLocalRandom.current().nextInt(addresses.size());
    Way.Ear ear = Way.ear(m -> receiver.accept(m), why -> broken.accept(why));
    for (URI address : addresses) {
      if (AgentSettings.isWebSocket(address)) {
        webSocket = webSocket == null ? new WebSocketWay(settings, ear) : webSocket;
      } else {
        remoting = remoting == null ? new RemotingWay(settings, ear) : remoting;
      }
    }
  }

  @Override
  public void receive(Consumer<ToAgent> to) {
    receiver = to;
  }

  @Override
  public void whenBroken(Consumer<String> told) {
    broken = told;
  }

  @Override
  public synchronized void resolve() {
    if (closed) {
      return;
    }
    URI gate = addresses.get(next);
    next = (next + 1) % addresses.size();
    Way way = AgentSettings.isWebSocket(gate) ? webSocket : remoting;
    if (dialled != null && dialled != way) {
      dialled.hangUp();
    }
    dialled = way;
    LOG.debug("{} says Hello to {}", settings.name(), gate);
    if (way != null) {
      way.dial(gate);
    }
  }

  private synchronized @Nullable Way dialled() {
    return dialled;
  }

  @Override
  public Duration patience() {
    Way way = dialled();
    return way == null ? Duration.ZERO : way.patience();
  }

  @Override
  public void probe() {
    Way way = dialled();
    if (way != null) {
      way.probe();
    }
  }

  @Override
  public void send(ToGate message) {
    Way way = dialled();
    if (way != null) {
      way.send(message);
    }
  }

  @Override
  public synchronized void close() {
    closed = true;
    for (Way way : new Way[] {remoting, webSocket}) {
      if (way != null) {
        way.close();
      }
    }
  }
}
