package dev.ahjo.persistence.status;

import java.util.List;
import java.util.Map;

/**
 * One row of the read tables in Cassandra, as a commit wants it. Writing it again changes nothing.
 */
sealed interface Write {
  String kind();

  /**
   * A view.
   *
   * @param seq counts the kind's views in the order in which they came
   * @param doc compressed
   * @param spots where it stands in lists that change
   */
  record View(String kind, String id, long seq, int phase, byte[] doc, List<Spot> spots)
      implements Write {
    public View {
      spots = List.copyOf(spots);
    }
  }

  /** A place in a {@link Counted} list. */
  record Spot(String list, long branch, long leaf) {}

  /** A line of a list, newest first. */
  record Entry(
      String kind, String list, long leaf, long seq, String id, int phase, List<String> tags)
      implements Write {
    public Entry {
      tags = List.copyOf(tags);
    }
  }

  /** How many lines of a leaf are in each phase. */
  record Leaf(String kind, String list, long branch, long leaf, Map<Integer, Long> counts)
      implements Write {
    public Leaf {
      counts = Map.copyOf(counts);
    }
  }

  /** The same of all leaves of a branch, and how many these are. */
  record Branch(String kind, String list, long branch, int leaves, Map<Integer, Long> counts)
      implements Write {
    public Branch {
      counts = Map.copyOf(counts);
    }
  }

  /** A line of a short list whose lines never change. */
  record Few(String kind, String list, long seq, String id) implements Write {}

  /** A line of a list by name. */
  record Name(String kind, String list, String id, int phase, List<String> tags) implements Write {
    public Name {
      tags = List.copyOf(tags);
    }
  }
}
