package dev.ahjo.cli.bench;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.ArrayDeque;
import java.util.Optional;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;

/**
 * A socket that never waits, in the clear or with TLS: bytes go in and come out, and whoever owns
 * the selector says when. For one thread; thousands of them share the room in which bytes are
 * turned over.
 */
final class SocketWire {
  private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

  /** A record of TLS and what surrounds it. */
  private static final int ROOM = 34 * 1024;

  /** What the wires of one thread need for a moment. */
  static final class Rooms {
    private final ByteBuffer in = ByteBuffer.allocate(ROOM);
    private final ByteBuffer out = ByteBuffer.allocate(ROOM);
  }

  private final SocketChannel channel;
  private final Optional<SSLEngine> tls;
  private final Rooms rooms;
  private final ArrayDeque<ByteBuffer> unsaid = new ArrayDeque<>(1);
  private final ArrayDeque<ByteBuffer> out = new ArrayDeque<>(2);
  private ByteBuffer part = NOTHING;

  /**
   * @param tls the side that dials; in the clear without
   */
  SocketWire(SocketChannel channel, Optional<SSLEngine> tls, Rooms rooms) {
    this.channel = channel;
    this.tls = tls;
    this.rooms = rooms;
  }

  /** The dialling side of TLS that believes only who is called {@code host}. */
  static SSLEngine dialling(SSLContext context, String host, int port) {
    SSLEngine engine = context.createSSLEngine(host, port);
    SSLParameters asked = engine.getSSLParameters();
    asked.setEndpointIdentificationAlgorithm("HTTPS");
    engine.setSSLParameters(asked);
    engine.setUseClientMode(true);
    return engine;
  }

  /**
   * What has come and not been read; may be nothing.
   *
   * @throws IOException also when the other side has closed
   */
  ByteBuffer read() throws IOException {
    ByteBuffer in = rooms.in.clear();
    in.put(part);
    if (channel.read(in) < 0) {
      throw new IOException("closed");
    }
    in.flip();
    ByteBuffer plain = tls.isPresent() ? opened(tls.get(), in) : copy(in);
    part = in.hasRemaining() ? copy(in) : NOTHING;
    return plain;
  }

  private static ByteBuffer copy(ByteBuffer from) {
    byte[] bytes = new byte[from.remaining()];
    from.get(bytes);
    return ByteBuffer.wrap(bytes);
  }

  private ByteBuffer opened(SSLEngine engine, ByteBuffer in) throws IOException {
    var plain = new ByteArrayOutputStream();
    while (true) {
      shake(engine);
      if (!in.hasRemaining()) {
        break;
      }
      ByteBuffer room = rooms.out.clear();
      SSLEngineResult.Status met = engine.unwrap(in, room).getStatus();
      plain.write(room.array(), 0, room.position());
      if (met == SSLEngineResult.Status.BUFFER_UNDERFLOW) {
        break;
      }
      if (met != SSLEngineResult.Status.OK) {
        throw new SSLException("the other side ends TLS: " + met);
      }
    }
    flush();
    return ByteBuffer.wrap(plain.toByteArray());
  }

  /** Does what the handshake wants of this side, as far as that goes. */
  private void shake(SSLEngine engine) throws SSLException {
    while (true) {
      switch (engine.getHandshakeStatus()) {
        case NEED_TASK -> {
          for (Runnable task = engine.getDelegatedTask();
              task != null;
              task = engine.getDelegatedTask()) {
            task.run();
          }
        }
        case NEED_WRAP -> wrap(engine, NOTHING);
        default -> {
          return;
        }
      }
    }
  }

  private void wrap(SSLEngine engine, ByteBuffer plain) throws SSLException {
    ByteBuffer room = rooms.out.clear();
    SSLEngineResult.Status met = engine.wrap(plain, room).getStatus();
    if (met != SSLEngineResult.Status.OK) {
      throw new SSLException("TLS takes no more: " + met);
    }
    out.add(copy(room.flip()));
  }

  /** Sends it, as far as that goes now; {@link #flush} the rest. */
  void send(ByteBuffer bytes) throws IOException {
    unsaid.add(bytes);
    flush();
  }

  /**
   * Writes what the socket takes.
   *
   * @return whether nothing is left that the socket would have to take
   */
  boolean flush() throws IOException {
    if (tls.isPresent()) {
      SSLEngine engine = tls.get();
      if (!unsaid.isEmpty() && engine.getSession().getProtocol().equals("NONE")) {
        engine.beginHandshake();
      }
      shake(engine);
      boolean shaken = engine.getHandshakeStatus() == HandshakeStatus.NOT_HANDSHAKING;
      for (ByteBuffer next = unsaid.peek(); shaken && next != null; next = unsaid.peek()) {
        while (next.hasRemaining()) {
          wrap(engine, next);
        }
        unsaid.remove();
      }
    } else {
      out.addAll(unsaid);
      unsaid.clear();
    }
    for (ByteBuffer next = out.peek(); next != null; next = out.peek()) {
      channel.write(next);
      if (next.hasRemaining()) {
        return false;
      }
      out.remove();
    }
    return true;
  }
}
