package dev.ahjo.cluster.worker;

import dev.ahjo.cluster.worker.Letter.Place;
import dev.ahjo.core.id.SessionId;
import dev.ahjo.core.id.WorkerName;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.ToLongFunction;

/**
 * What one gate tells of its sessions, each to the node whose {@link Directory} has its worker:
 * again until that node has noted it, and all of them anew now and then. For a directory can lose
 * what it has noted without this node's seeing why: nodes learn at different times who is a member,
 * and who takes a worker for another's forgets it.
 */
final class Notices {
  /** Ticks after which a directory that has not answered is told again. */
  private static final int RESEND = 2;

  private static final class Entry {
    final SessionId session;
    long home;
    long toldAt;

    Entry(SessionId session, long home) {
      this.session = session;
      this.home = home;
    }
  }

  private final Map<WorkerName, Entry> here = new HashMap<>();
  private final Set<WorkerName> untold = new HashSet<>();

  /** A session is delivered to from now on. */
  void welcomed(Place place, long home) {
    Entry known = here.get(place.worker());
    if (known == null || known.session.compareTo(place.session()) < 0) {
      here.put(place.worker(), new Entry(place.session(), home));
      untold.add(place.worker());
    }
  }

  /** A session is over; answers whom to tell, if it is one that was told of. */
  OptionalLong closed(Place place) {
    Entry entry = here.get(place.worker());
    if (entry == null || !entry.session.equals(place.session())) {
      return OptionalLong.empty();
    }
    here.remove(place.worker());
    untold.remove(place.worker());
    return OptionalLong.of(entry.home);
  }

  /** A directory has answered. One that was the worker's before says nothing of the present one. */
  void noted(long by, Place place) {
    Entry entry = here.get(place.worker());
    if (entry != null && entry.session.equals(place.session()) && entry.home == by) {
      untold.remove(place.worker());
    }
  }

  /** The members have changed. */
  void rehome(ToLongFunction<WorkerName> homes) {
    here.forEach((worker, entry) -> {
      long home = homes.applyAsLong(worker);
      if (entry.home != home) {
        entry.home = home;
        entry.toldAt = 0;
        untold.add(worker);
      }
    });
  }

  /** All are to be told anew. */
  void again() {
    here.values().forEach(entry -> entry.toldAt = 0);
    untold.addAll(here.keySet());
  }

  /**
   * What is to be told now, by directory.
   *
   * @param ticks this node's count of seconds
   */
  Map<Long, List<Place>> due(long ticks) {
    Map<Long, List<Place>> news = new HashMap<>();
    for (WorkerName worker : untold) {
      Entry entry = here.get(worker);
      if (entry != null && (entry.toldAt == 0 || ticks - entry.toldAt >= RESEND)) {
        entry.toldAt = Math.max(1, ticks);
        news.computeIfAbsent(entry.home, _ -> new ArrayList<>())
            .add(new Place(worker, entry.session));
      }
    }
    return news;
  }
}
