package dev.ahjo.persistence.status;

import dev.ahjo.persistence.status.StatusRows.Found;
import dev.ahjo.persistence.status.Write.Spot;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * The views of one kind on their way in and out of Cassandra: those changed since the last commit,
 * those used lately, and the lists that they stand in.
 */
final class ListedShelf<V> {
  private static final int NOT_STORED = -2;

  /** A view and what is stored of it. */
  private static final class Place<V> {
    final long seq;
    V view;
    int storedPhase;
    List<Spot> spots;
    List<String> storedTags;
    boolean changed;

    Place(long seq, V view, int storedPhase, List<Spot> spots, List<String> storedTags) {
      this.seq = seq;
      this.view = view;
      this.storedPhase = storedPhase;
      this.spots = spots;
      this.storedTags = storedTags;
    }
  }

  /** Reads a view. */
  interface Reading<V> {
    CompletionStage<Optional<Found<V>>> find(String id);
  }

  private final Table<V> table;
  private final int kept;
  private final Reading<V> reading;
  private final Counted lists;

  /** Least recently used first. */
  private final LinkedHashMap<String, Place<V>> places = new LinkedHashMap<>(64, 0.75f, true);

  private final List<Place<V>> changed = new ArrayList<>();

  /** Asked for and not heard yet. */
  private final Map<String, CompletionStage<Optional<Found<V>>>> asked = new HashMap<>();

  /** Found not to be there since the last commit. */
  private final Set<String> absent = new HashSet<>();

  private long lastSeq;

  /**
   * @param kept so many views stay when they are written
   */
  ListedShelf(Table<V> table, int kept, Reading<V> reading, Counted lists) {
    this.table = table;
    this.kept = kept;
    this.reading = reading;
    this.lists = lists;
  }

  String kind() {
    return table.name();
  }

  Optional<V> find(String id) {
    Place<V> place = place(id);
    return place == null ? Optional.empty() : Optional.of(place.view);
  }

  void put(V view) {
    String id = table.id().apply(view);
    Place<V> place = place(id);
    if (place == null) {
      place = new Place<>(++lastSeq, view, NOT_STORED, List.of(), List.of());
      places.put(id, place);
      absent.remove(id);
    }
    place.view = view;
    if (!place.changed) {
      place.changed = true;
      changed.add(place);
    }
  }

  /** Begins to read a view, if it is not in memory. */
  void ask(String id) {
    if (places.get(id) == null && !absent.contains(id)) {
      asked.computeIfAbsent(id, reading::find);
    }
  }

  /**
   * Takes in what was asked for.
   *
   * @throws StatusUnavailable when it can't be read
   */
  void hear() {
    asked.forEach((id, answer) -> found(id, heard(id, answer)));
    asked.clear();
  }

  private @Nullable Place<V> place(String id) {
    Place<V> known = places.get(id);
    return known != null || absent.contains(id) ? known : found(id, heard(id, reading.find(id)));
  }

  private Optional<Found<V>> heard(String id, CompletionStage<Optional<Found<V>>> answer) {
    try {
      return Answers.of(answer);
    } catch (StatusUnavailable failed) {
      throw new StatusUnavailable("The " + kind() + " " + id + " can't be read", failed);
    }
  }

  private @Nullable Place<V> found(String id, Optional<Found<V>> found) {
    if (found.isEmpty()) {
      absent.add(id);
      return null;
    }
    Found<V> f = found.get();
    var place =
        new Place<>(f.seq(), f.view(), f.phase(), f.spots(), ListNames.tags(table, f.view()));
    places.put(id, place);
    return place;
  }

  /** All that is to be written, once. */
  List<Write> writes() {
    List<Write> writes = new ArrayList<>();
    for (Place<V> place : changed) {
      write(place, writes);
    }
    writes.addAll(lists.writes());
    return writes;
  }

  private void write(Place<V> place, List<Write> writes) {
    int phase = table.phase(place.view);
    String id = table.id().apply(place.view);
    List<String> tags = ListNames.tags(table, place.view);
    if (phase != place.storedPhase || !listed(place) || !tags.equals(place.storedTags)) {
      place.spots = listed(place, phase, id, tags, writes);
      for (String list : ListNames.byName(table, place.view)) {
        writes.add(new Write.Name(kind(), list, id, phase, tags));
      }
    }
    if (place.storedPhase == NOT_STORED) {
      for (String list : ListNames.few(table, place.view)) {
        writes.add(new Write.Few(kind(), list, place.seq, id));
      }
    }
    byte[] doc;
    try {
      doc = StatusRows.compressed(table.write(place.view));
    } catch (IOException unwritable) {
      throw new StatusUnavailable(
          "The " + kind() + " " + id + " can't be written as JSON", unwritable);
    }
    writes.add(new Write.View(kind(), id, place.seq, phase, doc, place.spots));
    place.storedPhase = phase;
    place.storedTags = tags;
  }

  /** Whether it stands where it should; a line by name holds what may change in its tags. */
  private boolean listed(Place<V> place) {
    return !table.named()
        && place.spots.stream()
            .map(Spot::list)
            .toList()
            .equals(ListNames.counted(table, place.view));
  }

  private List<Spot> listed(
      Place<V> place, int phase, String id, List<String> tags, List<Write> writes) {
    List<String> wanted = ListNames.counted(table, place.view);
    List<Spot> spots = new ArrayList<>();
    for (String list : wanted) {
      Optional<Spot> known = place.spots.stream().filter(s -> s.list().equals(list)).findFirst();
      known.ifPresent(spot -> lists.move(spot, place.storedPhase, phase));
      Spot spot = known.orElseGet(() -> lists.add(list, place.seq, phase));
      spots.add(spot);
      writes.add(new Write.Entry(kind(), list, spot.leaf(), place.seq, id, phase, tags));
    }
    for (Spot left : place.spots) {
      if (!wanted.contains(left.list())) {
        lists.move(left, place.storedPhase, Counted.GONE);
        writes.add(
            new Write.Entry(
                kind(), left.list(), left.leaf(), place.seq, id, Counted.GONE, List.of()));
      }
    }
    return spots;
  }

  /** What was written is committed: the least recently used views may go. */
  void written() {
    changed.forEach(place -> place.changed = false);
    changed.clear();
    absent.clear();
    lists.written();
    Iterator<Place<V>> oldest = places.values().iterator();
    for (int i = places.size(); i > kept; i--) {
      oldest.next();
      oldest.remove();
    }
  }

  long lastSeq() {
    return lastSeq;
  }

  /** Forgets all that is not committed. */
  void forget(long lastSeq) {
    this.lastSeq = lastSeq;
    places.clear();
    changed.clear();
    asked.clear();
    absent.clear();
    lists.forget();
  }
}
