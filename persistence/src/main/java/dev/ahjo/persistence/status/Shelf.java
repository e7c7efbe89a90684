package dev.ahjo.persistence.status;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Types;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The views of one kind on their way in and out of their table: those changed since the last
 * commit, and those used lately.
 */
final class Shelf<V> {
  private static final int NOT_STORED = -1;

  /** A view, its row, and what the row says. */
  private static final class Place<V> {
    final long seq;
    V view;
    int storedPhase;
    boolean changed;

    Place(long seq, V view, int storedPhase) {
      this.seq = seq;
      this.view = view;
      this.storedPhase = storedPhase;
    }
  }

  private final Table<V> table;
  private final int kept;
  private final PreparedStatement select;
  private final PreparedStatement insert;
  private final PreparedStatement update;
  private final PreparedStatement last;
  private final PreparedStatement tallies;

  /** Least recently used first. */
  private final LinkedHashMap<String, Place<V>> places = new LinkedHashMap<>(64, 0.75f, true);

  private final List<Place<V>> changed = new ArrayList<>();
  private final Map<Integer, Long> tally = new HashMap<>();
  private long lastSeq;

  /**
   * @param kept so many views stay when they are written
   */
  Shelf(Connection database, Table<V> table, int kept) throws SQLException {
    this.table = table;
    this.kept = kept;
    select =
        database.prepareStatement(
            "SELECT doc, large, seq, phase FROM " + table.name() + " WHERE id = ?");
    insert = database.prepareStatement(table.insert());
    update = database.prepareStatement(table.update());
    last = database.prepareStatement("SELECT MAX(seq) FROM " + table.name());
    tallies = database.prepareStatement("SELECT phase, n FROM tally WHERE kind = ?");
  }

  Optional<V> find(String id) {
    Place<V> place = place(id);
    return place == null ? Optional.empty() : Optional.of(place.view);
  }

  void put(V view) {
    String id = table.id().apply(view);
    Place<V> place = place(id);
    if (place == null) {
      place = new Place<>(++lastSeq, view, NOT_STORED);
      places.put(id, place);
    }
    place.view = view;
    if (!place.changed) {
      place.changed = true;
      changed.add(place);
    }
  }

  private @Nullable Place<V> place(String id) {
    Place<V> known = places.get(id);
    if (known != null) {
      return known;
    }
    try {
      select.setString(1, id);
      try (ResultSet row = select.executeQuery()) {
        if (!row.next()) {
          return null;
        }
        var place = new Place<>(row.getLong(3), Readers.Reader.view(table, row), row.getInt(4));
        places.put(id, place);
        return place;
      }
    } catch (SQLException | IOException failed) {
      throw new StatusUnavailable("The " + table.name() + " " + id + " can't be read", failed);
    }
  }

  /** Writes every changed view once, and how many are in each phase. */
  void write(PreparedStatement setTally) throws SQLException {
    if (changed.isEmpty()) {
      return;
    }
    Set<Integer> touched = new HashSet<>();
    for (Place<V> place : changed) {
      int phase = table.phase(place.view);
      if (phase != place.storedPhase) {
        tally.merge(phase, 1L, Long::sum);
        touched.add(phase);
        if (place.storedPhase != NOT_STORED) {
          tally.merge(place.storedPhase, -1L, Long::sum);
          touched.add(place.storedPhase);
        }
      }
      row(place, phase);
      place.storedPhase = phase;
    }
    insert.executeBatch();
    update.executeBatch();
    for (int phase : touched) {
      setTally.setString(1, table.name());
      setTally.setInt(2, phase);
      setTally.setLong(3, tally.getOrDefault(phase, 0L));
      setTally.addBatch();
    }
    setTally.executeBatch();
  }

  private void row(Place<V> place, int phase) throws SQLException {
    boolean fresh = place.storedPhase == NOT_STORED;
    PreparedStatement statement = fresh ? insert : update;
    byte[] doc;
    try {
      doc = table.write(place.view);
    } catch (IOException unwritable) {
      throw new StatusUnavailable(
          "The " + table.name() + " " + table.id().apply(place.view) + " can't be written as JSON",
          unwritable);
    }
    statement.setInt(1, phase);
    if (Table.fits(doc)) {
      statement.setBytes(2, doc);
      statement.setNull(3, Types.VARBINARY);
    } else {
      statement.setNull(2, Types.VARBINARY);
      statement.setBinaryStream(3, new ByteArrayInputStream(doc), doc.length);
    }
    int next = 4;
    for (String value : table.values().apply(place.view)) {
      statement.setString(next++, value);
    }
    statement.setLong(next++, place.seq);
    if (fresh) {
      statement.setString(next, table.id().apply(place.view));
    }
    statement.addBatch();
  }

  /** What was written is committed: the least recently used views may go. */
  void written() {
    changed.forEach(place -> place.changed = false);
    changed.clear();
    Iterator<Place<V>> oldest = places.values().iterator();
    for (int i = places.size(); i > kept; i--) {
      oldest.next();
      oldest.remove();
    }
  }

  /** Forgets all that is not committed. */
  void forget() throws SQLException {
    places.clear();
    changed.clear();
    tally.clear();
    insert.clearBatch();
    update.clearBatch();
    try (ResultSet row = last.executeQuery()) {
      lastSeq = row.next() ? row.getLong(1) : 0;
    }
    tallies.setString(1, table.name());
    try (ResultSet row = tallies.executeQuery()) {
      while (row.next()) {
        tally.put(row.getInt(1), row.getLong(2));
      }
    }
  }
}
