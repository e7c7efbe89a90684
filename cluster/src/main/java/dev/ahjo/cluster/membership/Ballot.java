package dev.ahjo.cluster.membership;

import dev.ahjo.cluster.membership.Seeds.Place;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Who may form the cluster when there is none. A node does so with the votes of more than half of
 * the seeds, and a seed has one vote, which binds it for a while. So of two nodes that know nothing
 * of each other at most one is elected; and who was elected long ago is found to be a member by
 * whoever asks again.
 *
 * <p>Votes are lent, not given: were the elected one to die at once, the others would wait for
 * ever. They are lent for longer than an election may take, by each side's own clock that only goes
 * forward. For the same reason a node that has met a member, and so must not vote for a second
 * cluster, is free again once no member has been heard of for a while. Confined to one thread.
 */
final class Ballot {
  /** How long a node hears whether there are others before it votes for itself. */
  static final Duration LISTENS = Duration.ofMillis(1500);

  /** A vote binds for so long. */
  static final Duration BINDS = Duration.ofSeconds(6);

  /** Votes count in the round that they were asked for in, and a round lasts no longer. */
  static final Duration COUNTS = Duration.ofSeconds(2);

  /**
   * A join that has not succeeded for so long is begun anew, perhaps by another member: one that
   * still knows this node's earlier life only takes that out, and does not answer.
   */
  static final Duration JOINS = Duration.ofSeconds(3);

  /** Who has met a member within so long neither votes nor forms a cluster. */
  static final Duration MET = Duration.ofSeconds(10);

  /** Who has not been heard of for so long is no candidate any more. */
  private static final Duration FORGOTTEN = Duration.ofSeconds(4);

  private final Place self;
  private final int quorum;
  private final long begunAt;
  private final Map<Place, Long> candidates = new HashMap<>();
  private final Set<Place> granted = new HashSet<>();
  private @Nullable Place votedFor;
  private long boundUntil;
  private long round;
  private long askedAt;
  private boolean joining;
  private long joiningSince;
  private long metAt;

  /**
   * @param quorum votes that elect
   * @param now nanoseconds, as everywhere here
   */
  Ballot(Place self, int quorum, long now) {
    this.self = self;
    this.quorum = quorum;
    this.begunAt = now;
  }

  /** Whether this node's vote goes to {@code candidate}, who asks for it. */
  boolean votes(Place candidate, long now) {
    candidates.put(candidate, now);
    candidates.values().removeIf(heard -> now - heard > FORGOTTEN.toNanos());
    if (joining(now)) {
      return false;
    }
    if (votedFor != null && now - boundUntil < 0) {
      return votedFor.equals(candidate);
    }
    if (!new TreeSet<>(candidates.keySet()).first().equals(candidate)) {
      return false;
    }
    votedFor = candidate;
    boundUntil = now + BINDS.toNanos();
    return true;
  }

  /**
   * Begins a round, in which the others are to be asked for their votes.
   *
   * @param candidate whether this node is a seed itself; others never form a cluster
   */
  long ask(boolean candidate, long now) {
    granted.clear();
    askedAt = now;
    if (candidate && now - begunAt >= LISTENS.toNanos() && votes(self, now)) {
      granted.add(self);
    }
    return ++round;
  }

  /** A vote has come for what was asked in {@code ofRound}. */
  void granted(Place voter, long ofRound) {
    if (ofRound == round) {
      granted.add(voter);
    }
  }

  /** Whether this node may form the cluster now. */
  boolean elected(long now) {
    return !joining(now)
        && granted.contains(self)
        && granted.size() >= quorum
        && now - askedAt < COUNTS.toNanos();
  }

  /**
   * A member of a cluster has been heard of, or this node forms one. Answers whether to join now;
   * not so while an earlier join may yet succeed.
   */
  boolean joins(long now) {
    metAt = now;
    if (joining && now - joiningSince <= JOINS.toNanos()) {
      return false;
    }
    joining = true;
    joiningSince = now;
    return true;
  }

  private boolean joining(long now) {
    return joining && now - metAt <= MET.toNanos();
  }

  /** Whom this node has bound itself to, if so. */
  Optional<Place> bound(long now) {
    return now - boundUntil < 0 ? Optional.ofNullable(votedFor) : Optional.empty();
  }
}
