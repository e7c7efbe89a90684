package dev.ahjo.worker;

import dev.ahjo.core.worker.Protocol.ToGate;
import dev.ahjo.wire.ProtocolCodec;
import dev.ahjo.wire.tls.Distrust;
import dev.ahjo.wire.tls.TlsFiles;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A WebSocket to HTTP's port of a node, in CBOR: one connection that the agent opens, so it passes
 * NAT and proxies. Its end is noticed at once where the system notices it.
 */
final class WebSocketWay implements Way {
  /** Where nodes answer agents, if the address names no path. */
  static final String PATH = "/api/v1/worker";

  private static final Logger LOG = LoggerFactory.getLogger(WebSocketWay.class);
  private static final Duration DIAL = Duration.ofSeconds(4);
  private static final Duration GOODBYE = Duration.ofSeconds(2);

  /** Bytes that wait to be sent; what comes beyond is lost, and due again. */
  private static final int MAX_WAITING = 16 * 1024 * 1024;

  private final Ear ear;
  private final Optional<Path> authority;
  private final HttpClient client;
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private @Nullable Connection connection;

  /**
   * @throws IOException when a certificate can't be read
   */
  WebSocketWay(AgentSettings settings, Ear ear) throws IOException {
    this.ear = ear;
    this.authority = settings.tls().authority();
    HttpClient.Builder builder =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .executor(threads)
            .connectTimeout(DIAL);
    if (authority.isPresent()) {
      builder.sslContext(TlsFiles.trusting(authority.get()));
    }
    client = builder.build();
  }

  private static URI withPath(URI gate) {
    return gate.getPath() == null || gate.getPath().isEmpty() || gate.getPath().equals("/")
        ? gate.resolve(PATH)
        : gate;
  }

  @Override
  public void dial(URI gate) {
    hangUp();
    var dialled = new Connection();
    lock.lock();
    try {
      connection = dialled;
    } finally {
      lock.unlock();
    }
    client
        .newWebSocketBuilder()
        .connectTimeout(DIAL)
        .buildAsync(withPath(gate), dialled)
        .whenComplete((_, failed) -> {
          if (failed != null) {
            dialled.broken(
                Distrust.told(failed, gate.toString(), authority)
                    .orElseGet(() -> "no connection to " + gate + ": " + rootOf(failed)));
          }
        });
  }

  private static String rootOf(Throwable failed) {
    Throwable root = failed;
    for (@Nullable Throwable cause = root.getCause(); cause != null; cause = cause.getCause()) {
      root = cause;
    }
    String message = root.getMessage();
    return message == null ? root.getClass().getSimpleName() : message;
  }

  @Override
  public void hangUp() {
    lock.lock();
    try {
      if (connection != null) {
        connection.end();
        connection = null;
      }
    } finally {
      lock.unlock();
    }
  }

  @Override
  public Duration patience() {
    return DIAL;
  }

  @Override
  public void send(ToGate message) {
    byte[] bytes = ProtocolCodec.encode(message);
    if (bytes.length > ProtocolCodec.MAX_BYTES) {
      LOG.error(
          "Could not send a {} of {} bytes: too long",
          message.getClass().getSimpleName(),
          bytes.length);
      return;
    }
    lock.lock();
    try {
      if (connection != null) {
        connection.send(bytes);
      }
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void close() {
    lock.lock();
    try {
      // lets the goodbye out
      long left = GOODBYE.toNanos();
      while (connection != null && connection.unsent() && left > 0) {
        left = changed.awaitNanos(left);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      lock.unlock();
    }
    hangUp();
    client.shutdownNow();
    threads.shutdown();
    try {
      if (!threads.awaitTermination(1, TimeUnit.SECONDS)) {
        threads.shutdownNow();
      }
    } catch (InterruptedException e) {
      threads.shutdownNow();
      Thread.currentThread().interrupt();
    }
  }

  /** One socket from its dialling to its end; guarded by the lock but for what it hears. */
  private final class Connection implements WebSocket.Listener {
    private final ArrayDeque<byte[]> unsent = new ArrayDeque<>();
    private final ByteArrayOutputStream parts = new ByteArrayOutputStream();
    private @Nullable WebSocket socket;
    private boolean sending;
    private long waiting;
    private volatile boolean over;

    boolean unsent() {
      return socket != null && !over && (sending || !unsent.isEmpty());
    }

    void send(byte[] bytes) {
      if (over || waiting + bytes.length > MAX_WAITING) {
        return;
      }
      waiting += bytes.length;
      unsent.add(bytes);
      pump();
    }

    /** The client takes one message at a time. */
    private void pump() {
      WebSocket to = socket;
      if (to == null || sending || over) {
        return;
      }
      byte[] next = unsent.poll();
      if (next == null) {
        changed.signalAll();
        return;
      }
      sending = true;
      to.sendBinary(ByteBuffer.wrap(next), true)
          .whenComplete((_, failed) -> {
            if (failed != null) {
              broken("could not send: " + rootOf(failed));
              return;
            }
            lock.lock();
            try {
              sending = false;
              waiting -= next.length;
              pump();
            } finally {
              lock.unlock();
            }
          });
    }

    void end() {
      over = true;
      unsent.clear();
      if (socket != null) {
        socket.abort();
      }
      changed.signalAll();
    }

    void broken(String why) {
      boolean mine;
      lock.lock();
      try {
        mine = !over && connection == this;
        end();
      } finally {
        lock.unlock();
      }
      if (mine) {
        ear.broken(why);
      }
    }

    @Override
    public void onOpen(WebSocket opened) {
      lock.lock();
      try {
        if (over) {
          opened.abort();
          return;
        }
        socket = opened;
        pump();
      } finally {
        lock.unlock();
      }
      opened.request(1);
    }

    @Override
    public @Nullable CompletionStage<?> onBinary(WebSocket from, ByteBuffer part, boolean last) {
      byte[] bytes = new byte[part.remaining()];
      part.get(bytes);
      parts.writeBytes(bytes);
      if (parts.size() > ProtocolCodec.MAX_BYTES) {
        broken("the gate says more than " + ProtocolCodec.MAX_BYTES + " bytes at once");
        return null;
      }
      if (last) {
        byte[] whole = parts.toByteArray();
        parts.reset();
        hear(whole);
      }
      from.request(1);
      return null;
    }

    private void hear(byte[] message) {
      if (over) {
        return;
      }
      try {
        ear.heard(ProtocolCodec.toAgent(message));
      } catch (IOException unreadable) {
        LOG.error("Could not read a message of the gate: {}", unreadable.toString());
      }
    }

    @Override
    public @Nullable CompletionStage<?> onClose(WebSocket from, int status, String reason) {
      broken("the gate closed the connection (" + status + " " + reason + ")");
      return null;
    }

    @Override
    public void onError(WebSocket from, Throwable error) {
      broken("the connection broke: " + rootOf(error));
    }
  }
}
