package dev.ahjo.persistence.log;

import dev.ahjo.core.id.BuildKey;
import dev.ahjo.persistence.log.StreamRows.InSlot;
import dev.ahjo.persistence.log.StreamRows.Known;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * One round of removing what is too old or too much, by whole parts: in Cassandra these are
 * partitions, and reading never wades through what was deleted.
 */
final class StreamPruning {
  private final StreamRows rows;
  private final Duration maxAge;
  private final long maxTotalBytes;
  private final Instant now;
  private int builds;
  private long bytes;

  StreamPruning(StreamRows rows, Duration maxAge, long maxTotalBytes, Instant now) {
    this.rows = rows;
    this.maxAge = maxAge;
    this.maxTotalBytes = maxTotalBytes;
    this.now = now;
  }

  Pruned prune() throws IOException {
    List<Long> slots = rows.slots();
    long total = 0;
    for (long slot : slots) {
      for (InSlot stream : rows.inSlot(slot)) {
        total += stream.bytes();
      }
    }
    for (long slot : slots) {
      boolean old = StreamRows.endOf(slot).isBefore(now.minus(maxAge));
      boolean tooMuch = total - bytes > maxTotalBytes;
      if (!old && !tooMuch) {
        break;
      }
      prune(slot, total);
    }
    return new Pruned(builds, bytes);
  }

  private void prune(long slot, long total) throws IOException {
    Set<BuildKey> left = new LinkedHashSet<>();
    for (InSlot stream : rows.inSlot(slot)) {
      left.add(stream.build());
    }
    boolean emptied = true;
    for (BuildKey build : left) {
      emptied &= prune(build, total);
    }
    // Nothing new begins in a slot that is over, whatever the clocks of the nodes say.
    if (emptied && StreamRows.endOf(slot).isBefore(now.minus(Duration.ofHours(1)))) {
      rows.forgetSlot(slot);
    }
  }

  /** True when nothing of it is left. */
  private boolean prune(BuildKey build, long total) throws IOException {
    List<Known> streams = rows.known(build);
    if (streams.isEmpty()) {
      return true; // by another node, or in a round that was cut short
    }
    Instant last = Instant.MIN;
    List<Known> ended = new ArrayList<>();
    for (Known known : streams) {
      Known whole = StreamWalk.toEnd(rows, known);
      ended.add(whole);
      last = later(last, lastWritten(whole));
    }
    boolean old = last.isBefore(now.minus(maxAge));
    boolean tooMuch =
        total - bytes > maxTotalBytes && last.isBefore(now.minus(FileStreamStore.QUIET));
    if (!old && !tooMuch) {
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
