package dev.ahjo.cluster.worker;

import com.github.luben.zstd.Zstd;
import dev.ahjo.core.log.Chunk;
import dev.ahjo.core.log.Piece;
import dev.ahjo.core.log.StreamKey;
import dev.ahjo.core.port.StreamStore;
import dev.ahjo.core.port.StreamStore.Appended;
import dev.ahjo.core.port.StreamStore.Extent;
import dev.ahjo.core.property.Glob;
import dev.ahjo.core.worker.Protocol;
import dev.ahjo.core.worker.Protocol.ToAgent;
import dev.ahjo.wire.ArtifactList;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Does the sessions' work with the store on threads that may wait for a disk: a few at a time, and
 * one stream's chunks one after the other.
 */
final class StreamDesk implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(StreamDesk.class);

  /** Disk operations at once; more would only queue at the disk. */
  private static final int AT_ONCE = 16;

  /** A name as long as this fits every file system's paths. */
  private static final int MAX_NAME = 500;

  private static final int MAX_STEP = 10_000;

  private final StreamStore store;

  /** Fair, so that nobody's many questions keep another's logs waiting for ever. */
  private final Semaphore places = new Semaphore(AT_ONCE, true);

  private final ExecutorService threads =
      Executors.newThreadPerTaskExecutor(Thread.ofVirtual().name("ahjo-gate-store-", 0).factory());

  StreamDesk(StreamStore store) {
    this.store = store;
  }

  /** Whether the chunk may be shown to the store: what an agent says is not to be believed. */
  static boolean wellFormed(Chunk chunk) {
    return wellFormed(chunk.stream(), chunk.offset(), chunk.length());
  }

  static boolean wellFormed(Piece piece) {
    return wellFormed(piece.stream(), piece.offset(), piece.length());
  }

  private static boolean wellFormed(StreamKey stream, long offset, int length) {
    return offset >= 0
        && length >= 0
        && length <= Chunk.MAX_LENGTH
        && offset <= Long.MAX_VALUE - length
        && stream.step() >= 0
        && stream.step() < MAX_STEP
        && wellNamed(stream.name());
  }

  private static boolean wellNamed(String name) {
    if (name.isEmpty() || name.length() > MAX_NAME || name.indexOf('\\') >= 0) {
      return false;
    }
    for (String part : name.split("/", -1)) {
      if (part.isEmpty() || part.equals(".") || part.equals("..")) {
        return false;
      }
    }
    return name.chars().noneMatch(c -> c < ' ' || c == 0x7f);
  }

  /** What an agent has sent, to become a chunk on a thread that may take its time. */
  @FunctionalInterface
  interface Sent {
    /**
     * @throws IllegalArgumentException when it does not hold what it says
     */
    Chunk chunk();

    static Sent of(Chunk chunk) {
      return () -> chunk;
    }

    static Sent of(Piece piece) {
      return () -> Pieces.chunk(piece);
    }
  }

  /** The streams of one session; confined to its actor. */
  Lanes lanes(Consumer<SessionActor.StreamAnswered> answers) {
    return new Lanes(answers);
  }

  /** Chunks on their way into the store, in order within each stream. */
  final class Lanes {
    private record Waiting(Sent sent, long bytes) {}

    private final Consumer<SessionActor.StreamAnswered> answers;

    /** Streams that have a thread at work, and what waits for it. */
    private final Map<StreamKey, ArrayDeque<Waiting>> busy = new HashMap<>();

    private Lanes(Consumer<SessionActor.StreamAnswered> answers) {
      this.answers = answers;
    }

    void append(StreamKey stream, Sent sent, long bytes) {
      ArrayDeque<Waiting> waiting = busy.get(stream);
      if (waiting != null) {
        waiting.add(new Waiting(sent, bytes));
        return;
      }
      busy.put(stream, new ArrayDeque<>(2));
      work(stream, List.of(new Waiting(sent, bytes)));
    }

    /** The thread of this stream has answered. True when it has been given more to do. */
    boolean done(StreamKey stream) {
      ArrayDeque<Waiting> waiting = busy.get(stream);
      if (waiting == null) {
        return false;
      }
      if (waiting.isEmpty()) {
        busy.remove(stream);
        return false;
      }
      List<Waiting> all = List.copyOf(waiting);
      waiting.clear();
      work(stream, all);
      return true;
    }

    private void work(StreamKey stream, List<Waiting> chunks) {
      long bytes = 0;
      for (Waiting each : chunks) {
        bytes += each.bytes();
      }
      long total = bytes;
      threads.execute(() -> {
        ToAgent answer = inPlace(() -> store(stream, chunks), stream);
        answers.accept(new SessionActor.StreamAnswered(stream, answer, total));
      });
    }

    private ToAgent store(StreamKey stream, List<Waiting> chunks) {
      Appended last = new Appended.Busy("nothing was sent");
      for (Waiting each : chunks) {
        last = store.append(each.sent().chunk());
        if (last instanceof Appended.Busy) {
          break;
        }
      }
      return switch (last) {
        case Appended.Stored(long offset, boolean safe, boolean closed) ->
            new Protocol.Stored(stream, offset, safe, closed);
        case Appended.Busy(String reason) -> new Protocol.StoreBusy(stream, known(stream), reason);
      };
    }
  }

  /** Where the stream ends, as far as the store can tell. */
  private long known(StreamKey stream) {
    try {
      return store.extent(stream).map(Extent::size).orElse(0L);
    } catch (UncheckedIOException failed) {
      LOG.error("The end of {} can't be read", stream, failed);
      return 0;
    }
  }

  private interface Work {
    ToAgent run() throws IOException;
  }

  /** Runs it when a place is free; a failing store is a busy one to the agent, which asks again. */
  private ToAgent inPlace(Work work, StreamKey stream) {
    places.acquireUninterruptibly();
    try {
      return work.run();
    } catch (IllegalArgumentException untrue) {
      LOG.warn("Not stored of {}: {}", stream, untrue.getMessage());
      return new Protocol.StoreBusy(
          stream, known(stream), "not as declared: " + untrue.getMessage());
    } catch (IOException | RuntimeException failed) {
      LOG.error("The store fails at {}", stream, failed);
      return new Protocol.StoreBusy(stream, 0, "the store fails: " + failed.getMessage());
    } finally {
      places.release();
    }
  }

  /** Answers once, and with nothing when the store fails: the agent asks again. */
  void list(Protocol.ListArtifacts ask, Consumer<Optional<ToAgent>> reply) {
    answer(
        reply,
        ask.build().toString(),
        () -> {
          List<StreamKey> found =
              store.streams(ask.build()).stream()
                  .filter(s -> s.kind() == StreamKey.Kind.ARTIFACT)
                  .filter(s -> Glob.matches(ask.glob(), s.name()))
                  .toList();
          return new Protocol.Artifacts(ask.ask(), ArtifactList.page(found, ask.after()));
        });
  }

  /** As above. */
  void fetch(Protocol.Fetch ask, Consumer<Optional<ToAgent>> reply) {
    answer(reply, ask.stream().toString(), () -> fetched(ask));
  }

  private ToAgent fetched(Protocol.Fetch ask) throws IOException {
    byte[] bytes = store.read(ask.stream(), Math.max(0, ask.offset()), Chunk.MAX_LENGTH);
    boolean last =
        store
            .extent(ask.stream())
            .map(e -> e.closed() && ask.offset() + bytes.length >= e.size())
            .orElse(true);
    return ask.encoding()
        .<ToAgent>map(encoding ->
            new Protocol.FetchedPiece(
                ask.ask(), Pieces.of(ask.stream(), ask.offset(), bytes, encoding, last)))
        .orElseGet(() ->
            new Protocol.Fetched(
                ask.ask(),
                new Chunk(ask.stream(), ask.offset(), bytes.length, Zstd.compress(bytes), last)));
  }

  private void answer(Consumer<Optional<ToAgent>> reply, String what, Work work) {
    threads.execute(() -> {
      Optional<ToAgent> answer = Optional.empty();
      places.acquireUninterruptibly();
      try {
        answer = Optional.of(work.run());
      } catch (IOException | RuntimeException failed) {
        LOG.error("What is stored of {} can't be read", what, failed);
      } finally {
        places.release();
        reply.accept(answer);
      }
    });
  }

  @Override
  public void close() {
    threads.shutdown();
    try {
      if (!threads.awaitTermination(2, TimeUnit.SECONDS)) {
        LOG.warn("The store is still at work");
        threads.shutdownNow();
      }
    } catch (InterruptedException stop) {
      threads.shutdownNow();
      Thread.currentThread().interrupt();
    }
  }
}
