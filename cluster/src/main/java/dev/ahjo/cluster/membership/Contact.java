package dev.ahjo.cluster.membership;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;

/**
 * Whether this engine is on the side that goes on if a part of the nodes does not hear the other:
 * the same side as the split-brain resolver chooses, known earlier. Each engine calls the others,
 * and an echo proves that the other one heard this node <em>when the call was made</em>, however
 * late the echo is read. So who was cut off and then stood still knows of it at once, where the
 * failure detector takes what waited in a socket for a sign of life.
 *
 * <p>Safe for many threads; whoever asks compares the times himself.
 */
final class Contact {
  /**
   * An echo counts for so long after its call. Those who heard it begin this node's entities no
   * sooner than 6.8 s after it: see ahjo-node.conf. The difference is for rows that are under way.
   */
  static final Duration LASTS = Duration.ofSeconds(5);

  private final long self;
  private final LongSupplier nanos;
  private final Map<Long, Long> heardAt = new ConcurrentHashMap<>();
  private volatile List<Long> engines = List.of();

  /**
   * @param self this node's number
   */
  Contact(long self, LongSupplier nanos) {
    this.self = self;
    this.nanos = nanos;
  }

  /** The engines that are up, this one among them, in the order of their addresses. */
  void engines(List<Long> byAddress) {
    long now = nanos.getAsLong();
    byAddress.forEach(node -> heardAt.putIfAbsent(node, now));
    heardAt.keySet().retainAll(Set.copyOf(byAddress));
    engines = List.copyOf(byAddress);
  }

  /** The node has echoed what this one called at that time. */
  void echoed(long node, long calledAt) {
    heardAt.computeIfPresent(node, (_, before) -> calledAt - before > 0 ? calledAt : before);
  }

  /** Whether more than half of the engines, or half and the first of them, have been heard of. */
  boolean held() {
    List<Long> all = engines;
    long now = nanos.getAsLong();
    int heard = 0;
    boolean first = false;
    for (int i = 0; i < all.size(); i++) {
      long node = all.get(i);
      Long at = heardAt.get(node);
      if (node == self || (at != null && now - at <= LASTS.toNanos())) {
        heard++;
        first |= i == 0;
      }
    }
    return 2 * heard > all.size() || (2 * heard == all.size() && (first || all.isEmpty()));
  }
}
