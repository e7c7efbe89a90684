package dev.ahjo.core.pool;

import dev.ahjo.core.id.ProjectName;
import dev.ahjo.core.kernel.Rank;
import dev.ahjo.core.pool.Pool.Offer;
import dev.ahjo.core.pool.Pool.Station;
import java.util.Collection;
import java.util.Comparator;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.pcollections.HashTreePMap;
import org.pcollections.PMap;
import org.pcollections.TreePMap;

/**
 * The waiting offers, lined up by the labels they need, then by project. A freed slot looks only at
 * the heads of the lines that fit its worker: a handful of label sets times the projects waiting.
 *
 * @param avoiding those among them that avoid a worker
 */
public record Lines(
    PMap<Set<String>, PMap<ProjectName, TreePMap<Rank, Offer>>> byLabels,
    TreePMap<Rank, Offer> avoiding) {
  static final Lines EMPTY = new Lines(HashTreePMap.empty(), TreePMap.empty());

  Lines plus(Offer offer) {
    PMap<ProjectName, TreePMap<Rank, Offer>> projects =
        byLabels.getOrDefault(offer.labels(), HashTreePMap.empty());
    TreePMap<Rank, Offer> line = projects.getOrDefault(offer.project(), TreePMap.empty());
    return new Lines(
        byLabels.plus(
            offer.labels(), projects.plus(offer.project(), line.plus(offer.rank(), offer))),
        offer.avoid().isEmpty() ? avoiding : avoiding.plus(offer.rank(), offer));
  }

  Lines minus(Offer offer) {
    var projects = byLabels.get(offer.labels());
    var line = projects == null ? null : projects.get(offer.project());
    if (projects == null || line == null) {
      return this;
    }
    var rest = line.minus(offer.rank());
    var others =
        rest.isEmpty() ? projects.minus(offer.project()) : projects.plus(offer.project(), rest);
    return new Lines(
        others.isEmpty() ? byLabels.minus(offer.labels()) : byLabels.plus(offer.labels(), others),
        avoiding.minus(offer.rank()));
  }

  /** The offer that stands where this one would: a late one of another attempt of its request. */
  @Nullable Offer inPlaceOf(Offer offer) {
    var projects = byLabels.get(offer.labels());
    var line = projects == null ? null : projects.get(offer.project());
    return line == null ? null : line.get(offer.rank());
  }

  Collection<Offer> picky() {
    return avoiding.values();
  }

  /** Who gets a free slot of {@code station}, or null if it fits nobody who waits. */
  @Nullable Offer bestFor(Station station, Seats seats) {
    Comparator<Offer> order =
        Comparator.<Offer>comparingInt(o -> o.rank().priority())
            .reversed()
            .thenComparingInt(o -> seats.running(o.project()))
            .thenComparing(Offer::rank);
    Offer best = null;
    for (var labels : byLabels.entrySet()) {
      if (!station.labels().containsAll(labels.getKey())) {
        continue;
      }
      for (var line : labels.getValue().values()) {
        for (Offer offer : line.values()) {
          if (seats.mayTake(station, offer)) {
            best = best == null || order.compare(offer, best) < 0 ? offer : best;
            break;
          }
        }
      }
    }
    return best;
  }
}
