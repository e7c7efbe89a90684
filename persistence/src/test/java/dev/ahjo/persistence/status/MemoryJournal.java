package dev.ahjo.persistence.status;

import dev.ahjo.core.kernel.EntityRef;
import dev.ahjo.core.kernel.Fact;
import dev.ahjo.core.port.StreamStore.Subscription;
import dev.ahjo.core.status.Story;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** A journal in memory, which a story writes. */
final class MemoryJournal implements FactSource, Story.Journal {
  private final List<Entry> entries = new ArrayList<>();
  private final CopyOnWriteArrayList<Runnable> listeners = new CopyOnWriteArrayList<>();
  private volatile boolean broken;
  private volatile long shown = Long.MAX_VALUE;
  private volatile int pages;

  @Override
  public void record(EntityRef entity, long sequenceNr, Instant at, List<Fact> facts) {
    synchronized (this) {
      entries.add(new Entry(entries.size() + 1L, entity, sequenceNr, at, facts));
    }
    listeners.forEach(Runnable::run);
  }

  /** From now on it can't be read, or can again. */
  void broken(boolean now) {
    broken = now;
  }

  /** What comes after {@code last} can't be read for now, as if a quorum did not have it. */
  void showsUpTo(long last) {
    shown = last;
  }

  /** How often it was read. */
  int pages() {
    return pages;
  }

  @Override
  public synchronized Page page(long offset, int limit) throws IOException {
    pages++;
    List<Entry> entries = after(offset, limit);
    return new Page(entries, entries.isEmpty() ? offset : entries.getLast().offset());
  }

  @Override
  public synchronized List<Entry> after(long offset, int limit) throws IOException {
    if (broken) {
      throw new IOException("the journal's disk is gone");
    }
    int from = (int) Math.max(0, Math.min(offset, entries.size()));
    int to = (int) Math.min(Math.min(shown, entries.size()), from + (long) limit);
    return List.copyOf(entries.subList(from, to));
  }

  @Override
  public synchronized long end() {
    return entries.size();
  }

  @Override
  public Subscription onAppend(Runnable appended) {
    listeners.add(appended);
    return () -> listeners.remove(appended);
  }
}
