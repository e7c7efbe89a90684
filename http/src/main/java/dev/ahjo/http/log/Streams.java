package dev.ahjo.http.log;

import dev.ahjo.core.log.StreamKey;
import dev.ahjo.core.port.StreamStore;
import dev.ahjo.core.port.StreamStore.Extent;
import dev.ahjo.core.status.StatusStore;
import dev.ahjo.http.exchange.Call;
import dev.ahjo.http.exchange.Conversation;
import dev.ahjo.http.exchange.Problem;
import dev.ahjo.http.exchange.Reply;
import dev.ahjo.http.log.ByteRange.Piece;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import org.apache.pekko.Done;
import org.apache.pekko.NotUsed;
import org.apache.pekko.http.javadsl.model.ContentType;
import org.apache.pekko.http.javadsl.model.HttpEntities;
import org.apache.pekko.http.javadsl.model.HttpHeader;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.headers.RawHeader;
import org.apache.pekko.japi.Pair;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.util.ByteString;

/** Stored bytes as answers: whole, in part, or as they grow. */
final class Streams {
  private static final int PIECE = 256 * 1024;

  private final StreamStore store;
  private final StatusStore status;
  private final Endings endings;
  private final Executor threads;

  /**
   * @param threads may be held up
   */
  Streams(StreamStore store, StatusStore status, Endings endings, Executor threads) {
    this.store = store;
    this.status = status;
    this.endings = endings;
    this.threads = threads;
  }

  /** What there is at this moment, or the part that the call asks for. */
  HttpResponse stored(Call call, StreamKey stream, Extent extent, ContentType type) {
    // A stream only ever grows, so its size tells its content.
    String tag = "\"" + extent.size() + "\"";
    var always =
        List.<HttpHeader>of(
            RawHeader.create("Accept-Ranges", "bytes"),
            RawHeader.create("ETag", tag),
            RawHeader.create("Cache-Control", "no-cache"));
    if (call.header("If-None-Match").filter(have -> Reply.matches(have, tag)).isPresent()) {
      return HttpResponse.create().withStatus(304).addHeaders(always);
    }
    boolean wanted = call.header("If-Range").filter(have -> !have.equals(tag)).isEmpty();
    ByteRange range =
        call.header("Range").filter(_ -> wanted).map(ByteRange::parse).orElse(new ByteRange.All());
    Optional<Piece> piece = range.of(extent.size());
    if (piece.isEmpty()) {
      throw new Problem(
          Problem.Kind.RANGE_NOT_SATISFIABLE,
          "Expected a range within " + extent.size() + " bytes",
          List.of(),
          List.of(RawHeader.create("Content-Range", "bytes */" + extent.size())));
    }
    Piece p = piece.get();
    HttpResponse head = HttpResponse.create().addHeaders(always);
    HttpResponse answer =
        p.end() == p.first()
            ? head.withEntity(HttpEntities.create(type, ByteString.emptyByteString()))
            : Conversation.streaming(
                head,
                source(stream, p),
                body -> HttpEntities.create(type, p.end() - p.first(), body));
    return range instanceof ByteRange.All
        ? answer
        : answer
            .withStatus(206)
            .addHeader(
                RawHeader.create(
                    "Content-Range",
                    "bytes " + p.first() + "-" + (p.end() - 1) + "/" + extent.size()));
  }

  private Source<ByteString, ?> source(StreamKey stream, Piece piece) {
    return Source.unfoldAsync(
        piece.first(),
        at ->
            at >= piece.end()
                ? CompletableFuture.completedFuture(Optional.empty())
                : later(() -> {
                  int want = (int) Math.min(PIECE, piece.end() - at);
                  byte[] bytes = store.read(stream, at, want);
                  if (bytes.length == 0) {
                    throw new EOFException(stream + " ends at " + at + ", it was pruned meanwhile");
                  }
                  return Optional.of(
                      Pair.create(at + bytes.length, ByteString.fromArrayUnsafe(bytes)));
                }));
  }

  /**
   * What there is and what comes, until the stream's end.
   *
   * @param extent what there is, if the stream has begun
   */
  HttpResponse followed(Call call, StreamKey stream, Optional<Extent> extent, ContentType type) {
    Optional<ByteRange> range = call.header("Range").map(ByteRange::parse);
    long size = extent.map(Extent::size).orElse(0L);
    long first =
        switch (range.orElse(new ByteRange.All())) {
          case ByteRange.All _ -> 0;
          case ByteRange.From r -> r.first();
          case ByteRange.LastOnes r -> Math.max(0, size - r.count());
        };
    Source<ByteString, NotUsed> source =
        Source.unfoldResourceAsync(
            () -> later(() -> new Follower(store, status, endings, stream, first)),
            follower -> later(follower::next),
            follower -> {
              follower.close();
              return CompletableFuture.completedFuture(Done.getInstance());
            });
    HttpResponse answer =
        Conversation.streaming(
            HttpResponse.create()
                .addHeader(RawHeader.create("Cache-Control", "no-store"))
                .addHeader(RawHeader.create("X-Accel-Buffering", "no")),
            source,
            body -> HttpEntities.create(type, body));
    // Where a growing stream will end is not known, and the header must name a last byte.
    return range.filter(r -> !(r instanceof ByteRange.All)).isPresent()
        ? answer
            .withStatus(206)
            .addHeader(
                RawHeader.create(
                    "Content-Range", "bytes " + first + "-" + (Long.MAX_VALUE - 1) + "/*"))
        : answer;
  }

  private interface Reading<T> {
    T read() throws IOException, InterruptedException;
  }

  private <T> CompletionStage<T> later(Reading<T> reading) {
    return CompletableFuture.supplyAsync(
        () -> {
          try {
            return reading.read();
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CompletionException(e);
          }
        },
        threads);
  }
}
