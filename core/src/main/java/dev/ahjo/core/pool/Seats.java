package dev.ahjo.core.pool;

import dev.ahjo.core.id.ProjectName;
import dev.ahjo.core.id.WorkerName;
import dev.ahjo.core.pool.Pool.Offer;
import dev.ahjo.core.pool.Pool.Standing;
import dev.ahjo.core.pool.Pool.Station;
import dev.ahjo.core.request.WaitReason;
import java.util.EnumMap;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.pcollections.HashTreePMap;
import org.pcollections.PMap;
import org.pcollections.TreePMap;

/**
 * The workers of a pool and their slots.
 *
 * @param used slots in use, by worker
 * @param running builds of each project in this pool
 * @param free available workers with a free slot, by their labels, the least used first
 * @param standings how many workers stand how, by their labels: no decision looks at every worker
 */
public record Seats(
    PMap<WorkerName, Station> stations,
    PMap<WorkerName, Integer> used,
    PMap<ProjectName, Integer> running,
    PMap<Set<String>, TreePMap<Seat, Station>> free,
    PMap<Set<String>, PMap<Standing, Integer>> standings) {
  static final Seats EMPTY =
      new Seats(
          HashTreePMap.empty(),
          HashTreePMap.empty(),
          HashTreePMap.empty(),
          HashTreePMap.empty(),
          HashTreePMap.empty());

  /** A place among the free workers: per mille of its slots used, then its name. */
  public record Seat(int load, WorkerName worker) implements Comparable<Seat> {
    @Override
    public int compareTo(Seat other) {
      return load != other.load
          ? Integer.compare(load, other.load)
          : worker.compareTo(other.worker);
    }
  }

  @Nullable Station station(WorkerName worker) {
    return stations.get(worker);
  }

  int running(ProjectName project) {
    return running.getOrDefault(project, 0);
  }

  private int used(WorkerName worker) {
    return used.getOrDefault(worker, 0);
  }

  @Nullable Station withFreeSlot(WorkerName worker) {
    var station = stations.get(worker);
    return station != null
            && station.standing() == Standing.AVAILABLE
            && used(worker) < station.slots()
        ? station
        : null;
  }

  /** Whether the offer may have that worker: it must not avoid it, unless no other would fit. */
  boolean mayTake(Station station, Offer offer) {
    return !offer.avoid().contains(station.worker()) || !othersFit(offer);
  }

  private boolean othersFit(Offer offer) {
    long avoided =
        offer.avoid().stream()
            .map(stations::get)
            .filter(s ->
                s != null
                    && s.standing() == Standing.AVAILABLE
                    && s.labels().containsAll(offer.labels()))
            .count();
    return fitting(offer).getOrDefault(Standing.AVAILABLE, 0) > avoided;
  }

  /** How the workers stand that have the labels of the offer; those that are gone left out. */
  private Map<Standing, Integer> fitting(Offer offer) {
    Map<Standing, Integer> fitting = new EnumMap<>(Standing.class);
    standings.forEach((labels, counts) -> {
      if (labels.containsAll(offer.labels())) {
        counts.forEach((standing, count) -> fitting.merge(standing, count, Integer::sum));
      }
    });
    fitting.remove(Standing.GONE);
    return fitting;
  }

  /** The least used worker that fits, or null. */
  @Nullable WorkerName bestFor(Offer offer) {
    Seat best = null;
    boolean choosy = !offer.avoid().isEmpty() && othersFit(offer);
    for (var group : free.entrySet()) {
      if (!group.getKey().containsAll(offer.labels())) {
        continue;
      }
      for (Seat seat : group.getValue().keySet()) {
        if (!choosy || !offer.avoid().contains(seat.worker())) {
          best = best == null || seat.compareTo(best) < 0 ? seat : best;
          break;
        }
      }
    }
    return best == null ? null : best.worker();
  }

  /** Why no worker takes the offer at the moment. */
  WaitReason whyNone(Offer offer) {
    Map<Standing, Integer> fitting = fitting(offer);
    if (fitting.isEmpty()) {
      return new WaitReason(
          WaitReason.Code.NO_WORKER_WITH_LABELS,
          offer.labels().isEmpty()
              ? "no worker is here"
              : "no worker has the labels "
                  + offer.labels().stream().sorted().collect(Collectors.joining(", ")));
    }
    if (free.keySet().stream().anyMatch(labels -> labels.containsAll(offer.labels()))) {
      return new WaitReason(
          WaitReason.Code.AVOIDING_WORKER,
          "an earlier attempt was lost on " + offer.avoid() + "; another worker fits and is busy");
    }
    Integer available = fitting.get(Standing.AVAILABLE);
    if (available != null) {
      return new WaitReason(
          WaitReason.Code.ALL_SLOTS_BUSY,
          available == 1
              ? "all slots of the one worker that fits are busy"
              : "all slots of the " + available + " workers that fit are busy");
    }
    String standings =
        fitting.entrySet().stream()
            .map(e -> e.getValue() + " " + e.getKey().name().toLowerCase(java.util.Locale.ROOT))
            .collect(Collectors.joining(", "));
    var code =
        fitting.containsKey(Standing.AWAY)
            ? WaitReason.Code.WORKERS_AWAY
            : fitting.containsKey(Standing.QUARANTINED)
                ? WaitReason.Code.WORKERS_QUARANTINED
                : WaitReason.Code.WORKERS_PAUSED;
    return new WaitReason(code, "the workers that fit: " + standings);
  }

  Seats with(Station station) {
    var before = stations.get(station.worker());
    var counted = before == null ? standings : counted(standings, before, -1);
    return unseat(station.worker())
        .changed(stations.plus(station.worker(), station), counted(counted, station, 1))
        .seat(station.worker());
  }

  Seats take(WorkerName worker, ProjectName project) {
    return unseat(worker).count(worker, project, 1).seat(worker);
  }

  Seats free(WorkerName worker, ProjectName project) {
    return unseat(worker).count(worker, project, -1).seat(worker);
  }

  private Seats changed(
      PMap<WorkerName, Station> to, PMap<Set<String>, PMap<Standing, Integer>> counted) {
    return new Seats(to, used, running, free, counted);
  }

  private static PMap<Set<String>, PMap<Standing, Integer>> counted(
      PMap<Set<String>, PMap<Standing, Integer>> counts, Station station, int by) {
    PMap<Standing, Integer> now =
        added(counts.getOrDefault(station.labels(), HashTreePMap.empty()), station.standing(), by);
    return now.isEmpty() ? counts.minus(station.labels()) : counts.plus(station.labels(), now);
  }

  private Seats count(WorkerName worker, ProjectName project, int by) {
    return new Seats(
        stations, added(used, worker, by), added(running, project, by), free, standings);
  }

  private static <K> PMap<K, Integer> added(PMap<K, Integer> counts, K key, int by) {
    int now = counts.getOrDefault(key, 0) + by;
    return now == 0 ? counts.minus(key) : counts.plus(key, now);
  }

  private Seats unseat(WorkerName worker) {
    var station = withFreeSlot(worker);
    if (station == null) {
      return this;
    }
    TreePMap<Seat, Station> group =
        free.getOrDefault(station.labels(), TreePMap.<Seat, Station>empty()).minus(seatOf(station));
    return new Seats(
        stations,
        used,
        running,
        group.isEmpty() ? free.minus(station.labels()) : free.plus(station.labels(), group),
        standings);
  }

  private Seats seat(WorkerName worker) {
    var station = withFreeSlot(worker);
    if (station == null) {
      return this;
    }
    TreePMap<Seat, Station> group =
        free.getOrDefault(station.labels(), TreePMap.<Seat, Station>empty())
            .plus(seatOf(station), station);
    return new Seats(stations, used, running, free.plus(station.labels(), group), standings);
  }

  private Seat seatOf(Station station) {
    return new Seat(used(station.worker()) * 1000 / station.slots(), station.worker());
  }
}
