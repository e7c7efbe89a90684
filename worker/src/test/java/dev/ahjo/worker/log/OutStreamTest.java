package dev.ahjo.worker.log;

import static org.assertj.core.api.Assertions.assertThat;

import dev.ahjo.core.id.BuildKey;
import dev.ahjo.core.log.Chunk;
import dev.ahjo.core.log.StreamKey;
import dev.ahjo.core.worker.Protocol.Append;
import dev.ahjo.core.worker.Protocol.ToGate;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Streams that share a window, and a gate that comes and goes. */
class OutStreamTest {
  @TempDir Path folder;

  private final Gate gate = new Gate();
  private final List<OutStream> streams = new ArrayList<>();

  /** Takes what is sent, and says nothing by itself. */
  private static final class Gate implements Uplink {
    private final BlockingQueue<Append> arrived = new LinkedBlockingQueue<>();
    private final Semaphore window = new Semaphore(2);
    private volatile long session = 1;

    @Override
    public long session() {
      return session;
    }

    @Override
    public void send(ToGate message) {
      arrived.add((Append) message);
    }

    @Override
    public Semaphore window() {
      return window;
    }

    /** The place of the next chunk to arrive. */
    Chunk next() throws InterruptedException {
      Append append = arrived.poll(20, TimeUnit.SECONDS);
      assertThat(append).as("a chunk within 20 s").isNotNull();
      return append.chunk();
    }
  }

  private OutStream stream(String name, int chunks) throws Exception {
    Path file = folder.resolve(name);
    Files.write(file, new byte[chunks * Chunk.MAX_LENGTH]);
    var key =
        new StreamKey(BuildKey.parse("demo/linux#1"), streams.size(), StreamKey.Kind.LOG, "stdio");
    var stream =
        new OutStream(key, file, gate, false, Long.MAX_VALUE, Duration.ofMinutes(10), _ -> {});
    streams.add(stream);
    stream.end(Files.size(file));
    stream.start();
    return stream;
  }

  @AfterEach
  void ends() {
    streams.forEach(OutStream::abandon);
  }

  @Test
  void streamsThatWaitForEachOthersPlacesGoOnInTheNextSession() throws Exception {
    stream("one", 3);
    stream("two", 3);
    List<Chunk> before = List.of(gate.next(), gate.next());
    assertThat(gate.window().availablePermits()).isZero();

    gate.session = 2;
    streams.forEach(OutStream::look);

    List<Chunk> again = List.of(gate.next(), gate.next());
    assertThat(before).allMatch(c -> c.offset() <= Chunk.MAX_LENGTH);
    assertThat(again).anyMatch(c -> c.offset() == 0);
  }

  /** The disk forgot what had been printed and sent; without an end the build would never end. */
  @Test
  void aStreamOfWhichTheStoreHasMoreThanAPowerCutLeftEndsWhereTheStoreStands() throws Exception {
    OutStream stream = stream("cut", 0);
    assertThat(gate.next().last()).isTrue();
    stream.stored(78, false);
    Chunk end = gate.next();
    assertThat(end.offset()).isEqualTo(78);
    assertThat(end.length()).isZero();
    assertThat(end.last()).isTrue();
  }
}
