package dev.ahjo.persistence.farm;

import java.time.Duration;
import java.util.Optional;
import org.apache.pekko.cluster.Member;
import org.apache.pekko.cluster.MemberStatus;
import org.apache.pekko.cluster.typed.Cluster;
import org.jspecify.annotations.Nullable;

/** Whether a {@link Post} is this node's to hold, and nobody holds it. */
final class Vacancy {
  /** Longer than a former holder needs to hand it over. */
  static final Duration LONG = Duration.ofSeconds(30);

  private @Nullable Long since;
  private volatile boolean lasting;

  /**
   * Looks.
   *
   * @param ours whether this is the node to hold it
   * @param nanos the time, of {@link System#nanoTime}
   */
  void look(boolean ours, boolean held, long nanos) {
    Long begun = since;
    if (!ours || held) {
      since = null;
      lasting = false;
    } else if (begun == null) {
      since = nanos;
    } else {
      lasting = nanos - begun >= LONG.toNanos();
    }
  }

  /** What is wrong, once it has been for long. */
  Optional<String> problem() {
    return lasting
        ? Optional.of(
            "This node is to write the read tables of the farm, but can't begin to: they stand still;"
                + " see its log")
        : Optional.empty();
  }

  /** Whether a singleton is to be here: it is with the oldest member of its role. */
  static boolean ours(Cluster cluster, String role) {
    Member self = cluster.selfMember();
    if (!counts(self, role)) {
      return false;
    }
    for (Member member : cluster.state().getMembers()) {
      if (!member.equals(self) && counts(member, role) && member.isOlderThan(self)) {
        return false;
      }
    }
    return true;
  }

  private static boolean counts(Member member, String role) {
    return member.hasRole(role)
        && (member.status().equals(MemberStatus.up())
            || member.status().equals(MemberStatus.leaving())
            || member.status().equals(MemberStatus.exiting()));
  }
}
