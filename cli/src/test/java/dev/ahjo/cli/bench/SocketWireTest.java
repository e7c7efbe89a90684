package dev.ahjo.cli.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.ahjo.wire.tls.Authority;
import dev.ahjo.wire.tls.Authority.Written;
import dev.ahjo.wire.tls.TlsFiles;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A socket that never waits, before a server that says back what it hears. */
@Timeout(60)
class SocketWireTest {
  private static final Duration DAY = Duration.ofDays(1);

  @TempDir Path folder;

  private Written root() throws IOException {
    return Authority.create(Authority.Kind.WORKERS, folder, "ca", Instant.now(), DAY);
  }

  private SSLContext server(Written root) throws IOException {
    Written own =
        Authority.open(root.certificate(), root.key())
            .issue(Authority.Use.SERVER, folder, "web", Set.of("127.0.0.1"), Instant.now(), DAY);
    return new TlsFiles(own.certificate(), own.key(), Optional.empty()).context();
  }

  private static void echo(ServerSocket server) {
    Thread.ofVirtual()
        .start(() -> {
          try (var caller = server.accept()) {
            caller.getInputStream().transferTo(caller.getOutputStream());
          } catch (IOException over) {
            // The test has what it wanted, or tells that it has not.
          }
        });
  }

  /** What comes back of {@code words}. */
  private static byte[] echoed(SocketChannel channel, SocketWire wire, byte[] words)
      throws IOException {
    var heard = new ByteArrayOutputStream();
    try (Selector selector = Selector.open()) {
      channel.configureBlocking(false);
      SelectionKey key = channel.register(selector, SelectionKey.OP_READ);
      wire.send(ByteBuffer.wrap(words));
      while (heard.size() < words.length) {
        key.interestOps(
            wire.flush() ? SelectionKey.OP_READ : SelectionKey.OP_READ | SelectionKey.OP_WRITE);
        selector.select();
        selector.selectedKeys().clear();
        ByteBuffer more = wire.read();
        heard.write(more.array(), 0, more.remaining());
      }
    }
    return heard.toByteArray();
  }

  private static byte[] words(int length) {
    byte[] words = new byte[length];
    new Random(7).nextBytes(words);
    return words;
  }

  @Test
  void whatIsSaidComesBackInTheClearAndByTls() throws Exception {
    byte[] words = words(500_000);
    try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      echo(server);
      try (var channel = SocketChannel.open(server.getLocalSocketAddress())) {
        var wire = new SocketWire(channel, Optional.empty(), new SocketWire.Rooms());
        assertThat(echoed(channel, wire, words)).isEqualTo(words);
      }
    }
    Written root = root();
    try (ServerSocket server =
        server(root)
            .getServerSocketFactory()
            .createServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
      echo(server);
      try (var channel =
          SocketChannel.open(new InetSocketAddress("127.0.0.1", server.getLocalPort()))) {
        var engine =
            SocketWire.dialling(
                TlsFiles.trusting(root.certificate()), "127.0.0.1", server.getLocalPort());
        var wire = new SocketWire(channel, Optional.of(engine), new SocketWire.Rooms());
        assertThat(echoed(channel, wire, words)).isEqualTo(words);
      }
    }
  }

  @Test
  void aServerByAnotherNameIsNotBelieved() throws Exception {
    Written root = root();
    try (ServerSocket server =
        server(root)
            .getServerSocketFactory()
            .createServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
      echo(server);
      try (var channel =
          SocketChannel.open(new InetSocketAddress("127.0.0.1", server.getLocalPort()))) {
        var engine =
            SocketWire.dialling(
                TlsFiles.trusting(root.certificate()), "127.0.0.2", server.getLocalPort());
        var wire = new SocketWire(channel, Optional.of(engine), new SocketWire.Rooms());
        assertThatThrownBy(() -> echoed(channel, wire, words(10))).isInstanceOf(SSLException.class);
      }
    }
  }
}
