package dev.ahjo.cli.bench;

import dev.ahjo.cli.Trust;
import dev.ahjo.core.id.WorkerName;
import dev.ahjo.core.worker.Protocol.ToGate;
import dev.ahjo.wire.ProtocolCodec;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;

/**
 * Simulated agents by WebSocket, each with a real connection of its own, all of them in one thread:
 * a client as small as can be, so that what is measured is the node.
 */
final class SocketCrowd implements AutoCloseable {
  private static final long ROUND_MILLIS = 50;
  private static final int ROUNDS_PER_TICK = 20;
  private static final Duration FIRST_PAUSE = Duration.ofMillis(200);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(5);
  private static final int HEAD = 14;

  private final InetSocketAddress node;
  private final Optional<SSLContext> tls;
  private final SocketWire.Rooms rooms = new SocketWire.Rooms();
  private final Counter counter;
  private final List<Line> lines = new ArrayList<>();
  private final Selector selector = Selector.open();
  private final Thread thread;
  private volatile boolean dropped;
  private volatile boolean closed;

  /**
   * @param settings whose gate is not looked at
   */
  SocketCrowd(URI node, SimulatedAgents.Settings settings) throws IOException {
    boolean secure = "https".equals(node.getScheme());
    int usual = secure ? 443 : 80;
    this.node = new InetSocketAddress(node.getHost(), node.getPort() < 0 ? usual : node.getPort());
    this.tls = secure ? Optional.of(context(settings.door().trust())) : Optional.empty();
    this.counter = new Counter(settings.agents());
    for (int i = 0; i < settings.agents(); i++) {
      lines.add(new Line(new WorkerName(settings.name() + "-" + i), settings));
    }
    thread = Thread.ofPlatform().name("crowd").daemon().start(this::run);
  }

  private static SSLContext context(Trust trust) throws IOException {
    Optional<SSLContext> named = trust.context();
    if (named.isPresent()) {
      return named.get();
    }
    try {
      return SSLContext.getDefault();
    } catch (NoSuchAlgorithmException without) {
      throw new IOException("this Java has no TLS", without);
    }
  }

  Counter counter() {
    return counter;
  }

  /** Cuts every connection at once; all agents come back as real ones do. */
  void drop() {
    dropped = true;
    selector.wakeup();
  }

  @Override
  public void close() throws IOException {
    closed = true;
    selector.wakeup();
    try {
      thread.join();
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
    }
    selector.close();
  }

  private void run() {
    try {
      long round = 0;
      while (!closed) {
        selector.select(key -> ((Line) key.attachment()).ready(key), ROUND_MILLIS);
        if (dropped) {
          dropped = false;
          lines.forEach(line -> line.lost(FIRST_PAUSE));
        }
        long now = System.nanoTime();
        for (int i = 0; i < lines.size(); i++) {
          lines.get(i).turn(now, i % ROUNDS_PER_TICK == round % ROUNDS_PER_TICK);
        }
        round++;
      }
    } catch (IOException broken) {
      throw new UncheckedIOException(broken);
    } finally {
      lines.forEach(line -> line.lost(LONGEST_PAUSE));
    }
  }

  /** One agent and its connection; confined to the crowd's thread. */
  private final class Line {
    private final SimulatedAgent agent;
    private @Nullable SocketChannel channel;
    private @Nullable SocketWire wire;
    private @Nullable SelectionKey key;
    private boolean open;
    private ByteBuffer in = ByteBuffer.allocate(0);
    private Duration pause = FIRST_PAUSE;
    private long dialAt;

    Line(WorkerName name, SimulatedAgents.Settings settings) {
      agent = new SimulatedAgent(name, settings, this::say, counter);
      dialAt = System.nanoTime() + chance(FIRST_PAUSE);
    }

    private static long chance(Duration pause) {
      return pause.toNanos() / 2 + ThreadLocalRandom.current().nextLong(pause.toNanos() / 2);
    }

    void turn(long now, boolean tick) {
      if (channel == null) {
        if (now - dialAt >= 0 && !agent.over()) {
          dial();
        }
      } else if (tick && open) {
        agent.tick();
      }
    }

    private void dial() {
      try {
        SocketChannel dialled = SocketChannel.open();
        channel = dialled;
        dialled.configureBlocking(false);
        wire =
            new SocketWire(
                dialled,
                tls.map(with -> SocketWire.dialling(with, node.getHostString(), node.getPort())),
                rooms);
        key = dialled.register(selector, SelectionKey.OP_CONNECT, this);
        dialled.connect(node);
      } catch (IOException failed) {
        lost(pause);
      }
    }

