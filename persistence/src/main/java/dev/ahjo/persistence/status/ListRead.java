package dev.ahjo.persistence.status;

import dev.ahjo.persistence.status.StatusRows.Line;
import dev.ahjo.persistence.status.StatusRows.Node;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/**
 * Reads one {@link Counted} list from a place on, newest first, and of its branches and leaves only
 * those that have a line in an accepted phase. The counts say how many leaves a page will need;
 * these are asked for side by side.
 */
final class ListRead {
  /** Leaves asked for at once. */
  private static final int SIDE_BY_SIDE = 16;

  private final StatusRows rows;
  private final String kind;
  private final String list;
  private final IntPredicate phases;
  private final long before;
  private final Deque<Node> branches = new ArrayDeque<>();
  private final Deque<Node> leaves = new ArrayDeque<>();
  private final Deque<Line> lines = new ArrayDeque<>();
  private @Nullable CompletionStage<List<Node>> begun;
  private boolean opened;

  /**
   * @param before lines of this place or later ones are not wanted
   */
  ListRead(StatusRows rows, String kind, String list, IntPredicate phases, long before) {
    this.rows = rows;
    this.kind = kind;
    this.list = list;
    this.phases = phases;
    this.before = before;
  }

  /** Asks for the first that it needs to know. */
  CompletionStage<List<Node>> begin() {
    begun = rows.branches(kind, list, before);
    return begun;
  }

  /** The newest that is left, without taking it. */
  @Nullable Line peek(int need) {
    while (lines.isEmpty() && fill(need)) {}
    return lines.peek();
  }

  void take() {
    lines.remove();
  }

  /** Reads on. False at the end. */
  private boolean fill(int need) {
    if (!opened) {
      opened = true;
      branches.addAll(wanted(begun == null ? begin() : begun));
    }
    while (leaves.isEmpty()) {
      Node branch = branches.poll();
      if (branch == null) {
        return false;
      }
      leaves.addAll(wanted(rows.leaves(kind, list, branch.first(), before)));
    }
    List<CompletionStage<List<Line>>> asked = new ArrayList<>();
    long expected = 0;
    while (!leaves.isEmpty() && expected < need && asked.size() < SIDE_BY_SIDE) {
      Node leaf = leaves.remove();
      expected += accepted(leaf.counts());
      asked.add(rows.entries(kind, list, leaf.first(), before));
    }
    for (var leaf : asked) {
      for (Line line : Answers.of(leaf)) {
        if (phases.test(line.phase())) {
          lines.add(line);
        }
      }
    }
    return true;
  }

  private List<Node> wanted(CompletionStage<List<Node>> nodes) {
    return Answers.of(nodes).stream().filter(n -> accepted(n.counts()) > 0).toList();
  }

  private long accepted(Map<Integer, Long> counts) {
    long n = 0;
    for (Map.Entry<Integer, Long> each : counts.entrySet()) {
      if (phases.test(each.getKey())) {
        n += each.getValue();
      }
    }
    return n;
  }
}
