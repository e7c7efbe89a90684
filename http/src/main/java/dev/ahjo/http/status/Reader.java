package dev.ahjo.http.status;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.util.ByteString;

/** Reads one feed: first what it missed, then what happens. */
final class Reader implements AutoCloseable {
  /** How soon a browser that lost the stream opens it again, in milliseconds. */
  private static final ByteString RETRY = ByteString.fromString("retry: 1000\n\n");

  private final Feed feed;
  private List<ByteString> first;

  Reader(EventHub.Opened opened) {
    this.feed = opened.feed();
    this.first = new ArrayList<>();
    first.add(RETRY);
    first.addAll(opened.first());
  }

  /** All that waits as one piece; empty at the end. Asked again only after an answer. */
  CompletionStage<Optional<ByteString>> next() {
    if (!first.isEmpty()) {
      ByteString all = joined(first);
      first = List.of();
      return CompletableFuture.completedFuture(Optional.of(all));
    }
    return feed.next()
        .thenApply(texts -> texts.isEmpty() ? Optional.empty() : Optional.of(joined(texts)));
  }

  private static ByteString joined(List<ByteString> texts) {
    ByteString all = ByteString.emptyByteString();
    for (ByteString text : texts) {
      all = all.concat(text);
    }
    return all;
  }

  @Override
  public void close() {
    feed.close();
  }
}
