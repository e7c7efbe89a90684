package dev.ahjo.persistence.status;

import dev.ahjo.persistence.status.StatusRows.Node;
import dev.ahjo.persistence.status.Write.Spot;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Lists in Cassandra as their one writer sees them: newest first, of any length, and read by state
 * and result without passing over what is not wanted.
 *
 * <p>A list is a tree of three floors. Its lines stand in leaves of {@link #LEAF}, the leaves in
 * branches of {@link #BRANCH}, the branches in one partition; so 100 million lines make 400 rows
 * there. Leaf and branch know how many of their lines are in which phase. A line that changes its
 * phase stays where it is: nothing is deleted, two counters move. So readers skip whole branches
 * and leaves in which there is nothing for them, and never meet a tombstone.
 *
 * <p>A leaf and a branch are named by the first {@code seq} that may stand in them.
 */
final class Counted {
  /** Lines of a leaf: one partition. */
  static final int LEAF = 500;

  /** Leaves of a branch: one partition. */
  static final int BRANCH = 500;

  /** The phase of a line that has left its list. */
  static final int GONE = -1;

  /** Nodes that stay in memory when nothing about them is unwritten. */
  private static final int KEPT = 20_000;

  private final StatusRows rows;
  private final String kind;
  private final LinkedHashMap<Spot, Counts> nodes = new LinkedHashMap<>(64, 0.75f, true);
  private final Map<String, Spot> newest = new HashMap<>();
  private final Set<Spot> changed = new LinkedHashSet<>();

  private static final long NO_LEAF = -1;

  /** What is counted of a leaf or branch. */
  private static final class Counts {
    private final Map<Integer, Long> lines;
    private int leaves;

    Counts(Map<Integer, Long> lines, int leaves) {
      this.lines = new HashMap<>(lines);
      this.leaves = leaves;
    }

    long total() {
      return lines.values().stream().mapToLong(Long::longValue).sum();
    }

    void move(@Nullable Integer from, int to) {
      if (from != null) {
        lines.computeIfPresent(from, (_, n) -> n == 1 ? null : n - 1);
      }
      lines.merge(to, 1L, Long::sum);
    }
  }

  Counted(StatusRows rows, String kind) {
    this.rows = rows;
    this.kind = kind;
  }

  /** Finds the place of a new line. */
  Spot add(String list, long seq, int phase) {
    Spot spot = newest.computeIfAbsent(list, _ -> last(list, Long.MAX_VALUE));
    if (seq < spot.leaf()) {
      // A line that comes from another list is older than what is here.
      spot = last(list, seq + 1);
    } else if (counts(spot).total() >= LEAF) {
      boolean full = counts(branch(spot)).leaves >= BRANCH;
      spot = new Spot(list, full ? seq : spot.branch(), seq);
      newest.put(list, spot);
      nodes.put(spot, new Counts(Map.of(), 1));
      if (full) {
        nodes.put(branch(spot), new Counts(Map.of(), 0));
      }
      counts(branch(spot)).leaves++;
    }
    count(spot, null, phase);
    return spot;
  }

  /** Counts a line that is there in another phase. */
  void move(Spot spot, int from, int to) {
    count(spot, from, to);
  }

  private void count(Spot leaf, @Nullable Integer from, int to) {
    for (Spot node : List.of(leaf, branch(leaf))) {
      counts(node).move(from, to);
      changed.add(node);
    }
  }

  /** The last leaf that begins before {@code seq}; every list has one that begins at 0. */
  private Spot last(String list, long before) {
    List<Node> branches = Answers.of(rows.branches(kind, list, before));
    if (branches.isEmpty()) {
      var first = new Spot(list, 0, 0);
      nodes.putIfAbsent(first, new Counts(Map.of(), 1));
      nodes.putIfAbsent(branch(first), new Counts(Map.of(), 1));
      return first;
    }
    long branch = branches.getFirst().first();
    List<Node> leaves = Answers.of(rows.leaves(kind, list, branch, before));
    return new Spot(list, branch, leaves.getFirst().first());
  }

  private static Spot branch(Spot leaf) {
    return new Spot(leaf.list(), leaf.branch(), NO_LEAF);
  }

  private Counts counts(Spot node) {
    Counts known = nodes.get(node);
    if (known != null) {
      return known;
    }
    Counts read = read(node);
    nodes.put(node, read);
    return read;
  }

  private Counts read(Spot node) {
    long first = node.leaf() == NO_LEAF ? node.branch() : node.leaf();
    List<Node> found =
        Answers.of(
            node.leaf() == NO_LEAF
                ? rows.branches(kind, node.list(), first + 1)
                : rows.leaves(kind, node.list(), node.branch(), first + 1));
    if (found.isEmpty() || found.getFirst().first() != first) {
      throw new IllegalStateException(
          "The list '%s' of the %ss has no counts at %d".formatted(node.list(), kind, first));
    }
    return new Counts(found.getFirst().counts(), found.getFirst().leaves());
  }

  /** What has changed since {@link #written}. */
  List<Write> writes() {
    List<Write> writes = new ArrayList<>();
    for (Spot node : changed) {
      Counts counts = counts(node);
      writes.add(
          node.leaf() == NO_LEAF
              ? new Write.Branch(kind, node.list(), node.branch(), counts.leaves, counts.lines)
              : new Write.Leaf(kind, node.list(), node.branch(), node.leaf(), counts.lines));
    }
    return writes;
  }

  /** All of it is written: what was not used for long may go. */
  void written() {
    changed.clear();
    var oldest = nodes.entrySet().iterator();
    for (int i = nodes.size(); i > KEPT; i--) {
      oldest.next();
      oldest.remove();
    }
    if (newest.size() > KEPT) {
      newest.clear();
    }
  }

  /** Forgets what is not written, and all else. */
  void forget() {
    changed.clear();
    nodes.clear();
    newest.clear();
  }
}