    void lost(Duration before) {
      if (channel != null) {
        try {
          channel.close();
        } catch (IOException ignored) {
          // It is gone all the same.
        }
      }
      channel = null;
      wire = null;
      key = null;
      open = false;
      in = ByteBuffer.allocate(0);
      agent.lost();
      dialAt = System.nanoTime() + chance(before);
      pause = before.multipliedBy(2);
      if (pause.compareTo(LONGEST_PAUSE) > 0) {
        pause = LONGEST_PAUSE;
      }
    }

    void ready(SelectionKey selected) {
      SocketChannel now = channel;
      SocketWire from = wire;
      if (now == null || from == null || selected != key) {
        return;
      }
      try {
        if (selected.isConnectable()) {
          now.finishConnect();
          selected.interestOps(SelectionKey.OP_READ);
          send(
              ByteBuffer.wrap(
                  ("GET /api/v1/worker HTTP/1.1\r\nHost: "
                          + node.getHostString()
                          + ":"
                          + node.getPort()
                          + "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                          + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                          + "Sec-WebSocket-Version: 13\r\n\r\n")
                      .getBytes(StandardCharsets.US_ASCII)));
        }
        if (selected.isValid() && selected.isWritable()) {
          flush();
        }
        if (selected.isValid() && selected.isReadable()) {
          read(from);
        }
      } catch (IOException broken) {
        lost(pause);
      }
    }

    private void read(SocketWire from) throws IOException {
      ByteBuffer more = from.read();
      // The handshake of TLS may have something to say by now.
      flush();
      in =
          in.hasRemaining()
              ? ByteBuffer.allocate(in.remaining() + more.remaining()).put(in).put(more).flip()
              : more;
      if (!open && !shaken()) {
        return;
      }
      for (byte @Nullable [] message = next(); message != null; message = next()) {
        agent.hear(ProtocolCodec.toAgent(message));
        if (agent.joined()) {
          pause = FIRST_PAUSE;
        }
      }
      in = in.hasRemaining() ? in.slice() : ByteBuffer.allocate(0);
    }

    /** Whether the answer to the handshake is whole. */
    private boolean shaken() throws IOException {
      String head = StandardCharsets.US_ASCII.decode(in.duplicate()).toString();
      int end = head.indexOf("\r\n\r\n");
      if (end < 0) {
        return false;
      }
      if (!head.startsWith("HTTP/1.1 101")) {
        throw new IOException("no upgrade: " + head.lines().findFirst().orElse(""));
      }
      in.position(in.position() + end + 4);
      open = true;
      agent.hello();
      return true;
    }

    /** The next whole message; the gate sends each in one frame. */
    private byte @Nullable [] next() throws IOException {
      while (true) {
        int start = in.position();
        if (in.remaining() < 2) {
          return null;
        }
        int opcode = in.get() & 0x0f;
        long length = in.get() & 0x7f;
        int more = length == 126 ? 2 : length == 127 ? 8 : 0;
        int whole = in.remaining();
        if (whole >= more) {
          length = more == 2 ? in.getShort() & 0xffff : more == 8 ? in.getLong() : length;
        }
        if (whole < more || in.remaining() < length) {
          in.position(start);
          return null;
        }
        if (opcode == 8) {
          throw new IOException("closed by the gate");
        }
        byte[] message = new byte[(int) length];
        in.get(message);
        if (opcode <= 2) {
          return message;
        }
      }
    }

    private void say(ToGate message) {
      if (!open) {
        return;
      }
      byte[] bytes = ProtocolCodec.encode(message);
      ByteBuffer frame = ByteBuffer.allocate(HEAD + bytes.length);
      frame.put((byte) 0x82);
      if (bytes.length < 126) {
        frame.put((byte) (0x80 | bytes.length));
      } else if (bytes.length < 65_536) {
        frame.put((byte) (0x80 | 126)).putShort((short) bytes.length);
      } else {
        frame.put((byte) (0x80 | 127)).putLong(bytes.length);
      }
      // A mask of zeros is a mask, and costs nothing.
      frame.putInt(0).put(bytes).flip();
      try {
        send(frame);
      } catch (IOException broken) {
        lost(pause);
      }
    }

    private void send(ByteBuffer bytes) throws IOException {
      SocketWire to = wire;
      if (to != null) {
        to.send(bytes);
        flush();
      }
    }

    private void flush() throws IOException {
      SocketWire to = wire;
      SelectionKey mine = key;
      if (to != null && mine != null) {
        mine.interestOps(
            to.flush() ? SelectionKey.OP_READ : SelectionKey.OP_READ | SelectionKey.OP_WRITE);
      }
    }
  }
}
