package dev.ahjo.cli.story;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** A wire to a port of this machine that can be cut: what goes in then comes out nowhere. */
final class CutWire implements AutoCloseable {
  private final ServerSocket door;
  private final int target;
  private final Set<Socket> open = ConcurrentHashMap.newKeySet();
  private volatile boolean cut;

  CutWire(int target) throws IOException {
    this.target = target;
    this.door = new ServerSocket(0, 100, InetAddress.getLoopbackAddress());
    Thread.ofVirtual().start(this::accept);
  }

  int port() {
    return door.getLocalPort();
  }

  private void accept() {
    try {
      while (true) {
        Socket near = door.accept();
        open.add(near);
        Socket far = new Socket(InetAddress.getLoopbackAddress(), target);
        open.add(far);
        Thread.ofVirtual().start(() -> carry(near, far));
        Thread.ofVirtual().start(() -> carry(far, near));
      }
    } catch (IOException end) {
      drop();
    }
  }

  private void carry(Socket from, Socket to) {
    try (from;
        to) {
      byte[] buffer = new byte[64 * 1024];
      var in = from.getInputStream();
      for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
        if (!cut) {
          to.getOutputStream().write(buffer, 0, n);
        }
      }
    } catch (IOException broken) {
      // Either end may go whenever it likes.
    } finally {
      open.remove(from);
      open.remove(to);
    }
  }

  /** Neither end notices anything but silence. */
  void cut() {
    cut = true;
  }

  /** What was connected while it was cut has lost bytes, and is of no more use. */
  void heal() {
    drop();
    cut = false;
  }

  /** Ends all connections; new ones are carried. */
  void drop() {
    for (Socket socket : open) {
      try {
        socket.close();
      } catch (IOException ignored) {
        // It is closed all the same.
      }
    }
  }

  @Override
  public void close() throws IOException {
    door.close();
    drop();
  }
}
