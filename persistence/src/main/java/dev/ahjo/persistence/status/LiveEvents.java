package dev.ahjo.persistence.status;

import dev.ahjo.core.id.ProjectName;
import dev.ahjo.core.kernel.EntityRef;
import dev.ahjo.core.kernel.Fact;
import dev.ahjo.core.port.Events;
import dev.ahjo.core.port.StreamStore.Subscription;
import dev.ahjo.core.status.StatusEvent;
import dev.ahjo.core.status.StatusStore;
import dev.ahjo.core.status.ViewsByKey;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells what happens once the read tables show it. After a crash the tables may be a moment older
 * than what was told before it; those events are told once more, under the same ids.
 */
public final class LiveEvents implements Events {
  private static final Logger LOG = LoggerFactory.getLogger(LiveEvents.class);

  /** Records read at once for {@link #since}. */
  private static final int PAGE = 200;

  private static final Pattern HUMP = Pattern.compile("(?<=[a-z0-9])(?=[A-Z])");

  private static final ClassValue<String> KINDS =
      new ClassValue<>() {
        @Override
        protected String computeValue(Class<?> fact) {
          return HUMP.matcher(fact.getSimpleName()).replaceAll("_").toLowerCase(Locale.ROOT);
        }
      };

  private final StatusStore tables;
  private final FactSource journal;
  private final CopyOnWriteArrayList<Consumer<List<StatusEvent>>> listeners =
      new CopyOnWriteArrayList<>();

  public LiveEvents(StatusStore tables, FactSource journal) {
    this.tables = tables;
    this.journal = journal;
  }

  /** A fact's name in snake case: {@code build_finished}. */
  public static String kind(Class<? extends Fact> fact) {
    return KINDS.get(fact);
  }

  @Override
  public Subscription listen(Consumer<List<StatusEvent>> listener) {
    // Wrapped, so that a listener that listens twice can end each by itself.
    Consumer<List<StatusEvent>> mine = listener::accept;
    listeners.add(mine);
    return () -> listeners.remove(mine);
  }

  boolean heard() {
    return !listeners.isEmpty();
  }

  void tell(List<StatusEvent> events) {
    if (events.isEmpty()) {
      return;
    }
    List<StatusEvent> all = List.copyOf(events);
    for (Consumer<List<StatusEvent>> listener : listeners) {
      try {
        listener.accept(all);
      } catch (RuntimeException wrong) {
        LOG.error("A listener failed on the events up to {}", all.getLast().offset(), wrong);
      }
    }
  }

  /**
   * @throws StatusUnavailable when the journal can't be read
   */
  @Override
  public List<StatusEvent> since(long offset, int index, int limit) {
    long shown = tables.progress().applied();
    Map<EntityRef, Optional<ProjectName>> projects = new HashMap<>();
    List<StatusEvent> events = new ArrayList<>();
    long from = offset - 1;
    while (events.size() < limit && from < shown) {
      List<FactSource.Entry> page;
      try {
        page = journal.after(from, Math.min(PAGE, limit - events.size()));
      } catch (IOException failed) {
        throw new StatusUnavailable("The journal can't be read after " + from, failed);
      }
      if (page.isEmpty()) {
        break;
      }
      for (FactSource.Entry entry : page) {
        if (entry.offset() > shown) {
          break;
        }
        var project = projects.computeIfAbsent(entry.entity(), tables::projectOf);
        for (int i = 0; i < entry.facts().size() && events.size() < limit; i++) {
          if (entry.offset() > offset || i > index) {
            events.add(event(entry, i, project));
          }
        }
      }
      from = page.getLast().offset();
    }
    return events;
  }

  /** The events of a record; the views must know its facts already. */
  static void add(List<StatusEvent> events, FactSource.Entry entry, ViewsByKey views) {
    var project = views.projectOf(entry.entity());
    for (int i = 0; i < entry.facts().size(); i++) {
      events.add(event(entry, i, project));
    }
  }

  private static StatusEvent event(
      FactSource.Entry entry, int index, Optional<ProjectName> project) {
    Fact fact = entry.facts().get(index);
    return new StatusEvent(
        entry.offset(), index, entry.at(), kind(fact.getClass()), entry.entity(), project, fact);
  }
}
