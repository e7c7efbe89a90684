package dev.ahjo.cluster.worker;

import dev.ahjo.cluster.worker.Letter.Place;
import dev.ahjo.core.id.SessionId;
import dev.ahjo.core.id.WorkerName;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Predicate;

/**
 * Where the sessions of some of the workers are: each worker is in the directory of one node,
 * chosen by rendezvous, so that all nodes agree on it who agree on the nodes, and few workers move
 * when a node comes or goes. Nothing in it needs to be kept: gates say it again to the next one.
 */
final class Directory {
  /** Workers that somebody waits for; beyond, who waits asks again by its own backoff. */
  private static final int MAX_WANTED = 50_000;

  private final Map<WorkerName, SessionId> places = new HashMap<>();
  private Map<WorkerName, Set<Long>> wanted = new HashMap<>();
  private Map<WorkerName, Set<Long>> longWanted = new HashMap<>();

  /** The node whose directory has the worker. */
  static OptionalLong home(WorkerName worker, Collection<Long> nodes) {
    long name = worker.value().hashCode() * 0x9E3779B97F4A7C15L;
    long best = Long.MIN_VALUE;
    OptionalLong home = OptionalLong.empty();
    for (long node : nodes) {
      long weight = mixed(name ^ mixed(node));
      if (home.isEmpty() || weight > best) {
        best = weight;
        home = OptionalLong.of(node);
      }
    }
    return home;
  }

  /** David Stafford's variant 13 of the MurmurHash3 finalizer. */
  private static long mixed(long z) {
    long a = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    long b = (a ^ (a >>> 27)) * 0x94D049BB133111EBL;
    return b ^ (b >>> 31);
  }

  /**
   * Notes a session unless a newer one is known; answers which of the two is superseded, if there
   * are two.
   */
  Optional<SessionId> note(Place place) {
    SessionId known = places.get(place.worker());
    if (known == null || known.compareTo(place.session()) < 0) {
      places.put(place.worker(), place.session());
      return Optional.ofNullable(known);
    }
    return known.equals(place.session()) ? Optional.empty() : Optional.of(place.session());
  }

  void over(Place place) {
    places.remove(place.worker(), place.session());
  }

  Optional<SessionId> find(WorkerName worker) {
    return Optional.ofNullable(places.get(worker));
  }

  /** The node is told when the worker comes. */
  void want(WorkerName worker, long node) {
    if (wanted.containsKey(worker) || wanted.size() < MAX_WANTED) {
      wanted.computeIfAbsent(worker, _ -> new HashSet<>(2)).add(node);
    }
  }

  /** Who waits for the worker; they wait no more. */
  Set<Long> wantedBy(WorkerName worker) {
    Set<Long> nodes = new HashSet<>();
    Optional.ofNullable(wanted.remove(worker)).ifPresent(nodes::addAll);
    Optional.ofNullable(longWanted.remove(worker)).ifPresent(nodes::addAll);
    return nodes;
  }

  /** Forgets who did not ask again since the last call but one. */
  void forgetOldWants() {
    longWanted = wanted;
    wanted = new HashMap<>();
  }

  /** Keeps what is still this node's to know. */
  void keep(Predicate<Place> ours) {
    places.entrySet().removeIf(e -> !ours.test(new Place(e.getKey(), e.getValue())));
  }

  int size() {
    return places.size();
  }
}
