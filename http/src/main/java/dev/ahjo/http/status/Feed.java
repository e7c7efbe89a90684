package dev.ahjo.http.status;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.apache.pekko.util.ByteString;

/**
 * The events that wait for one reader. A reader that falls behind by more than the limit loses what
 * waits and is told to look again: it can't slow the others, nor fill the memory.
 */
final class Feed implements AutoCloseable {
  /** One event, written once for all readers. */
  record Item(EventPosition position, EventJson event, ByteString text) {}

  private final Predicate<EventJson> wanted;
  private final int limit;
  private final Consumer<Feed> onClose;
  private final Deque<ByteString> waiting = new ArrayDeque<>();
  private EventPosition last;
  private boolean held;
  private final List<Item> heldBack = new ArrayList<>();
  private boolean overrun;
  private boolean closed;
  private CompletableFuture<List<ByteString>> reader = CompletableFuture.completedFuture(List.of());

  /**
   * @param after events up to here are not told
   */
  Feed(Predicate<EventJson> wanted, int limit, EventPosition after, Consumer<Feed> onClose) {
    this.wanted = wanted;
    this.limit = limit;
    this.last = after;
    this.onClose = onClose;
  }

  static ByteString resync(EventPosition at) {
    return ByteString.fromString("event: resync\nid: " + at + "\ndata: {\"kind\":\"resync\"}\n\n");
  }

  void add(List<Item> items) {
    CompletableFuture<List<ByteString>> ready;
    List<ByteString> texts;
    synchronized (this) {
      if (held) {
        heldBack.addAll(items);
        if (heldBack.size() > limit) {
          overrun = true;
          heldBack.subList(0, heldBack.size() - 1).clear();
        }
        return;
      }
      for (Item item : items) {
        if (item.position().compareTo(last) <= 0) {
          continue;
        }
        last = item.position();
        if (wanted.test(item.event())) {
          if (waiting.size() >= limit) {
            waiting.clear();
            waiting.add(resync(last));
          } else {
            waiting.add(item.text());
          }
        }
      }
      if (waiting.isEmpty() || reader.isDone()) {
        return;
      }
      ready = reader;
      texts = taken();
    }
    ready.complete(texts);
  }

  /** From here on what comes is kept aside, up to the limit, until {@link #release}. */
  synchronized void hold() {
    held = true;
  }

  /** Events up to {@code told} have been told otherwise; those kept aside beyond it follow. */
  void release(EventPosition told) {
    List<Item> kept;
    synchronized (this) {
      held = false;
      last = told;
      kept = List.copyOf(heldBack);
      heldBack.clear();
      if (overrun) {
        waiting.add(resync(kept.getLast().position()));
        last = kept.getLast().position();
      }
    }
    add(kept);
  }

  private List<ByteString> taken() {
    List<ByteString> all = new ArrayList<>(waiting);
    waiting.clear();
    return all;
  }

  /** What waits, once something does; nothing once closed. Asked again only after an answer. */
  synchronized CompletionStage<List<ByteString>> next() {
    if (closed || !waiting.isEmpty()) {
      return CompletableFuture.completedFuture(taken());
    }
    reader = new CompletableFuture<>();
    return reader;
  }

  @Override
  public void close() {
    CompletableFuture<List<ByteString>> open;
    synchronized (this) {
      closed = true;
      open = reader;
    }
    open.complete(List.of());
    onClose.accept(this);
  }
}
