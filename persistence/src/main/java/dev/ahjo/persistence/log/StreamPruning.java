package dev.ahjo.persistence.log;

import dev.ahjo.core.id.BuildKey;
import dev.ahjo.persistence.log.StreamRows.InSlot;
import dev.ahjo.persistence.log.StreamRows.Known;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * One round of removing what is too old or too much, by whole parts: in Cassandra these are
 * partitions, and reading never wades through what was deleted.
 */
final class StreamPruning {
  /** A build that has not ended may be silent for long, and still write. */
  private static final Duration QUIET_BUT_OPEN = Duration.ofDays(1);

  private final StreamRows rows;
  private final Duration maxAge;
  private final long maxTotalBytes;
  private final Instant now;

  /** Slots, the oldest first, and the bytes that were in each and are not known to be gone. */
  private final Map<Long, Long> counted = new TreeMap<>();

  private long total;
  private int builds;
  private long bytes;

  /** What other nodes have removed since this one has counted. */
  private long byOthers;

  StreamPruning(StreamRows rows, Duration maxAge, long maxTotalBytes, Instant now) {
    this.rows = rows;
    this.maxAge = maxAge;
    this.maxTotalBytes = maxTotalBytes;
    this.now = now;
  }

  Pruned prune() throws IOException {
    count();
    return remove();
  }

  /** Looks how much there is. */
  void count() {
    for (long slot : rows.slots()) {
      counted.put(slot, 0L);
      for (InSlot stream : rows.inSlot(slot)) {
        counted.merge(slot, stream.bytes(), Long::sum);
        total += stream.bytes();
      }
    }
  }

  /** Removes what is too old or too much of what was there then. */
  Pruned remove() throws IOException {
    // Also those that others have emptied and forgotten meanwhile.
    for (long slot : List.copyOf(counted.keySet())) {
      boolean old = StreamRows.endOf(slot).isBefore(now.minus(maxAge));
      if (!old && !tooMuch()) {
        break;
      }
      remove(slot);
    }
    return new Pruned(builds, bytes);
  }

  private boolean tooMuch() {
    return total - bytes - byOthers > maxTotalBytes;
  }

  private void remove(long slot) throws IOException {
    Map<BuildKey, Long> left = new LinkedHashMap<>();
    long here = 0;
    for (InSlot stream : rows.inSlot(slot)) {
      left.merge(stream.build(), stream.bytes(), Long::sum);
      here += stream.bytes();
    }
    // What was there and is not, other nodes have removed.
    byOthers += Math.max(0, counted.getOrDefault(slot, 0L) - here);
    boolean emptied = true;
    for (Map.Entry<BuildKey, Long> build : left.entrySet()) {
      emptied &= removed(build.getKey(), build.getValue());
    }
    // Nothing new begins in a slot that is over, whatever the clocks of the nodes say.
    if (emptied && StreamRows.endOf(slot).isBefore(now.minus(Duration.ofHours(1)))) {
      rows.forgetSlot(slot);
    }
  }

  /**
   * True when nothing of it is left.
   *
   * @param here how many bytes its slot tells of
   */
  private boolean removed(BuildKey build, long here) throws IOException {
    List<Known> streams = rows.known(build);
    if (streams.isEmpty()) {
      byOthers += here; // or by this one, in a round that was cut short
      return true;
    }
    Instant last = Instant.MIN;
    boolean open = false;
    List<Known> ended = new ArrayList<>();
    for (Known known : streams) {
      Known whole = StreamWalk.toEnd(rows, known);
      ended.add(whole);
      last = later(last, lastWritten(whole));
      open |= !whole.closed();
    }
    boolean old = last.isBefore(now.minus(maxAge));
    Duration quiet = open ? QUIET_BUT_OPEN : FileStreamStore.QUIET;
    if (!old && !(tooMuch() && last.isBefore(now.minus(quiet)))) {
      return false;
    }
    rows.markPruned(build, now);
    for (Known known : ended) {
      for (long part = 0; part * StreamRows.PART <= known.size(); part++) {
        rows.deletePart(known.stream(), part);
      }
      rows.forget(known);
      bytes += known.bytes();
    }
    // They are not to be missed where their other slots are looked at.
    streams.forEach(known -> counted.merge(known.slot(), -known.bytes(), Long::sum));
    builds++;
    return true;
  }

  private static Instant later(Instant one, Instant other) {
    return one.isAfter(other) ? one : other;
  }

  private Instant lastWritten(Known known) {
    return known.closed()
        ? known.at()
        : rows.lastWritten(known.stream(), known.size() / StreamRows.PART)
            .map(written -> later(written, known.at()))
            .orElse(known.at());
  }
}
